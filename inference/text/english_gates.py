"""What a sentence must have for a rule of English to be tried on it: figures, signs, words. Knows no patterns.

Most sentences have none of it: with these, tables of words may grow and plain text costs no more.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from inference.text import english_data as data
from inference.text.rules import PIECE
from inference.text.tables import tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inference.text.rules import Rule


def gated(each: Rule) -> Rule:
    """The rule, tried only on what may hold a match of it."""
    return replace(
        each,
        needs_figure=each.needs_figure or each.name in _OF_FIGURES,
        signs=_SIGNS.get(each.name, frozenset()),
        words=_WORDS.get(each.name, frozenset()),
    )


def _first_pieces(words: Iterable[str]) -> frozenset[str]:
    """Of each word the first run of letters, as PIECE finds it, or the first sign."""
    found = (PIECE.findall(word.lstrip("0123456789")) for word in words)
    return frozenset(pieces[0] for pieces in found if pieces)


_TABLES: Final[dict[str, Any]] = tables("english_gates")
_OF_FIGURES: Final = frozenset(_TABLES["figures"]["rules"])
_SIGNS: Final = {rule: frozenset(signs) for signs, rules in _TABLES["signs"].items() for rule in rules}

_CAPITALS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHORT_MONTHS: Final = _first_pieces(data.MONTHS)
_SHORT_DAYS: Final = _first_pieces(data.WEEKDAYS)
_NUMERALS: Final = frozenset(
    "".join(signs) for length in range(2, 6) for signs in product("IVX", repeat=length)
)
_LETTERS_OF_UNITS: Final = _first_pieces(
    ["m", "g", "l", "L", "h", "s", "V", "W", "J", "mo", "pt", "mi", "ha", "cal", "temp", "MP"]
)
_WORDS: Final = {
    **dict.fromkeys(("month", "month after its day", "month that is cut short"), _SHORT_MONTHS),
    **dict.fromkeys(("weekday", "weekday after a word", "weekday that is no word"), _SHORT_DAYS),
    **{"month before a short year": _SHORT_MONTHS, "weekday after another": _SHORT_DAYS},
    "unit": _first_pieces(data.UNITS),
    "unit beside its figures": _LETTERS_OF_UNITS | _first_pieces(data.GLUED_UNITS),
    "unit that is a letter": _LETTERS_OF_UNITS,
    "cups": frozenset(["c", "t", "T"]),
    "file": _first_pieces(data.words("extensions")),
    "king": _first_pieces(data.words("reigning")),
    "numerals in a row": _NUMERALS,
    "points of percents": frozenset(["pp"]),
    "patient": frozenset(["Pt", "pt"]),
    "near": frozenset(["nr"]),
    "turn": frozenset("LR"),
    "species": frozenset(_CAPITALS),
    "saint": frozenset(["St", "Ste"]),
    "street": _first_pieces(data.STREETS),
    "title": _first_pieces(data.TITLES),
    "title without a name": frozenset(["Mr", "Mrs", "Ms", "Dr"]),
    "abbreviation": _first_pieces(data.ABBREVIATIONS),
    "shorthand": _first_pieces(data.SHORTHAND),
    "times of a dose": _first_pieces(data.DOSES),
    "times of a dose, in letters that mean more": _first_pieces(("bid", "BID", *map(str.upper, data.DOSES))),
}
"""Of each match of these rules at least one."""
