"""espeak's IPA to the letters that Kokoro was trained on, which are misaki's. Knows no text.

Measured on 24 sentences with the int8 model, espeak's own letters against these: see `kokoro_letters`.
"""

from __future__ import annotations

import re
from typing import Final

_ENGLISH: Final = {
    "a^ɪ": "I",
    "a^ʊ": "W",
    "d^ʒ": "ʤ",
    "e^ɪ": "A",
    "e": "A",
    "t^ʃ": "ʧ",
    "ɔ^ɪ": "Y",
    "ə^l": "ᵊl",
    "ɚ": "əɹ",
    "ɚɹ": "əɹ",
    "ɚ^ɹ": "əɹ",
    "ɐ": "ə",
    "r": "ɹ",
    "x": "k",
    "ç": "k",
    "ɬ": "l",
    "ɾ": "T",
    "ʔ": "t",
    "ʲ": "",
    "ʲo": "jo",
    "ʲə": "jə",
    "\u0303": "",
    "^": "",
}
_AMERICAN: Final = _ENGLISH | {
    "o^ʊ": "O",
    "o": "ɔ",
    "ɜː": "ɜɹ",
    "ɜːɹ": "ɜɹ",
    "ɪə": "iə",
    "ɪ^ə": "iə",
    "ː": "",
}
_BRITISH: Final = _ENGLISH | {"ə^ʊ": "Q", "o": "ɔ", "e^ə": "ɛː", "iə": "ɪə", "i^ə": "ɪə"}
_OTHER: Final = {
    "a^ɪ": "I",
    "a^ʊ": "W",
    "d^z": "ʣ",
    "d^ʒ": "ʤ",
    "e^ɪ": "A",
    "o^ʊ": "O",
    "ə^ʊ": "Q",
    "s^s": "S",
    "t^s": "ʦ",
    "t^ɕ": "ʨ",
    "t^ʃ": "ʧ",
    "ɔ^ɪ": "Y",
    "^": "",
    "ħ": "h",
    "ʕ": "ʔ",
    "ɫ": "l",
    "ɭ": "l",
    "ʐ": "ʒ",
    "ʑ": "ʒ",
    "ɵ": "ə",
    "ʉ": "u",
    "ʏ": "y",
    "ʀ": "ʁ",
    "ɱ": "m",
}
_ARTICLE: Final = re.compile(r"(?<!\S)ɐ(?!\S)")
_SYLLABIC: Final = re.compile("(\\S)\u0329")


def _pattern(letters: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(letters, key=len, reverse=True))))


_PATTERNS: Final = {
    "en-us": (_pattern(_AMERICAN), _AMERICAN),
    "en": (_pattern(_BRITISH), _BRITISH),
    "": (_pattern(_OTHER), _OTHER),
}


def kokoro_letters(ipa: str, voice: str) -> str:
    """Phonemes of an espeak voice in the model's letters; those it does not have are left as they are."""
    pattern, letters = _PATTERNS.get(voice, _PATTERNS[""])
    if letters is _OTHER:
        return pattern.sub(lambda match: letters[match[0]], ipa)
    pieces = _ARTICLE.split(_SYLLABIC.sub(r"ᵊ\1", ipa))  # the article alone keeps its ɐ
    return "ɐ".join(pattern.sub(lambda match: letters[match[0]], piece) for piece in pieces)
