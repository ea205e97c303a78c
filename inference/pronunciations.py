"""How words are to be said that no lexicon says right: by whoever runs the gateway, in a file, or asks for speech.

Checks them, and finds those that a text needs. Both sides of the socket know their form: a word or phrase, and what is
said for it, `/phonemes/` or other words. Errors name places, never words: those are somebody's text.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from typing import TYPE_CHECKING, Final, TypeAlias

from inference.errors import InvalidPronunciation
from inference.vocabulary import phoneme_letters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Pronunciation: TypeAlias = tuple[str, str]
"""A word or phrase, and what is said for it."""

LONGEST_WORD: Final = 100
LONGEST_SAID: Final = 200
_MOST_ENTRIES: Final = 10_000
_MOST_BYTES: Final = 1 << 20
"""Of a file. 10,000 entries take 18 ms to check, and 2 MB."""

_TOKEN: Final = re.compile(r"\w+")
_BEGINNING: Final = 2
"""Letters by which a word without spaces is found: to look for each of 10,000 in a long text took 0.28 s."""

FIRST_UNSPACED: Final = "\u0e00"
"""From Thai on, most scripts write no spaces between words."""


class Pronunciations:
    """Words with what is said for them. Lives as long as a request, or until the file is read again."""

    def __init__(self, entries: Iterable[Pronunciation] = (), others: Pronunciations | None = None) -> None:
        """Check the entries, which count before the `others`.

        Raises:
            InvalidPronunciation: one of them cannot be used; it says which and why.
        """
        self._letters = phoneme_letters()
        self._others = others
        self._by_token: dict[str, list[Pronunciation]] = {}
        self._by_letters: dict[str, list[Pronunciation]] = {}
        """By how they begin, those that may stand among letters."""

        self._count = 0
        for self._count, (word, said) in enumerate(entries, 1):
            self._check(word, said, self._count)
            self._add(" ".join(word.split()), said)

    def __len__(self) -> int:
        return self._count

    def found_in(self, text: str) -> tuple[Pronunciation, ...]:
        """The entries whose words may be in `text`, in order of the words."""
        others = () if self._others is None else self._others.found_in(text)
        if not self._count:
            return others
        folded = _folded(text)
        tokens = set(_TOKEN.findall(folded))
        spaced = (entry for token in tokens for entry in self._by_token.get(token, ()))
        found = {*spaced, *self._among_letters(folded)}
        words = {_folded(word) for word, _ in found}
        return tuple(sorted({*found, *(entry for entry in others if _folded(entry[0]) not in words)}))

    def _among_letters(self, folded: str) -> Iterator[Pronunciation]:
        """Those that stand in a text without spaces, or are signs."""
        if not self._by_letters:
            return
        begins = {folded[at : at + _BEGINNING] for at in range(len(folded))} | set(folded)
        for begin in begins & self._by_letters.keys():
            yield from (entry for entry in self._by_letters[begin] if _folded(entry[0]) in folded)

    def _add(self, word: str, said: str) -> None:
        tokens = _TOKEN.findall(_folded(word))
        if not tokens or max(word) >= FIRST_UNSPACED:
            self._by_letters.setdefault(_folded(word)[:_BEGINNING], []).append((word, said))
        else:
            self._by_token.setdefault(tokens[0], []).append((word, said))

    def _check(self, word: str, said: str, number: int) -> None:
        if not word.strip():
            raise InvalidPronunciation(number, "there is no word")
        if len(word) > LONGEST_WORD:
            raise InvalidPronunciation(number, f"its word has more than {LONGEST_WORD} characters")
        if not said:
            raise InvalidPronunciation(number, "nothing is said for its word")
        if len(said) > LONGEST_SAID:
            raise InvalidPronunciation(number, f"what is said has more than {LONGEST_SAID} characters")
        if said.startswith("/"):
            self._check_phonemes(said, number)

    def _check_phonemes(self, said: str, number: int) -> None:
        if len(said) < len("/a/") or not said.endswith("/"):
            raise InvalidPronunciation(number, "its phonemes do not stand between two slashes")
        unknown = next((letter for letter in said[1:-1] if letter not in self._letters), None)
        if unknown:
            raise InvalidPronunciation(number, f"{unknown!r} is no phoneme that Kokoro knows")


def _folded(text: str) -> str:
    """As words are compared: without case, and accents written in one way."""
    return unicodedata.normalize("NFC", text.casefold())


def read_file(path: Path) -> Pronunciations:
    """The entries of a file: TOML, or lines of `word = what is said`, with or without quotation marks, and comments.

    Raises:
        InvalidPronunciation: it cannot be read or used; it says what is wrong, and where.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        if len(text) > _MOST_BYTES:
            raise InvalidPronunciation(0, f"it is larger than {_MOST_BYTES} bytes")
        entries = list(_toml(text) if path.suffix == ".toml" else _lines(text))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidPronunciation(0, f"it cannot be read: {error}") from error
    if len(entries) > _MOST_ENTRIES:
        raise InvalidPronunciation(0, f"it has more than {_MOST_ENTRIES} entries")
    return Pronunciations(entries)


def _toml(text: str) -> Iterator[Pronunciation]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = str(error).rpartition("(at ")[2].rstrip(")")  # what stands before it may quote a word
        raise InvalidPronunciation(0, f"it is no TOML at {place}") from None
    for number, (word, said) in enumerate(table.items(), 1):
        if not isinstance(said, str):
            raise InvalidPronunciation(number, "what is said is no text; quote a word that has a full stop")
        yield word, said


def _lines(text: str) -> Iterator[Pronunciation]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        word, sign, said = line.partition("=")
        if not sign:
            raise InvalidPronunciation(0, f"line {number} is not `word = what is said`")
        yield _unquoted(word), _unquoted(said.partition(" #")[0])


def _unquoted(written: str) -> str:
    written = written.strip()
    is_quoted = written[:1] in {'"', "'"} and written[-1:] == written[:1]
    return written[1:-1] if is_quoted else written
