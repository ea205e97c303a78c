"""Roman numerals. Knows no language: whether they are one is for others."""

from __future__ import annotations

from typing import Final

_VALUES: Final = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}

NUMERAL: Final = (
    r"(?: (?=[IVXLCDM]+(?![A-ZÀ-Þ]))"
    r"M{0,3} (?:CM|CD|D?C{0,3}) (?:XC|XL|L?X{0,3}) (?:IX|IV|V?I{0,3}) (?<=[IVXLCDM]) )"
)
"""A verbose pattern; what may follow it is for whoever uses it."""


def value(numeral: str) -> int:
    """`XIV` as 14."""
    values = [_VALUES[letter] for letter in numeral]
    return sum(-v if v < after else v for v, after in zip(values, [*values[1:], 0], strict=True))
