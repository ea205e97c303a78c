"""English numbers in words. Knows figures only: what they count is for others."""

from __future__ import annotations

from typing import Final

_SMALL: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS: Final = ["_", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_GROUPS: Final = ("", " thousand", " million", " billion", " trillion")

MOST_FIGURES: Final = 15
"""Longer numbers are read figure by figure: nobody follows quadrillions."""

_ORDINALS: Final = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_DENOMINATORS: Final = {2: ("half", "halves"), 4: ("quarter", "quarters")}


def cardinal(figures: str) -> str:
    """`1204` as `one thousand two hundred four`; with a leading zero, or very long, figure by figure."""
    if len(figures) > MOST_FIGURES or (figures[0] == "0" and len(figures) > 1):
        return one_by_one(figures)
    number, words = int(figures), ""
    for group in _GROUPS:
        number, low = divmod(number, 1000)
        if low:
            words = f"{_hundreds(low)}{group} {words}"
    return words.strip() or "zero"


def _hundreds(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = f"{_SMALL[hundreds]} hundred " if hundreds else ""
    return (words + (_tens(rest) if rest else "")).strip()


def _tens(number: int) -> str:
    if number < len(_SMALL):
        return _SMALL[number]
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens]} {_SMALL[ones]}" if ones else _TENS[tens]


def ordinal(figures: str) -> str:
    """`21` as `twenty first`."""
    first, _, last = cardinal(figures).rpartition(" ")
    regular = f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"
    return f"{first} {_ORDINALS.get(last, regular)}".strip()


def decimal(whole: str, fraction: str) -> str:
    """`3` and `14` as `three point one four`."""
    return f"{cardinal(whole or '0')} point {one_by_one(fraction, zero='zero')}"


def one_by_one(figures: str, zero: str = "zero") -> str:
    """`911` as `nine one one`."""
    return " ".join(zero if figure == "0" else _SMALL[int(figure)] for figure in figures)


def year(figures: str) -> str:
    """`1905` as `nineteen oh five`, `2003` as `two thousand three`, `800` as `eight hundred`."""
    if len(figures) != 4 or figures[1:3] == "00":  # noqa: PLR2004 - the years since 1000
        return cardinal(figures)
    return in_pairs(figures)


def in_pairs(figures: str) -> str:
    """`1905` as `nineteen oh five`, `1900` as `nineteen hundred`, `192` as `one ninety two`."""
    century, rest = figures[:-2], figures[-2:]
    if not century:
        return cardinal(figures)
    if rest == "00":
        return f"{cardinal(century)} hundred"
    low = f"oh {_SMALL[int(rest[1])]}" if rest[0] == "0" else _tens(int(rest))
    return f"{cardinal(century)} {low}"


def decade(figures: str) -> str:
    """`90` as `nineties`, `1990` as `nineteen nineties`, `1800` as `eighteen hundreds`."""
    words = in_pairs(figures) if len(figures) > 2 and figures[1:] != "000" else cardinal(figures)  # noqa: PLR2004
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"


def fraction(numerator: str, denominator: str) -> str:
    """`1/2` as `one half`, `3/4` as `three quarters`, `7/16` as `seven sixteenths`."""
    one, many = _DENOMINATORS.get(int(denominator)) or (ordinal(denominator), f"{ordinal(denominator)}s")
    return f"{cardinal(numerator)} {one if int(numerator) == 1 else many}"
