"""Words that are to be said as somebody has said, put in their place. Knows no lexicon and no files."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from inference.errors import InvalidPronunciation
from inference.languages import BY_CODE
from inference.pronunciations import FIRST_UNSPACED
from inference.text.characters import plain_characters, voiced
from inference.text.ipa_to_kokoro import from_ipa

if TYPE_CHECKING:
    from inference.languages import Language
    from inference.pronunciations import Pronunciation, Pronunciations

_MOST_TIMES: Final = 4
"""As long as is written may be what is said, and ..."""

_MOST_AT_ONCE: Final = 2_000
"""... so many characters more where long phrases stand close together. Without these, 4,096 characters in which each
`a` is said as 200 became 400,000: six hours of sound for one request."""


def pronounced(text: str, entries: tuple[Pronunciation, ...], language: Language) -> str:
    """`text` with other words, or phonemes, for those that have an entry; the longest that fits counts.

    An entry in small letters stands for any case, any other for itself.
    """
    said = {plain: said for word, said in entries if (plain := " ".join(plain_characters(word).split()))}

    def in_place(match: re.Match[str]) -> str:
        word = " ".join(match[0].split())
        instead = said.get(word) or said.get(
            word.lower(), match[0]
        )  # of the letters that match `i`, one is no `i`
        return voiced(from_ipa(instead[1:-1], language.espeak)) if instead[0] == "/" else instead

    return _pattern(tuple(said)).sub(in_place, text) if said else text


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(_word, sorted(words, key=len, reverse=True))))


def _word(word: str) -> str:
    """Whole, unless it begins or ends with a sign, or with a letter of a script that has no spaces."""
    pattern = r"\s+".join(map(re.escape, word.split()))
    pattern = pattern if any(map(str.isupper, word)) else f"(?i:{pattern})"
    before = r"(?<!\w)" if _has_spaces(word[0]) else ""
    after = r"(?!\w)" if _has_spaces(word[-1]) else ""
    return f"{before}{pattern}{after}"


def _has_spaces(letter: str) -> bool:
    return letter.isalnum() and letter < FIRST_UNSPACED


class Growth:
    """What words of one's own add to a text beyond what is usual. Lives as long as a job."""

    def __init__(self, own: Pronunciations, code: str, before: int) -> None:
        """`before`: characters added up to where the job begins; `code` is its language."""
        self._own = own
        self._language = BY_CODE.get(code)
        self.characters = before

    def add(self, sentence: str) -> None:
        """This sentence is to be read.

        Raises:
            InvalidPronunciation: with it, too much was added.
        """
        entries = self._own.found_in(sentence)
        said = pronounced(sentence, entries, self._language) if entries and self._language else sentence
        self.characters = max(self.characters + len(said) - _MOST_TIMES * len(sentence), 0)
        if self.characters > _MOST_AT_ONCE:
            raise InvalidPronunciation(0, f"what is said for words makes a text {_MOST_TIMES} times as long")
