"""The words of `data/english.toml`, read once. Knows no rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from inference.text.tables import tables

if TYPE_CHECKING:
    import re

_TABLES: Final[dict[str, Any]] = tables("english")

TITLES: Final[dict[str, str]] = _TABLES["titles"]
STREETS: Final[dict[str, str]] = _TABLES["streets"]
ABBREVIATIONS: Final[dict[str, str]] = _TABLES["abbreviations"]
SHORTHAND: Final[dict[str, str]] = {
    each: said if each == written else f"{said[0].upper()}{said[1:]}"
    for written, said in _TABLES["shorthand"].items()
    for each in (written.capitalize() if written.islower() else written, written)
}
COMPASS: Final[dict[str, str]] = _TABLES["compass"]
STATES: Final[dict[str, str]] = _TABLES["states"]
STATES_IN_SHORT: Final[dict[str, str]] = _TABLES["states_in_short"]
BEFORE_FIGURES: Final[dict[str, str]] = _TABLES["before_figures"]
MONTHS: Final[dict[str, str]] = _TABLES["months"]
WEEKDAYS: Final[dict[str, str]] = _TABLES["weekdays"]
DAY_LETTERS: Final[dict[str, str]] = _TABLES["day_letters"]
DOSES: Final[dict[str, str]] = _TABLES["doses"]
CURRENCIES: Final[dict[str, list[str]]] = _TABLES["currencies"]
CURRENCY_CODES: Final[dict[str, str]] = _TABLES["currency_codes"]
MULTIPLES: Final[dict[str, str]] = _TABLES["multiples"]
UNITS: Final[dict[str, list[str]]] = _TABLES["units"]
GLUED_UNITS: Final[dict[str, list[str]]] = _TABLES["glued_units"]
PER: Final[dict[str, str]] = _TABLES["per"]
SYMBOLS: Final[dict[str, str]] = _TABLES["symbols"]


def words(name: str) -> tuple[str, ...]:
    """A list of `[words]`."""
    return tuple(_TABLES["words"][name].split())


NOT_NOUNS: Final = frozenset(words("not_nouns"))
_PRICED: Final = frozenset(words("priced"))
NOUN: Final = r"[a-z]{2,}(?:-[a-z]+)*(?![\w'])"
ONE_THING: Final = (
    r"(?: \b(?i:an?|the|this|that|his|her|its|my|your|our|their|each|every|another|one|no|any)"
    r"| \b[A-Za-z]+'s ) \s"
)
"""Before an amount that stands like an adjective: `a $10 bill`, `the 5 km run`."""


def stands_for_one(match: re.Match[str]) -> bool:
    """True for `a $10 bill` or `$1bn deal`: a noun after the amount, and before it something that one can count.

    Not needed before a noun for something that is paid for.
    """
    noun = (match["noun"] or "").strip(" -")
    return noun in _PRICED or bool(match["one"] and noun and noun not in NOT_NOUNS)
