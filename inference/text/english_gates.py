"""What a sentence must have for a rule of English to be tried on it: figures, signs, words. Knows no patterns.

Most sentences have none of it: with these, tables of words may grow and plain text costs no more.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Final

from inference.text import english_data as data
from inference.text.rules import PIECE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inference.text.rules import Rule


def gated(each: Rule) -> Rule:
    """The rule, tried only on what may hold a match of it."""
    return replace(
        each,
        needs_figure=each.needs_figure or each.name in _OF_FIGURES,
        signs=frozenset(_SIGNS.get(each.name, "")),
        words=_WORDS.get(each.name, frozenset()),
    )


def _first_pieces(words: Iterable[str]) -> frozenset[str]:
    """Of each word the first run of letters, as PIECE finds it, or the first sign."""
    found = (PIECE.findall(word.lstrip("0123456789")) for word in words)
    return frozenset(pieces[0] for pieces in found if pieces)


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

_DASHES: Final = "–—−-"
_SMALL_FIGURES: Final = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ"
_SIGNS: Final = {
    **dict.fromkeys(
        ("range of letters", "sizes from and to", "range", "sets", "goals between names"), _DASHES
    ),
    **dict.fromkeys(("difference", "minus", "negative number", "loss of money"), _DASHES),
    **dict.fromkeys(("figure after a name", "figure in a compound", "stutter", "option of a command"), "-"),
    **dict.fromkeys(
        (
            "for each",
            "slash",
            "each",
            "two letters",
            "per",
            "per unit",
            "and, or",
            "he or she",
            "another name",
        ),
        "/",
    ),
    **dict.fromkeys(("care of", "complaint", "within, without", "with", "without", "because", "path"), "/"),
    **dict.fromkeys(("index", "base of a logarithm"), "₀₁₂₃₄₅₆₇₈₉"),
    **dict.fromkeys(("one or more", "number in brackets", "letter in brackets", "function", "call"), "("),
    **dict.fromkeys(("snake_case", "dunder", "constant"), "_"),
    **dict.fromkeys(("e-mail", "handle"), "@"),
    **dict.fromkeys(("C#", "chord", "number of an order"), "#"),
    **dict.fromkeys(("about", "about, after about"), "~≈"),
    **dict.fromkeys(("equal", "at least, at most"), "="),
    **dict.fromkeys(("so many stars", "stars"), "★⭐"),
    **{"power": f"{_SMALL_FIGURES}^", "isotope": _SMALL_FIGURES, "note of a page": _SMALL_FIGURES},
    **{"less, greater": "<>", "heart": "<", "more than": "<>≤≥", "and of letters": "&", "sections": "§"},
    **dict.fromkeys(("absolute value", "given"), "∣"),
    **dict.fromkeys(("secretary", "defeated"), "."),
    **dict.fromkeys(("party and state", "function by its name"), "("),
    **{"limits of a sum": "∑∏∫", "letters behind an index": "₀₁₂₃₄₅₆₇₈₉", "letters of a product": "="},
    **{"stars of grades": "⋆", "name of an identity": "_", "number of a flaw": "-", "between": "/"},
    **{"fraction sign": "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒", "arrow": ">→➜➔", "division": "/", "ratio of names": ":"},
    **{"part of an inch": '"'},
    **{
        "percentage points": "%",
        "not equal": "!<=",
        "owner of a number": "'",
        "bound for": "/",
        "points out of all": "/",
    },
    **{"up and down": "▲▼", "way through menus": ">", "tempo of a score": "♩", "prime end": "'"},
    **{
        "grade": "-−",
        "range of numbers with letters": _DASHES,
        "more than, at first": "<>≤≥",
        "feet by feet": "x×",
        "range of fractions": _DASHES,
        "element": "₀₁₂₃₄₅₆₇₈₉0123456789",
        "days by their letters": "/",
    },
    **{"days from and to by their letters": _DASHES, "power of ten": "x×"},
    **{"degrees and minutes on Earth": "°", "sum with a comma": "€", "range of codes": _DASHES},
    **{"minutes and seconds by their signs": "'", "hundredths of a second": "\"'"},
    **dict.fromkeys(("over", "runs for wickets"), "/"),
    **{"root": "√", "factorial": "!", "C++": "+", "path of Windows": "\\", "too long": ";", "cents": "¢"},
}
"""Of each match of these rules at least one."""

_OF_FIGURES: Final = frozenset(
    [
        *("inches", "letter of a part", "size", "release of a program", "number", "ordinal", "money"),
        *("money, code first", "money, sign or code last", "amounts apart by a dash", "pence", "multiple"),
        *(
            "number of a house",
            "code of a place",
            "letter and figures",
            "karats",
            "moles in a liter",
            "exposure",
        ),
        *(
            "days of a dose",
            "so many days",
            "each",
            "kelvin",
            "race",
            "average of a batter",
            "percent in letters",
            "floor",
            "number of a flaw",
            "codes of errors",
            "sum with a comma",
        ),
        *("hours between doses", "age", "so many for a sum", "letter of a place", "tens, hundreds"),
        *("so many of a size", "at least so many", "so many times a day", "figures in the plural"),
        *("minute of a game", "full stop of a unit", "for each person", "so many pages", "feet and inches"),
        *(
            "hours and minutes",
            "hour of the sky",
            "place on Earth",
            "stone",
            "so many inches",
            "so many points",
        ),
        *("times as much", "side of a thing", "unit within a word", "number with a fraction", "fraction"),
        *("always", "time of music", "blood pressure", "range", "sets", "goals", "goals between names"),
        *(
            "runs for wickets",
            "hundredths of a second",
            "minutes and seconds by their signs",
            "minute of a goal",
            "product",
            "decimal without a whole",
            *("days of a month", "days and their month", "month and day", "day and month"),
            *("any release", "chord with a figure", "shorthand after a figure", "prime end", "age and sex"),
            *(
                "power of ten",
                "range of numbers with letters",
                "level, year, building",
                "feet by feet",
                "loss in brackets",
                "movement",
            ),
            "for each",
            "numbers of a version",
        ),
    ]
)
"""Rules outside the tables of such rules that find nothing in a text without figures."""
