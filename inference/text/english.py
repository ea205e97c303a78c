"""English as it is written to English as it is said: every rule, in the order in which they are applied.

Knows no phonemes. What a rule makes is text again: a later one may still find its figures.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

from inference.text import english_arithmetic as arithmetic
from inference.text import english_code as code
from inference.text import english_dates as dates
from inference.text import english_figures as figures
from inference.text import english_flights as flights
from inference.text import english_money as money
from inference.text import english_notes as notes
from inference.text import english_places as places
from inference.text import english_roman as roman
from inference.text import english_signs as signs
from inference.text import english_telephones as telephones
from inference.text import english_times as times
from inference.text import english_units as units
from inference.text import english_words as words
from inference.text import english_years as years
from inference.text.rules import apply

if TYPE_CHECKING:
    from inference.text.rules import Rule


@cache
def rules(*, is_british: bool) -> tuple[Rule, ...]:
    """All rules. Addresses first, for their signs are none of the others'; plain numbers last."""
    ordered = (
        *code.RULES,
        *notes.NOTES,
        *words.ABBREVIATIONS,
        *places.PLACES,
        *words.LETTERS,
        *flights.FLIGHTS,
        *(telephones.BRITISH if is_british else ()),
        *telephones.TELEPHONES,
        *dates.APART,
        *(dates.BRITISH if is_british else dates.AMERICAN),
        *dates.NAMES,
        *years.YEARS,
        *times.TIMES,
        *figures.FRACTIONS,
        *money.MONEY,
        *(figures.BRITISH_SCORES if is_british else ()),
        *figures.RANGES,
        *roman.ROMAN,
        *(units.BRITISH if is_british else ()),
        *units.UNITS,
        *arithmetic.ARITHMETIC,
        *signs.SIGNS,
        *signs.NUMBERS,
        *(signs.BRITISH if is_british else ()),
    )
    return tuple(
        replace(
            each,
            needs_figure=each.needs_figure or each.name in _OF_FIGURES,
            signs=frozenset(_SIGNS.get(each.name, "")),
        )
        for each in ordered
    )


def written_out(text: str, *, is_british: bool) -> str:
    """One sentence in words, without figures and signs."""
    return apply(rules(is_british=is_british), text)


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
    **dict.fromkeys(("element", "index", "base of a logarithm"), "₀₁₂₃₄₅₆₇₈₉"),
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
            "for each",
            "numbers of a version",
        ),
    ]
)
"""Rules outside the tables of such rules that find nothing in a text without figures."""
