"""Units of measure in languages other than English, by CLDR's names where the phrase book has none of its own.

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


class UnitBook:
    """The words for units of one language. Lives as long as its rules."""

    def __init__(
        self, book: dict[str, Any], *, letters: str, space: str, number: str, plain: Callable[[str], str]
    ) -> None:
        """`number` is a pattern of one, `plain` takes the marks away that group its figures."""
        self._book: Final = book
        self._letters: Final = letters
        self._space: Final = space
        self._number: Final = number
        self._plain: Final = plain
        verbs = book.get("units_like_verbs", "").split()
        self._known: Final = any_of({**UNITS, **book.get("units", {})}.keys() - set(verbs))
        self._like_verbs: Final = any_of(verbs)
        """Units only where no verb can be: `5 ha di bosco`, but `nel 2023 ha vinto`."""

        self._per: Final = any_of(book.get("per", {}))
        fractions = dict(book.get("fractions", {}))
        half = fractions.pop("1/2", ())
        self._halves: Final = {*([half] if isinstance(half, str) else half), *book.get("half_after", ())}
        self._parts: Final = any_of({*self._halves, *fractions.values()})

    def kinds(self) -> dict[str, tuple[str, Said]]:
        """The rules, by their names."""
        return {
            "minutes and seconds": (
                rf"(?<![{self._letters}.,'])(?:(\d{{1,3}})'\s?)?([0-5]?\d)(?:''|\")(?:(\d{{1,3}})|(?<='\d\d\")|(?<='\d\d''))(?![{self._letters}])",
                lambda match: (
                    (f"{match[1]} min " if match[1] else "")
                    + f"{int(match[2])} s {(match[3] or '').lstrip('0')}".rstrip()
                ),
            ),
            "speed": (
                rf"(?:時速|时速)\s?(?P<number>{self._number})\s?(?P<unit>km)/h(?![{self._letters}])",
                lambda match: match[0][:2] + self._unit_of(match["number"], "km"),
            ),
            "unit per unit": (
                rf"(?<![{self._letters}.,])(?P<number>{self._number})\s?({self._known})/({_PER_UNIT})(?![{self._letters}/])",
                lambda match: (
                    f"{self._unit(match)} {self._book.get('per_unit', '')} {self._alone(match[3], '1')}"
                ),
            ),
            "unit": (
                rf"(?<![{self._letters}.,])(?P<number>{self._number})\s?({self._known})(?:\.(?=\s?[^\W_A-Z]|\s?[,;:)/(+]))?(?![{self._letters}²³'])(?!/(?!{self._per}(?![{self._letters}])))",
                self._unit,
            ),
            "unit after a multiple": (
                rf"(?:(?<=[万億兆千百何亿几])|(?<![一-龠]数)(?<=数))\s?(?:({self._known})|%)(?![{self._letters}/²³'])",
                lambda match: self._alone(match[1], "3") if match[1] else filled(self._book, "percent", n=""),
            ),
            "unit like a verb": (
                rf"(?<![{self._letters}.,:])(?![12]\d{{3}}\s)(?P<number>{self._number})\s({self._like_verbs})"
                r"(?=\s(?:de|di)\s|[.,;:!?)]|\s*$)",
                self._unit,
            ),
            "unit after a part": (
                rf"(?<![{self._letters}])({self._parts})\s({self._known})(?![{self._letters}/²³'])",
                self._after_a_part,
            ),
        }

    def last_kinds(self) -> dict[str, tuple[str, Said]]:
        """Rules after those of prices for each unit."""
        return {
            "unit without its number": (
                rf"\s({_ALONE})(?![{self._letters}/²³'.-])",
                self._without_number,
            )
        }

    def _without_number(self, match: re.Match[str]) -> str:
        """`i km`, but one of them in `al kg`."""
        before = match.string[max(match.start() - 12, 0) : match.start()]
        is_one = re.search(rf"\b(?:{self._book.get('before_one_unit', '(?!)')})$", before)
        return f" {self._alone(match[1], '1' if is_one else '3')}"

    def _after_a_part(self, match: re.Match[str]) -> str:
        """`un quarto di litro`, but `mezzo litro` and `2 e mezzo litri`."""
        whole = re.search(r"(\d+)\s[^\W\d]{1,4}\s$", match.string[max(match.start() - 12, 0) : match.start()])
        unit = self._alone(match[2], whole[1] if whole else "1")
        of = "" if whole or match[1] in self._halves else self._book.get("of", "")
        if of.endswith("'"):
            return f"{match[1]} {of}{unit}" if unit[0] in "aeiouh" else f"{match[1]} {of[:-1]}e {unit}"
        return " ".join(filter(None, (match[1], of, unit)))

    def _alone(self, unit: str, number: str) -> str:
        return self._unit_of(number, unit).removeprefix(number).strip()

    def _unit(self, match: re.Match[str]) -> str:
        before = match.string[: match.start()]
        if match[2] in _OPENED and (before[-1:] == match[2] or re.search(_OPENED[match[2]], before)):
            return match[0]  # it ends what is quoted
        return self._unit_of(match["number"], match[2])

    def _unit_of(self, written: str, unit: str) -> str:
        number = self._plain(written)
        if own := self._book.get("units", {}).get(unit):
            one, many = own if isinstance(own, list) else (own, own)
            return f"{number}{self._space}{one if number == '1' else many}"
        sample = 1 if number == "1" else 3
        said = _named(sample, UNITS[unit], self._book["locale"]).replace("\xa0", " ")
        return (
            said.replace(str(sample), number, 1)
            if self._space
            else said.replace(str(sample), number, 1).replace(" ", "")
        )


def _named(number: int, unit: str, locale: str) -> str:
    """`3 megabit al secondo`, by CLDR."""
    from babel.units import format_compound_unit, format_unit  # noqa: PLC0415 - 20 ms and 4 MB, only for a unit

    name, _, per = unit.partition("/")
    said = format_compound_unit(number, name, denominator_unit=per, locale=locale) if per else None
    if said is None or f"-{per}" in said:  # it has no word for that one, as Japanese
        return format_unit(number, name, "long", locale=locale)
    return said


_PER_UNIT: Final = "km|mol|m²|m³|mm²|mm³|m|cm²|cm³|dl|dL|ml|mL|kg|l|L"
_ALONE: Final = "km²|km|kg|GB|MB|TB|kWh"

_OPENED: Final = {"'": r"(?<!\w)'(?=[^\W\d])", '"': r"(?<!\w)\"(?=\w)"}
"""Signs of minutes and inches, and how they look where they begin a quotation."""

UNITS: Final = {
    **{"km": "kilometer", "m": "meter", "cm": "centimeter", "mm": "millimeter", "m²": "square-meter"},
    **{"km²": "square-kilometer", "m³": "cubic-meter", "ha": "hectare", "km/h": "kilometer-per-hour"},
    **{
        "m/s": "meter-per-second",
        "kg": "kilogram",
        "g": "gram",
        "mg": "milligram",
        "l": "liter",
        "L": "liter",
    },
    **{
        "ml": "milliliter",
        "mL": "milliliter",
        "cl": "centiliter",
        "°C": "celsius",
        "ºC": "celsius",
        "℃": "celsius",
    },
    **{
        "° C": "celsius",
        "°F": "fahrenheit",
        "min": "minute",
        "s": "second",
        "ms": "millisecond",
        "kW": "kilowatt",
    },
    **{
        "kWh": "kilowatt-hour",
        "W": "watt",
        "V": "volt",
        "Hz": "hertz",
        "MHz": "megahertz",
        "GHz": "gigahertz",
    },
    **{"kcal": "kilocalorie", "mmHg": "millimeter-ofhg", "hPa": "hectopascal", "kPa": "kilopascal"},
    **{
        "MW": "megawatt",
        "GW": "gigawatt",
        "mA": "milliampere",
        "kJ": "kilojoule",
        "px": "pixel",
        "kHz": "kilohertz",
    },
    **{
        "dl": "deciliter",
        "dL": "deciliter",
        "hl": "hectoliter",
        "cm²": "square-centimeter",
        "cm³": "cubic-centimeter",
    },
    **{
        "nm": "nanometer",
        "µm": "micrometer",
        "μm": "micrometer",
        "µg": "microgram",
        "μg": "microgram",
        "Ω": "ohm",
    },
    **{
        "Mbit/s": "megabit/second",
        "Gbit/s": "gigabit/second",
        "kbit/s": "kilobit/second",
        "Mb/s": "megabit/second",
    },
    **{"Gb/s": "gigabit/second", "MB/s": "megabyte/second", "GB/s": "gigabyte/second"},
    **{"m/s²": "meter-per-square-second", "mol": "mole", "MPa": "megapascal", "lm": "lumen"},
    **{"mph": "mile-per-hour", "mcg": "microgram", "lx": "lux"},
    **{
        "KB": "kilobyte",
        "MB": "megabyte",
        "GB": "gigabyte",
        "TB": "terabyte",
        "Mbps": "megabit/second",
        "Gbps": "gigabit/second",
        "kbps": "kilobit/second",
    },
}
"""CLDR's names of units by their symbols, which are the same in every language."""
