"""Places in English: house numbers, quarters of towns and winds, states and their codes. Knows no names of people."""

from __future__ import annotations

from typing import Final

from inference.text import english_data as data
from inference.text.characters import voiced
from inference.text.english_numbers import in_pairs, one_by_one
from inference.text.english_words import STOP, stop
from inference.text.rules import any_of, rule

_PER: Final = {"pp": "person", "pcm": "calendar month", "pw": "week", "pa": "annum", "pm": "month"}


def _letter(letter: str | None) -> str:
    return f" {voiced('ˈA') if letter in {'a', 'A'} else letter.upper()}" if letter else ""


PLACES: Final = (
    rule(
        "quarter of a town",
        rf"""\b (?: ([NSEW]) \. (?= \s\d{{1,3}}(?:st|nd|rd|th)\b )
        | (?<=\d\s)([NSEW])\.?
            (?= \s(?:[A-Z][a-z]{{1,30}}|\d{{1,3}}(?:st|nd|rd|th))\s(?:{any_of(data.STREETS.values())})\b ) )""",
        lambda match: {"N": "North", "S": "South", "E": "East", "W": "West"}[match[1] or match[2]],
        "12 E. 42nd, 123 N Main Street",
        "12 East 42nd, 123 North Main Street",
    ),
    rule(
        "number of a house",
        rf"""(?<![\w.,$£€-]) ([1-9]\d\d{{1,2}}) (?:-?([A-Da-d]))?
        (?= \s (?:(?:North|South|East|West)\s)? (?:[A-Z][a-z]{{1,30}}\s){{1,3}}
        (?:{any_of(data.STREETS.values())})\b )""",
        lambda match: f"{in_pairs(match[1])}{_letter(match[2])}",
        "at 221b Baker Street",
        "at two twenty one B Baker Street",
    ),
    rule(
        "quarter of the wind",
        rf"""\b (?: ((?i:winds?)(?:\s(?:from|out\sof)(?:\sthe)?)?\s) ({any_of(data.COMPASS)}) \b
        | ({any_of(data.COMPASS)}) (?=\s(?:winds?|breezes?|gusts?)\b) )""",
        lambda match: f"{match[1] or ''}{data.COMPASS[match[2] or match[3]]}",
        "winds NW at 10, a SE breeze",
        "winds northwest at 10, a southeast breeze",
    ),
    rule(
        "for each person",
        r"([£€$]\d[\d,.]*k?) \s? (pp|pcm|pw|pa|(?<=\d)pm) \b",
        lambda match: f"{match[1]} per {_PER[match[2]]}",
        "£12.50pp, £900 pcm",
        "£12.50 per person, £900 per calendar month",
    ),
    rule(
        "points of percents",
        r"((?:\b(?:by|up|down|of|rose|fell|gained|lost|added)\s|[+±−-])\d{1,2}(?:\.\d+)?|\d\.\d{1,2}) \s? pp \b",
        r"\1 percentage points",
        "up 2 pp to 4%",
        "up 2 percentage points to 4%",
    ),
    rule("so many pages", r"(?<=\d) \s? pp \b \.? ", " pages", "300 pp.", "300 pages"),
    rule(
        "quarter of a highway",
        r"\b ((?:I|US|SR|Route|Highway)[ -]\d{1,3}\s) ([NSEW]) \b",
        lambda match: match[1] + data.COMPASS[match[2]],
        "I-95 N",
        "I-95 north",
    ),
    rule(
        "quarter of a place",
        rf"(?<=[a-z\d]\s) ({any_of(data.COMPASS)}) (?=\sof\s)",
        lambda match: data.COMPASS[match[1]],
        "5 miles SW of Leeds",
        "5 miles southwest of Leeds",
    ),
    rule(
        "quarter after a street",
        rf"\b ({any_of(data.STREETS.values())}),?\s ([NS][EW]) \b",
        lambda match: f"{match[1]} {data.COMPASS[match[2]]}",
        "Pennsylvania Avenue NW",
        "Pennsylvania Avenue northwest",
    ),
    rule(
        "state in short",
        rf"(?<=[a-z],\s) ({any_of(data.STATES_IN_SHORT)}) {STOP}",
        lambda match: data.STATES_IN_SHORT[match[1]] + stop(match),
        "in Salem, Ore., and Miami, Fla.",
        "in Salem, Oregon, and Miami, Florida.",
    ),
    rule(
        "state",
        rf"\b ((?:[A-Z][a-z]{{2,30}}|NYC?|LA),?\s) ({any_of(data.STATES)}) (?: \s (?=\d{{5}}\b) )",
        lambda match: f"{match[1]}{data.STATES[match[2]]} ",
        "Springfield, IL 62704",
        "Springfield, Illinois 62704",
    ),
    rule(
        "state without a code",
        rf"""\b ([A-Z][a-z]{{2,30}},\s) (?!(?:OK|HI|ID|ME|IN|MD)\b) ({any_of(data.STATES)}) \b
        (?= [,;.)] | \s*$ | \s[a-z] )""",
        lambda match: f"{match[1]}{data.STATES[match[2]]}",
        "Austin, TX, and Boston, MA.",
        "Austin, Texas, and Boston, Massachusetts.",
    ),
    rule(
        "code of a place",
        rf"\b ({any_of((*data.STATES.values(), 'NYC', 'NY', 'LA'))}) \s (\d{{5}}) (?:-(\d{{4}}))? (?![\w-])",
        lambda match: f"{match[1]} {', '.join(map(one_by_one, filter(None, match.groups()[1:])))}",
        "Illinois 62704",
        "Illinois six two seven zero four",
    ),
)
