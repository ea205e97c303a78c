"""Whole numbers in words, in languages other than English. Knows no decimal points: figures only.

By num2words where it has the language, by a list of the first hundred where the phrase book has one.
"""

from __future__ import annotations

import re
from typing import Any, Final

_HUNDRED: Final = 100


def number_in_words(figures: str, book: dict[str, Any]) -> str:
    """`1500` as `mil quinientos`; as it is where the book says neither way, and figure by figure when it is very long.

    `book` has `num2words`, that library's name of the language, or `hundred`, the words from 0 to 99, and `groups`.
    """
    if len(figures) > book.get("most_figures", 12) or (figures[0] == "0" and len(figures) > 1):
        return " ".join(number_in_words(figure, book) for figure in figures)
    if "num2words" in book:
        from num2words import num2words  # noqa: PLC0415 - 3 MB, for the languages that use it

        said: str = num2words(int(figures), lang=book["num2words"])
        return _shortened(said.replace(",", ""), book)
    return _by_groups(int(figures), book) if "hundred" in book else figures


def ordinal_in_words(figures: str, book: dict[str, Any]) -> str:
    """`89` as `quatre-vingt-neuvième`, where num2words has the language; as it is elsewhere."""
    if "num2words" not in book or len(figures) > book.get("most_figures", 12):
        return figures
    from num2words import num2words  # noqa: PLC0415 - 3 MB, for the languages that use it

    said: str = num2words(int(figures), lang=book["num2words"], to="ordinal")
    return said


def _shortened(said: str, book: dict[str, Any]) -> str:
    """With one as it is before thousands, which num2words leaves out: `veintiún mil`."""
    for written, shorter in book.get("before_thousands", {}).items():
        said = re.sub(written, shorter, said)
    return said


def _by_groups(number: int, book: dict[str, Any]) -> str:
    """In groups as Indian languages count: hundreds, thousands, lakhs, crores."""
    small: list[str] = book["hundred"].split()
    if number < _HUNDRED:
        return small[number]
    size, name = next((int(size), name) for size, name in book["groups"].items() if number >= int(size))
    many, rest = divmod(number, size)
    return f"{_by_groups(many, book)} {name} {_by_groups(rest, book) if rest else ''}".strip()
