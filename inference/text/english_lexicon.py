"""English words with their endings, out of the lexicon: its two halves, -s, -ed and -ing, capitals, accents.

Knows no sentence. Endings are misaki's: the model was trained on what it wrote.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from inference.text.lexicon import Lexicon

_FLAPPING: Final = frozenset("AIOWYiuæɑəɛɪɹʊʌ")
"""Sounds after which an American t becomes a flap."""

_LEAST_STEM: Final = 2
"""Letters that are left of a word without its ending."""


class EnglishLexicon:
    """The words of one accent. Lives as long as its worker process."""

    def __init__(self, *, is_british: bool) -> None:
        """Map the lexicon of the accent.

        Raises:
            EngineFailed: misaki, which brings the lexicon, is not installed.
        """
        self._is_british = is_british
        accent = "gb" if is_british else "us"
        self._halves: Final = (Lexicon(f"{accent}_gold"), Lexicon(f"{accent}_silver"))

    def phonemes(self, word: str, part_of_speech: str = "", *, is_last: bool = False) -> str:
        """The phonemes of a word in any spelling; empty if it is unknown. `is_last`: a mark follows it."""
        for spelling in dict.fromkeys((word, word.lower(), word.capitalize(), _without_accents(word))):
            sounds = self._entry(spelling, part_of_speech, is_last=is_last)
            if sounds := sounds or self._inflected(spelling, part_of_speech):
                return sounds
        return ""

    def letter(self, letter: str) -> str:
        """The name of a letter of the English alphabet; empty for any other character."""
        return self._entry(letter.upper())

    def is_common(self, word: str) -> bool:
        """True for what the better half of the lexicon knows in this spelling, and says in one way."""
        return isinstance(self._halves[0].get(word), str)

    def is_known(self, word: str) -> bool:
        """True for what the better half of the lexicon knows in this spelling."""
        return self._halves[0].get(word) is not None

    def with_s(self, stem: str) -> str:
        """The phonemes of a plural or of an owner."""
        if stem[-1:] in "ptkfθ":
            return f"{stem}s"
        if stem[-1:] in "szʃʒʧʤ":
            return f"{stem}{'ɪ' if self._is_british else 'ᵻ'}z"
        return f"{stem}z"

    def _entry(self, word: str, part_of_speech: str = "", *, is_last: bool = False) -> str:
        for half in self._halves:
            entry = half.get(word)
            if isinstance(entry, dict):
                last = entry.get("None") if is_last else None
                entry = last or entry.get(part_of_speech) or entry["DEFAULT"]
            if entry:
                return entry
        return ""

    def _inflected(self, word: str, part_of_speech: str) -> str:
        """A word of the lexicon with an ending."""
        if word.endswith("'"):
            return self.phonemes(word[:-1], part_of_speech) if len(word) > _LEAST_STEM else ""
        if word.endswith("s") and not word.endswith("ss"):
            return self.with_s(stem) if (stem := self._stem(word, "s", part_of_speech)) else ""
        if word.endswith("d"):
            return self._with_ed(stem) if (stem := self._stem(word, "ed", part_of_speech or "VERB")) else ""
        if word.endswith("ing"):
            return self._with_ing(stem) if (stem := self._stem(word, "ing", part_of_speech or "VERB")) else ""
        return ""

    def _stem(self, word: str, ending: str, part_of_speech: str) -> str:
        """The phonemes of a word without its ending."""
        for stem in _stems(word, ending):
            if len(stem) >= _LEAST_STEM and (sounds := self._entry(stem, part_of_speech)):
                return sounds
        return ""

    def _with_ed(self, stem: str) -> str:
        if stem[-1] in "pkfθʃsʧ":
            return f"{stem}t"
        if stem[-1] == "d":
            return f"{stem}{'ɪ' if self._is_british else 'ᵻ'}d"
        if stem[-1] != "t":
            return f"{stem}d"
        if self._is_british:
            return f"{stem}ɪd"
        return f"{stem[:-1]}ɾᵻd" if stem[-2:-1] in _FLAPPING else f"{stem}ᵻd"

    def _with_ing(self, stem: str) -> str:
        if self._is_british and stem[-1] in "əː":
            return f"{stem}ɹɪŋ"
        if not self._is_british and stem[-1] == "t" and stem[-2:-1] in _FLAPPING:
            return f"{stem[:-1]}ɾɪŋ"
        return f"{stem}ɪŋ"


def _without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)).lower()


def _stems(word: str, ending: str) -> tuple[str, ...]:
    """What a word may be without its ending, the likeliest first."""
    if ending == "s":
        stem = f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("es")
        return (word[:-1], word.removesuffix("'s"), stem)
    stem = word.removesuffix(ending)
    doubled = stem[:-1] if stem[-1:] == stem[-2:-1] else ""
    with_y = f"{stem[:-1]}y" if stem.endswith("i") else ""
    if ending == "ed":
        return (word[:-1], stem, doubled, with_y) if word.endswith("ed") else ()
    return (f"{stem}e", stem, doubled)
