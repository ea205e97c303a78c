"""Flights, runways, levels and winds, as pilots and airports write and say them. Knows no other numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inference.text import english_data as data
from inference.text.characters import voiced
from inference.text.english_numbers import in_pairs, one_by_one
from inference.text.rules import any_of, of_figures, rule

if TYPE_CHECKING:
    import re

_SIDES: Final = {"L": " left", "R": " right", "C": " center", None: ""}


def _flight(match: re.Match[str]) -> str:
    """Letters that make a word are named, as are those of other airlines."""
    letters = " ".join(voiced("ˈA") if letter == "A" else letter for letter in match[1])
    return f"{letters} {in_pairs(match[2])}"


def _runway(match: re.Match[str]) -> str:
    return f"runway {one_by_one(match[1])}{_SIDES[match[2]]}"


def _wind(match: re.Match[str]) -> str:
    gusts = f" gusting {int(match[4])}" if match[4] else ""
    knots = " knots" if match[5] else ""
    return f"{match[1] or ''}{one_by_one(match[2])} at {int(match[3])}{gusts}{knots}"


FLIGHTS: Final = of_figures(
    rule(
        "airline whose letters make a word",
        rf"(?<![A-Z]\s)(?<!\w) ({any_of(data.words('airlines'))}) \s? ([1-9]\d{{2,3}}) (?![\w-]|[.,]\d|\s[A-Z]{{2}})",
        _flight,
        "on AS 1183",
        f"on {voiced('ˈA')} S eleven eighty three",
    ),
    rule(
        "flight level",
        r"\bFL\s?([0-6]\d{2})(?![\w-]|[.,]\d)",
        lambda match: f"flight level {one_by_one(match[1])}",
        "at FL350",
        "at flight level three five zero",
    ),
    rule(
        "runway",
        r"\b(?:RWYs?|[Rr]wys?\.?|[Rr]unways?)\s?(\d{1,2})([LRC])?(?![\w-]|[.,]\d)",
        _runway,
        "on RWY 27L and runway 9",
        "on runway two seven left and runway nine",
    ),
    rule(
        "runway that is cleared",
        r"\b([Cc]leared\s(?:to\sland|for\stake-?off|for\s(?:the\s)?(?:ILS|visual|RNAV)(?:\sapproach)?),?\s)(\d{1,2})([LRC])?(?![\w,-]\d|\w)",
        lambda match: f"{match[1]}{one_by_one(match[2])}{_SIDES[match[3]]}",
        "cleared to land 28R",
        "cleared to land two eight right",
    ),
    rule(
        "pressure at sea, direction of the wind",
        r"\b(?:(QNH\s)(\d{3,4})|([Ww]inds?\s(?:from\s)?)(\d{3})(?=\sat\s\d))(?!\d)",
        lambda match: f"{match[1] or match[3]}{one_by_one(match[2] or match[4])}",
        "wind 310 at 12, QNH 1013",
        "wind three one zero at 12, QNH one zero one three",
    ),
    rule(
        "wind of a direction",
        r"""\b (?: ([Ww]inds?\s(?:(?:is|are|was|were|of|from|at)\s)?) (?=\d{3}°?/) | (?=\d{5}(?:G\d{2})?KT\b) )
        (\d{3}) °?/? (\d{2}) (?:G(\d{2}))? (\s?(?:KT|kts?|knots)\b)? (?![\w/])""",
        _wind,
        "winds 240/15G25, 09008KT",
        "winds two four zero at 15 gusting 25, zero nine zero at 8 knots",
    ),
    rule(
        "time of Greenwich",
        r"(?<![\w:.]) ([0-2]\d):?([0-5]\d)\s?Z \b",
        lambda match: f"{one_by_one(match[1] + match[2])} zulu",
        "at 0615Z",
        "at zero six one five zulu",
    ),
    rule(
        "squawk",
        r"\b([Ss]quawk(?:s|ed|ing)?\s)([0-7]{4})\b",
        lambda match: match[1] + one_by_one(match[2]),
        "squawking 7700",
        "squawking seven seven zero zero",
    ),
)
