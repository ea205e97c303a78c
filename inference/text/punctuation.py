"""The marks that the model knows: which of a text are marks, and which of them are spoken. Knows no words."""

from __future__ import annotations

import re
from typing import Final

_MARK_OF: Final = str.maketrans(
    {
        **dict.fromkeys("。．｡।॥۔", ". "),
        **dict.fromkeys("、，､،", ", "),
        **dict.fromkeys("！﹗", "! "),
        **dict.fromkeys("？؟﹖⁇", "? "),
        **dict.fromkeys("；؛", "; "),
        **dict.fromkeys("：", ": "),
        **dict.fromkeys("«„‟「『《〈【", " “"),
        **dict.fromkeys("»」』》〉】", "” "),
        **dict.fromkeys("（", " ("),
        **dict.fromkeys("）", ") "),
        **dict.fromkeys("¿¡", " "),
        "―": "—",
        "_": " ",
    }
)
_OPENING_QUOTE: Final = re.compile(r"(?<![^\s(“—-])\"(?=\S)")
_DASH: Final = re.compile(r"(?<=\s)[–-]{1,2}(?=\s)|--+")
_DOTS: Final = re.compile(r"\.{2,}")
_MARK: Final = r"(?:[!?;…—“”()]|\.(?!\w)|(?<!\w)\.(?!\d)|[,:](?!\d)|(?<!\d)[,:])"
_MARKS: Final = re.compile(rf"{_MARK}(?:\s*+{_MARK})*+")
"""Marks with the spaces between them; not those inside `3.14`, `1,000`, `9:30` and `example.com`."""


def canonical_marks(text: str) -> str:
    """`text` with the marks that the model knows in place of all others."""
    text = _OPENING_QUOTE.sub("“", text.translate(_MARK_OF)).replace('"', "”")
    return _DOTS.sub("…", _DASH.sub("—", text))


def pieces(text: str) -> list[tuple[str, str]]:
    """Words, each piece with the marks that follow it; the first piece has no words if the text begins with marks."""
    found = []
    start = 0
    for marks in _MARKS.finditer(text):
        found.append((text[start : marks.start()], marks[0]))
        start = marks.end()
    return [*found, (text[start:], "")]


def joined(said: list[tuple[str, str]]) -> str:
    """Phonemes and the marks after them as one string, without marks that stand beside nothing spoken."""
    phonemes, marks = "", ""
    for sound, after in said:
        if sound:
            phonemes += (_between(marks) if phonemes else _opening(marks)) + sound
            marks = ""
        marks += after
    return phonemes + _closing(marks) if phonemes else ""


def _closing(marks: str) -> str:
    """Those of `marks` that belong to the words before them, without repetition; a full stop outweighs a comma."""
    ending = "".join(marks.rstrip("“( \t\n").split())
    if any(mark in ending for mark in ".!?…"):
        ending = re.sub("[,;:—]", "", ending)
    return re.sub(r"(.)\1+", r"\1", re.sub(r"[,;:—]{2,}", lambda match: match[0][-1], ending))


def _opening(marks: str) -> str:
    return "".join(mark for mark in marks[len(marks.rstrip("“( \t\n")) :] if mark in "“(")


def _between(marks: str) -> str:
    return f"{_closing(marks)} {_opening(marks)}"
