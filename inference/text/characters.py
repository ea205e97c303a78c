"""Characters that nobody hears, and those that only look like others. Knows no words.

Works on one sentence; letters, figures and marks are kept, whatever their script.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

HEARTS: Final = "❤♥♡💙💚💛💜🖤🤍🤎🧡🩷🩵🩶"
_MAY_BE_SPOKEN: Final = f"{HEARTS}★☆⭐♭♯♩"
"""Left in by `plain_characters`. `without_emoji` takes them out."""

_VOICED_PLANE: Final = 0xF0000
VOICED: Final = "\U000f0000-\U000fffff"
"""The private plane in which phonemes stand among words, as a range: no rule takes them for letters."""

RAISED: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")
LOWERED: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
"""What small raised and lowered characters stand for."""

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
"""With espeak's own: NUL ends its text, \\x01 begins a command to it."""

_NO_CHARACTER: Final = re.compile(f"[{VOICED}\ud800-\udfff]")

_LOOKS_LIKE: Final = str.maketrans(
    {
        **dict.fromkeys("’‘ʼʻ′＇`´", "'"),
        **dict.fromkeys("″＂", '"'),
        **dict.fromkeys("‐‑⁃﹣－˗", "-"),
        **dict.fromkeys("‒﹘", "–"),
        **dict.fromkeys("―⸺⸻─━", "—"),
        "ı": "i",
        "㎡": "m²",
        "㎢": "km²",
        "㎥": "m³",
        "ŉ": "n",
        "ſ": "s",
        "\xad": "",
        "⁄": "/",
        "∕": "/",
        "∗": "*",
        "∼": "~",
        "～": "~",
        **dict(zip("＋＝＆＾＠＄％", "+=&^@$%", strict=True)),
    }
)

_EMOJI: Final = re.compile(
    "["
    "\U0001f000-\U0001faff"  # emoji, flags and skin colours
    "\U000e0000-\U000e0fff"  # tags that follow a flag
    "☀-➿"  # symbols and dingbats
    "⬀-⯿"  # arrows and stars
    "⌚⌛⏏-⏳⏸-⏺"  # clocks and buttons
    "︀-️"  # how the one before is drawn
    "\u20e3"  # the frame of a key
    "]"
)

_COMPATIBLE: Final = re.compile(r"<(?:font|wide|narrow|circle|compat|square|initial|medial|final|isolated)>")
"""Kinds of look-alikes (`Ｈ`, `𝐇`, `ﬁ`, `①`, `㎏`) that espeak would spell out as character codes."""


def voiced(phonemes: str) -> str:
    """Phonemes that may stand in a text in place of a word."""
    return "".join(chr(_VOICED_PLANE + ord(phoneme)) for phoneme in phonemes if ord(phoneme) < _VOICED_PLANE)


def unvoiced(text: str) -> str:
    """The phonemes that `voiced` made of it, with the spaces between them."""
    return "".join(
        character if character.isspace() else chr(ord(character) - _VOICED_PLANE) for character in text
    )


def without_voiced(text: str) -> str:
    """A text as it came, with a space for each character that would pass for a phoneme, and for half an emoji."""
    return text if text.isascii() else _NO_CHARACTER.sub(" ", text)


def without_controls(text: str) -> str:
    """`text` with a space for each control character, line breaks among them."""
    return _CONTROL.sub(" ", text)


def plain_characters(text: str) -> str:
    """`text` in the characters that people mean, without accents of their own and invisible ones."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", _EMOJI.sub(_but_hearts, text.translate(_LOOKS_LIKE)))
    return "".join(map(_plain, text))


def without_emoji(text: str) -> str:
    """`text` without the hearts that `plain_characters` leaves."""
    return text if text.isascii() else _EMOJI.sub(" ", text)


def _but_hearts(match: re.Match[str]) -> str:
    return match[0] if match[0] in _MAY_BE_SPOKEN else "" if match[0] == "\ufe0f" else " "


def _plain(character: str) -> str:
    if character < "\u0180" or character == "ⁿ" or ord(character) >= _VOICED_PLANE:
        return character
    category = unicodedata.category(character)
    if category == "Cf" or "\u02b0" <= character <= "\u036f":
        return ""
    if category[0] == "C":
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return _plain_letter(character)


def _plain_letter(character: str) -> str:
    if _COMPATIBLE.match(unicodedata.decomposition(character)):
        letters = unicodedata.normalize("NFKC", character)
        apart = " " if letters.isdigit() and "CIRCLED" in unicodedata.name(character, "") else ""
        return letters + apart if letters.isalnum() else character
    if "LATIN" in unicodedata.name(character, ""):
        letters = unicodedata.normalize("NFKD", character)
        return "".join(letter for letter in letters if not unicodedata.combining(letter))
    return character
