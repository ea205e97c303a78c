"""Numbers that name something and count nothing: of cases, accounts, persons, flights, in languages other than English.

Knows no language and no amounts. Such figures are read one by one in groups, as they are when somebody writes along.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from inference.text.everyday_dates import YEAR
from inference.text.everyday_units import UNITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from inference.text.rules import Said

_LONGEST_NUMBER: Final = 4
"""Figures in a code that are said as one number."""

_LONG_NAME: Final = 7
"""Figures behind a name that are read one by one."""

_LONGEST_WORD: Final = 3
"""Capitals in a code that are always spelled; more may be a word: `ISO`, `COVID`."""

_GROUPED: Final = r"\d{1,3}(?:\.\d{3})*"
"""A number that counts: `10.000-15.000` is a range of two."""

_SMALL_WORD: Final = re.compile(r"\s([^\W\d_A-ZÀ-Þ]+)")
_GROUP: Final = re.compile(r"\d+|[A-Z]+")


class CodeBook:
    """The words for such numbers in one language. Lives as long as its rules."""

    def __init__(self, book: dict[str, Any], *, letters: str, dialled: Callable[[str], str]) -> None:
        """`dialled` says figures one by one, as in a telephone number."""
        self._book: Final = book
        self._letters: Final = letters
        self._dialled: Final = dialled
        self._units: Final = {*UNITS, *book.get("units", {})}
        self._two_groups: Final = r"\d{5}\.\d{5,6}" if book["decimal"] == "," else "(?!)"
        self._flights: Final = re.compile(rf"\b(?:{book.get('flights', '(?!)')})\b")

    def kinds(self) -> dict[str, tuple[str, Said]]:
        """Rules before those of telephones and amounts, which would take their figures for their own."""
        w = self._letters
        return {
            "postcode": (
                rf"(?<![{w}.,])(?<![A-Za-z\d]-)(?:{self._book.get('postcodes', '(?!)')})(?![{w}-])",
                lambda match: (
                    (self._book.get("postcode_sign", "") if match[0][0] == "〒" else "")
                    + self._dialled(match[0])
                ),
            ),
            "account": (
                rf"(?<![{w}.-])(?=[A-Z]{{2}}\d\d(?:\s?[A-Z]*\d){{10}})([A-Z]{{2}}\d\d)((?:\s?[A-Z\d]{{4}}){{2,7}}(?:\s?[A-Z\d]{{1,3}})?)(?![{w}-])",
                lambda match: f"{self._spelled(match[1])}, {self._one_by_one(match[2])}",
            ),
            "code with spaces": (
                rf"(?<![{w}.-])(?:{self._book.get('codes_with_spaces', '(?!)')})(?![{w}-])",
                lambda match: self._one_by_one(match[0]),
            ),
            "number in groups": (
                rf"(?<![{w}.,/+-])(?!{_GROUPED}(?:[/-]{_GROUPED})*(?!\d|[./-]\d))(?=(?:\d+[./-])*(?:0\d\d|\d{{5}}))"
                rf"(\d+(?:[./-]\d+){{2,5}}|{self._two_groups})(?![{w}]|[.,/-]\d)",
                self._in_groups,
            ),
            "number of a person": (
                rf"(?<![{w}.,/-])(\d{{1,3}}(?:\.\d{{3}}){{1,3}}-|\d{{7,9}}-?(?=[A-Z]))(\d{{1,2}}|[A-Z])(?![{w}-]|[.,]\d)",
                lambda match: f"{self._dialled(' '.join(re.sub(r'[^0-9]', '', match[1])))}, {match[2]}",
            ),
            "airports": (
                r"(?<![\w-])([A-Z]{3})\s?[/–-]\s?([A-Z]{3})(?![\w-])",
                self._airports,
            ),
            "flight": (
                rf"\b({self._book.get('flights', '(?!)')})\s([A-Z]{{2}})\s?(?=\d{{2,4}}\b)",
                lambda match: f"{match[1]} {self._spelled(match[2])} ",
            ),
            "code": (
                rf"(?<![{w}./@-])(?=[A-Z\d]{{7,20}}(?![{w}@/-]))(?=[A-Z]*\d)(?=\d*[A-Z])(?![A-Z]{{4,}}[1-9]\d{{0,4}}(?![{w}]))[A-Z\d]{{7,20}}",
                lambda match: self._spelled(match[0]),
            ),
            "figure after a name": (
                rf"(?<![{w}.@/-])(?:([A-Z]{{1,6}}|Covid)-|([A-Z]{{4,12}})(?=\d{{1,4}}(?![{w}@/-])))(\d{{1,8}})(?![{w}@-]|[/.]\d|\.\w)",
                self._after_a_name,
            ),
            "letters between figures": (
                rf"(?<![{w}.,/-])(\d{{1,4}})([A-Z]{{1,2}})(\d{{1,4}})(?![{w}-]|[.,/]\d)",
                lambda match: self._spelled(match[0]),
            ),
            "row of numbers": (
                rf"(?<![{w}.,/-])\d{{1,4}}(?:\s[–-]\s\d{{1,4}}){{2,20}}(?![{w}/-]|[.,]\d|\s?=)",
                lambda match: re.sub(r"\s[–-]\s", ", ", match[0]),
            ),
            "code with hyphens": (
                rf"(?<![{w}./@-])(?!\d{{4}}-\d\d-\d\d|[A-Z]+-\d+(?![{w}-])|\d+-[A-Z]+-\d+(?![{w}-]))(?=[A-Z-]*\d)(?=[\d-]*[A-Z])"
                rf"[A-Z\d]{{1,6}}(?:-[A-Z\d]{{1,6}}){{1,4}}(?![{w}@-]|[/.]\w)",
                lambda match: " ".join(map(self._part, match[0].split("-"))),
            ),
        }

    def last_kinds(self) -> dict[str, tuple[str, Said]]:
        """Rules after those of telephones and before those of sums and units, which take marks out of numbers."""
        return {
            "long number": (
                rf"(?<![{self._letters}.,:/€$£₹-])(?<![€$£₹]\s)(?!\d*00(?!\d))\d{{9,24}}(?![{self._letters}]|[.,:/-]\d|\s?[€$£₹%])",
                self._long_number,
            )
        }

    def _long_number(self, match: re.Match[str]) -> str:
        """As it is before a noun, which it may count."""
        after = _SMALL_WORD.match(match.string, match.end())
        not_nouns: str = self._book.get("not_nouns", "")
        is_count = after is not None and after[1] not in not_nouns.split()
        return match[0] if is_count else self._one_by_one(match[0])

    def _in_groups(self, match: re.Match[str]) -> str:
        """A year as one, other groups of more than two figures one by one."""
        groups = (
            group if re.fullmatch(YEAR, group) or not group.isdigit() else self._dialled(group)
            for group in re.split("[.-]|(/)", match[0])
            if group
        )
        return ", ".join(groups).replace(", /,", f" {self._book.get('slash', '')}")

    def _airports(self, match: re.Match[str]) -> str:
        """By their letters where the sentence is about a flight."""
        is_flight = self._flights.search(match.string) is not None
        return f"{self._spelled(match[1])}, {self._spelled(match[2])}" if is_flight else match[0]

    def _after_a_name(self, match: re.Match[str]) -> str:
        """A number, or its figures where it is long."""
        figures = match[3] if len(match[3]) < _LONG_NAME else " ".join(match[3])
        return f"{match[1] or match[2]} {figures}"

    def _part(self, part: str) -> str:
        """A part of a code: what may be a word is left to the acronyms."""
        is_word = part.isalpha() and (
            len(part) > _LONGEST_WORD or part in self._book.get("acronyms", "").split()
        )
        return part if is_word else self._spelled(part)

    def _spelled(self, code: str) -> str:
        """Letters one by one, figures as they stand together; apart from a unit behind them: `7 L` would be litres."""
        said = ""
        for group in _GROUP.findall(code):
            said += "," if group in self._units and said[-1:].isdigit() else ""
            said += f" {self._named(group)}"
        return said.lstrip()

    def _named(self, group: str) -> str:
        names = self._book.get("letters", {})
        if group.isalpha():
            return " ".join(names.get(letter, letter) for letter in group)
        return group if len(group) <= _LONGEST_NUMBER else " ".join(group)

    def _one_by_one(self, code: str) -> str:
        """Letters and figures, all of them one by one."""
        names = self._book.get("letters", {})
        return ", ".join(
            names.get(each, each) if each.isalpha() else self._dialled(each)
            for each in code
            if not each.isspace()
        )
