"""Sums of money, in languages other than English: `€20` as twenty euros.

Knows no language and no other figures.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from inference.text.phrases import filled
from inference.text.rules import any_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from inference.text.rules import Said

_DASH: Final = r"\s?[–-]\s?"
MILLIONS: Final = re.compile(r"[1-9]\d{0,2}0{6}|[1-9]\d{0,2}0{9}")
"""Numbers between which and their noun most languages put a word: `un millón de euros`."""


class MoneyBook:
    """The words for sums of one language. Lives as long as its rules."""

    def __init__(
        self, book: dict[str, Any], *, letters: str, number: str, plain: Callable[[str], str]
    ) -> None:
        """`number` is a pattern of one, `plain` takes the marks away that group its figures."""
        self._book: Final = book
        self._letters: Final = letters
        self._number: Final = number
        self._plain: Final = plain
        self._decimal: Final[str] = book["decimal"]
        self._currencies: Final[dict[str, list[str]]] = book.get("currencies", {})
        self._multiple: Final = any_of(book.get("multiples", "").split())
        self._sum: Final = rf"(?:\d{{1,3}}(?:,\d{{3}})++(?:\.\d\d)?(?![.,]?\d)|\d+\.\d\d(?![.,]?\d)|{number})"
        """A number, or one written as in English: sums in dollars are."""

    def kinds(self) -> dict[str, tuple[str, Said]]:
        """The rules, by their names."""
        signs = any_of(self._currencies)
        w = self._letters
        return {
            "sum with its code": (
                rf"\$\s?({self._sum})\s?(?=(?:{any_of(sign for sign in self._currencies if sign.isalpha())})\b)",
                self._without_sign,
            ),
            "money from and to": (
                rf"({signs})\s?(\d+(?:[.,]\d{{1,2}})?){_DASH}(\d+(?:[.,]\d{{1,2}})?)(\s?{self._multiple})?(?![{w}]|[.,]\d)",
                rf"\2 {self._book.get('range', '')} \3\4 \1",
            ),
            "money": (
                rf"({signs})\s?(?P<number>{self._sum})(?P<multiple>(?:\s?{self._multiple}){{1,2}})?"
                rf"(?:{any_of(unit[1] for unit in self._currencies.values())})?",
                self._money,
            ),
            "money, sign last": (
                rf"(?<![{w}.,])(?P<number>{self._number})(?P<multiple>\s{self._multiple})?\s?({signs})(?![{w}])",
                self._money,
            ),
            "sign of a sum": (
                rf"(?<=\s)({signs})(?![{w}])",
                lambda match: self._currencies[match[1]][1],
            ),
        }

    def _money(self, match: re.Match[str]) -> str:
        sign = next(group for group in match.groups() if group in self._currencies)
        one, many, *hundredth = self._currencies[sign]
        if match["multiple"]:
            return filled(
                self._book,
                "money",
                n=match["number"] + match["multiple"],
                unit=self._of(many, match["multiple"]),
            )
        whole, cents = self._split(match["number"], is_english="$" in sign and sign != "R$")
        unit = one if whole == "1" else many
        if MILLIONS.fullmatch(whole) and not cents.strip("0"):
            unit = self._of(unit, "")
        if not cents or not int(cents) or "cents" not in self._book:
            return filled(
                self._book,
                "money",
                n=f"{whole}{self._decimal + cents.rstrip('0') if cents.strip('0') else ''}",
                unit=unit,
            )
        if whole == "0" and int(cents) > 1:
            return f"{int(cents)} {hundredth[0]}"
        return filled(self._book, "cents", n=whole, unit=unit, cents=str(int(cents)), hundredths=hundredth[0])

    def _without_sign(self, match: re.Match[str]) -> str:
        """`$1,250.50 MXN` as pesos are written: its code says more than the sign."""
        whole, cents = self._split(match[1], is_english=True)
        return f"{whole}{self._decimal}{cents} " if cents else f"{whole} "

    def _of(self, unit: str, multiple: str) -> str:
        """After millions, not after thousands: `3 millones de euros`, `3 mil euros`; `d'euros`, `de dollars`."""
        if multiple.strip() == self._book.get("thousand"):
            return unit
        of: str = self._book.get("of", "")
        if of.endswith("'"):
            return f"{of}{unit}" if unit[0] in "aeiou" else f"{of[:-1]}e {unit}"
        return f"{of} {unit}".strip()

    def _split(self, number: str, *, is_english: bool) -> tuple[str, str]:
        """A sum as whole units and hundredths, written with the decimal mark of this language or of another."""
        sum_of = re.fullmatch(r"(.*\d)[.,](\d\d)", number)
        if sum_of is None:
            is_grouped = is_english and re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+", number)
            return number.replace(",", "") if is_grouped else self._plain(number), ""
        return re.sub(r"\D", "", sum_of[1]), sum_of[2]
