"""Dates and times of day, in languages other than English: by CLDR's names of months and the words of the phrase book.

Knows no language and no amounts.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from inference.text.phrases import filled
from inference.text.roman import NUMERAL, value
from inference.text.rules import any_of

if TYPE_CHECKING:
    from inference.text.rules import Said

YEAR: Final = r"(?:1[5-9]|20)\d\d"
"""What is a year wherever one may be."""


class DateBook:
    """The words for dates and times of one language. Lives as long as its rules."""

    def __init__(self, book: dict[str, Any], *, letters: str) -> None:
        self._book: Final = book
        self._letters: Final = letters

    def first_kinds(self) -> dict[str, tuple[str, Said]]:
        """Rules before those of fractions."""
        w = self._letters
        return {
            "date with full stops": (
                rf"(?:\b((?:{any_of(self._before_dates())})\s)(\d{{1,2}})\.(\d{{1,2}})"
                rf"|(?<![{w}/.-])([0-3]\d)\.(0\d))\.'?(\d\d)(?![{w}/-]|[.,]\d)",
                self._short,
            ),
            "days of a list": (
                rf"\b({self._book.get('before_lists_of_dates', '(?!)')})\s((?:[0-3]?\d/[01]?\d,\s)*[0-3]?\d/[01]?\d)"
                rf"(\s(?:e[t]?|y)\s)([0-3]?\d/[01]?\d)(?![{w}/]|[.,]\d)",
                self._list,
            ),
        }

    def kinds(self) -> dict[str, tuple[str, Said]]:
        """The rules, by their names."""
        w = self._letters
        return {
            "first of a month": (
                r"(?<!\d)1(?:[º°]|er)/(\d{1,2})(?!\d)(/(?=\d))?",
                lambda match: f"1/{match[1]}/" if match[2] else self._named("", 1, int(match[1])) or match[0],
            ),
            "date": (
                rf"(?<![{w}/.-])(\d{{1,2}})([/.-])(\d{{1,2}})\2({YEAR})(?![{w}/-])",
                lambda match: self._date(match, match[4], match[3], match[1]),
            ),
            "date with a Roman month": (
                rf"(?<![{w}/.-])(\d{{1,2}})([/.-])((?=[IVX]){NUMERAL})\2([12]\d{{3}})(?![{w}/-])",
                lambda match: self._date(match, match[4], str(value(match[3])), match[1]),
            ),
            "date without its century": (
                rf"(?<![{w}/.-])(\d{{1,2}})/(\d{{1,2}})/'?(\d\d)(?![{w}/-]|[.,]\d)",
                lambda match: self._date(match, self._year(match[3]), match[2], match[1]),
            ),
            "day and month": (
                rf"\b((?:{any_of(self._before_dates())}|{any_of(self._weekdays())}(?:[-\s]\w{{1,8}})?\.?)\s\(?"
                rf"|{self._book.get('elided_before_dates', '(?!)')})"
                rf"([0-3]?\d)/([01]?\d)(?![{w}/]|[.,]\d)",
                self._day_and_month,
            ),
            "date of ISO": (
                rf"(?<![{w}/.-])({YEAR})[/-](\d{{1,2}})[/-](\d{{1,2}})(?![\d/-])",
                lambda match: self._date(match, match[1], match[2], match[3]),
            ),
            "duration with seconds": (
                rf"(?<![{w}:.,])(\d{{1,3}})\s?h\s?([0-5]?\d)\s?(?:'|min|m)\s?([0-5]?\d)\s?(?:''|\"|s)(?![{w}])",
                lambda match: f"{match[1]} h {int(match[2])} min {int(match[3])} s",
            ),
            "duration": (
                rf"(?<![{w}:.,])(\d{{1,3}})\s?h\s?([0-5]?\d)(?:\s?min(?![{w}])\.?|'(?![{w}'\"]))",
                lambda match: filled(
                    self._book,
                    "duration_of_one" if match[1] == "1" and "duration_of_one" in self._book else "duration",
                    hour=match[1],
                    minute=str(int(match[2])),
                ),
            ),
            "hours with a full stop": (
                rf"(?<![{w}:.,])([01]?\d|2[0-4])\.([0-5]\d)(?:(\s?[–-]\s?|\s[aàeyu]\s|\salle\s)(\d{{1,2}})\.([0-5]\d)"
                rf"(?=\s?hs?(?![{w}])|\s*(?:[,;:!?)]|\.?\s*$))|(?=\s?(?:hs?|horas|ore|uhr)(?![{w}])))",
                self._with_colons,
            ),
            "time with a full stop": (
                rf"\b({any_of(self._book.get('before_times', '').split())}\s?)(\d{{1,2}})\.([0-5]\d)(?![{w}%]|[.,]\d)",
                r"\1\2:\3",
            ),
            "time": (
                rf"(?<![{w}:.,])([01]?\d|2[0-4])(?::|\s?h\s?)([0-5]\d)(?![\d:]){self._after_times()}",
                self._time,
            ),
            "full hour": (rf"(?<![{w}:.,])([01]?\d|2[0-4])\s?h(?![{w}'])", self._time),
        }

    def _before_dates(self) -> set[str]:
        """With a capital, too."""
        words: list[str] = self._book.get("before_dates", "").split()
        return {*words, *(f"{word[0].upper()}{word[1:]}" for word in words)}

    def _weekdays(self) -> set[str]:
        """Short and whole, before a date."""
        days: dict[str, str] = self._book.get("weekdays", {})
        return {*days, *days.values()} if "of_month" in self._book else set()

    def _after_times(self) -> str:
        """What a time may be followed by, and is not said again."""
        return rf"(?:\s?(?:{self._book.get('after_times', 'hs?|min')})(?![{self._letters}]))?"

    def _date(self, match: re.Match[str], year: str, month: str, day: str) -> str:
        from babel.dates import format_date  # noqa: PLC0415 - only where a date is written in figures

        try:
            when = date(int(year), int(month), int(day))
        except ValueError:
            return match[0]
        said = format_date(when, "long", locale=self._book["locale"])
        return re.sub(r"^1(?=\s)", self._book.get("first_day", "1"), said)

    def _day_and_month(self, match: re.Match[str]) -> str:
        return self._named(match[1], int(match[2]), int(match[3])) or match[0]

    def _short(self, match: re.Match[str]) -> str:
        """`3.7.41` is a version where no word before it and no zero make a day of it."""
        day, month = match[2] or match[4], match[3] or match[5]
        said = self._date(match, self._year(match[6]), month, day)
        return said if said == match[0] else f"{match[1] or ''}{said}"

    @staticmethod
    def _year(figures: str) -> str:
        """Of the last two."""
        return ("19" if figures >= "50" else "20") + figures

    def _list(self, match: re.Match[str]) -> str:
        """`les 1/5 et 25/12`, where all of them are days and one can be no fraction."""
        days = [tuple(map(int, day.split("/"))) for day in (*match[2].split(", "), match[4])]
        named = [self._named("", *day) for day in days]
        if not all(named) or all(day < month for day, month in days):
            return match[0]
        return f"{match[1]} {', '.join(named[:-1])}{match[3]}{named[-1]}"

    def _named(self, before: str, day: int, month: int) -> str:
        """A day of a year that is not said; nothing if there is no such day."""
        from babel.dates import get_month_names  # noqa: PLC0415 - only where a date is written in figures

        if not 0 < day < 32 or not 0 < month < 13:  # noqa: PLR2004 - of the calendar
            return ""
        name = get_month_names("wide", locale=self._book["locale"])[month]
        first = self._book.get("first_day", "1") if day == 1 else str(day)
        return f"{before}{first} {self._book.get('of_month', '')} {name}".replace("  ", " ")

    def _with_colons(self, match: re.Match[str]) -> str:
        between = f" {self._book.get('range', '')} " if match[3] and match[3].strip() in "–-" else match[3]
        last = f"{between}{match[4]}:{match[5]}" if match[3] else ""
        return f"{match[1]}:{match[2]}{last}"

    def _time(self, match: re.Match[str]) -> str:
        figures = str(int(match[1]))
        hour = self._book.get("hours", {}).get(figures, figures)
        on_a_clock = len(match.groups()) > 1
        minute = match[2] if on_a_clock else "00"
        if figures == "1" and not on_a_clock and "one_hour" in self._book:
            return str(self._book["one_hour"])
        full = "hour_on_a_clock" if on_a_clock and "hour_on_a_clock" in self._book else "full_hour"
        return filled(self._book, full if minute == "00" else "time", hour=hour, minute=self._minute(minute))

    def _minute(self, figures: str) -> str:
        zero: str = self._book.get("zero_ahead", "")
        return f"{zero if figures[0] == '0' else ''}{int(figures)}"
