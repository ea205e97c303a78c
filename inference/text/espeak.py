"""The espeak-ng library: words in, IPA out, nothing lost. Knows no punctuation and no model.

Called directly: 0.18 ms for a sentence and 0.07 ms to change the voice, where phonemizer takes 0.47 ms and one more
copy of the library for each language.
"""

from __future__ import annotations

import ctypes
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import espeakng_loader

from inference.errors import EngineFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

TIE: Final = "^"
"""Joins the letters of one phoneme: `a^ɪ`."""

_SYNCHRONOUS: Final = 2
_DO_NOT_EXIT: Final = 1 << 15
_UTF8: Final = 1
_IPA_WITH_TIES: Final = 1 << 1 | 1 << 7 | ord(TIE) << 8

_CALL_BYTES: Final = 400
_WORD_BYTES: Final = 100
_UNSAFE: Final = re.compile(
    r"(?<!\d)(?<!\w\w)\.|\.(?!\d)(?!\w\w)"  # a full stop but in figures and in names: a.a.a.
    r"|(?<=\b[^\W\d_])-(?=[^\W\d_]\b)"  # a hyphen between single letters: of a-a-a-a it says three
    r"|(?<=[^\x00-\u024f])-(?!\d)|-(?=[^\x00-\u024f])(?!\d)"  # a hyphen beside a letter that is not Latin
)
"""espeak overruns its buffers on a few hundred of the first or the last, and with scripts mixed on fewer. So it gets
none of these, no more than _CALL_BYTES at once, and no word above _WORD_BYTES; callers give it one script at once."""

_LONGEST_CLAUSE: Final = 500
_LONGEST_WORD: Final = 120
"""espeak drops without a word what is beyond 1000 phonemes or 300 words of a clause, and beyond 200 phonemes of a
word. Output this long, in characters, may have been cut; input is then given in halves. Loss was measured from 745
characters of a clause and from 164 of a word."""

_MOST_FOR_A_LETTER: Final = 8
_A_LETTER_BY_ITS_CODE: Final = 14
"""espeak says letters that it does not know by their codes (`letter one two eight four`), 14 to 40 characters each:
4,096 of them would be two hours. Words are 1 to 3 for each letter, figures up to 8, names of letters up to 12."""

_LANGUAGE_SWITCH: Final = re.compile(r"\([^)]*\)")
"""`(en)football(fr)`."""


class Espeak:
    """espeak-ng with its voices. Its state is global: one for a process, living as long as that."""

    def __init__(self) -> None:
        """Load the library.

        Raises:
            EngineFailed: it, or its data, is missing or damaged.
        """
        data = Path(espeakng_loader.get_data_path())
        if not (data / "phontab").is_file():  # espeak would abort the process
            raise EngineFailed(f"espeak-ng has no data in {data}: install espeakng-loader again")
        try:
            library = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError as error:
            raise EngineFailed(
                "the espeak-ng library does not load: install espeakng-loader again"
            ) from error
        if library.espeak_Initialize(_SYNCHRONOUS, 0, str(data).encode(), _DO_NOT_EXIT) <= 0:
            raise EngineFailed(f"espeak-ng does not start with its data in {data}: is the path too long?")
        self._set_voice = library.espeak_SetVoiceByName
        self._set_voice.argtypes = [ctypes.c_char_p]
        self._translate = library.espeak_TextToPhonemes
        self._translate.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
        self._translate.restype = ctypes.c_char_p
        self._voice = ""

    def phonemes(self, words: str, voice: str) -> str:
        """IPA with stress and ties of `words`, which hold no NUL; words are separated by one space.

        Letters that the voice has no sound for are left out where they are more than a few.

        Raises:
            EngineFailed: there is no such espeak voice.
        """
        if voice != self._voice:
            if self._set_voice(voice.encode()) != 0:
                raise EngineFailed(f"espeak-ng has no voice {voice}")
            self._voice = voice
        ipa = self._ipa(words)
        if len(ipa) >= _MOST_FOR_A_LETTER * len(words) + _A_LETTER_BY_ITS_CODE // 2:
            known = {letter for letter in set(words) if self._knows(letter)}
            ipa = self._ipa("".join(letter if letter in known else " " for letter in words))
        return ipa

    def _ipa(self, words: str) -> str:
        ipa = " ".join(map(self._whole, _calls(_UNSAFE.sub(" ", words))))
        return " ".join(_LANGUAGE_SWITCH.sub("", ipa).split())

    def _knows(self, letter: str) -> bool:
        return letter.isascii() or len(self._ipa(letter)) < _A_LETTER_BY_ITS_CODE

    def _whole(self, words: str) -> str:
        clauses = self._clauses(words)
        if len(words) <= 1 or not _may_be_cut(clauses):
            return " ".join(clauses)
        middle = _middle(words)
        return f"{self._whole(words[:middle])} {self._whole(words[middle:])}"

    def _clauses(self, words: str) -> list[str]:
        rest = ctypes.c_char_p(words.encode())
        clauses = []
        while rest.value is not None:
            clause = self._translate(ctypes.byref(rest), _UTF8, _IPA_WITH_TIES)
            clauses.append((clause or b"").decode(errors="ignore"))
        return clauses


def _calls(words: str) -> Iterator[str]:
    """`words` in portions that are safe to give to espeak, cut between words where that is possible."""
    call: list[str] = []
    for word in words.split():
        for part in _parts(word):
            is_repeated = len(part) == 1 and call[-1:] == [part]  # espeak spells a letter three times at most
            if is_repeated or len(" ".join((*call, part)).encode()) > _CALL_BYTES:
                yield " ".join(call)
                call = []
            call.append(part)
    yield " ".join(call)


def _parts(word: str) -> Iterator[str]:
    while word:
        part = word.encode()[:_WORD_BYTES].decode(errors="ignore")
        yield part
        word = word[len(part) :]


def _may_be_cut(clauses: list[str]) -> bool:
    return any(
        len(clause) > _LONGEST_CLAUSE or any(len(word) > _LONGEST_WORD for word in clause.split())
        for clause in clauses
    )


def _middle(words: str) -> int:
    """Where to halve: at the space nearest to the middle on either side, or else in mid-word."""
    half = len(words) // 2
    before, after = words.rfind(" ", 1, half), words.find(" ", half, -1)
    return before if before > 0 else after if after > 0 else half
