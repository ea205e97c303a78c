"""Dates and years in English, American or British. Knows no times of day and no amounts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from inference.text import english_data as data
from inference.text.english_numbers import cardinal, decade, ordinal, year
from inference.text.rules import any_of, of_figures, rule

if TYPE_CHECKING:
    from collections.abc import Callable

_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MONTH: Final = any_of(_MONTHS)
_SHORT_MONTH: Final = any_of(data.MONTHS)
_SHORT_DAY: Final = any_of(data.WEEKDAYS)
_NAMED: Final = any_of((*_MONTHS, *dict.fromkeys(data.WEEKDAYS.values())))
_DAY: Final = r"(?:3[01]|[12]\d|0?[1-9])"
_YEAR: Final = r"(?:1[1-9]\d\d|20\d\d)"
_DASH: Final = r"(?:\s?[–—-]\s?)"
_NO_FIGURE: Final = r"(?![\w/:%]|[.,-]\d)"


# --- Days


def _american(day: str, month: int, figures: str) -> str:
    said = f"{_MONTHS[month - 1]} {ordinal(day.lstrip('0'))}"
    return f"{said}, {_of_figures(figures)}" if figures else said


def _british(day: str, month: int, figures: str) -> str:
    said = f"the {ordinal(day.lstrip('0'))} of {_MONTHS[month - 1]}"
    return f"{said} {_of_figures(figures)}" if figures else said


def _of_figures(figures: str) -> str:
    """A year of four figures, or of the last two."""
    if len(figures) == 2:  # noqa: PLR2004
        figures = f"20{figures}" if figures < "50" else f"19{figures}"
    return year(figures)


def _date(match: re.Match[str], said: Callable[[str, int, str], str]) -> str:
    """In the order of the country, unless the first can be no month; with full stops it is day and month everywhere."""
    day, month = match["first"], match["second"]
    if said is _american and match["sign"] != ".":
        day, month = month, day
    if int(month) > len(_MONTHS):
        day, month = month, day
    return said(day, int(month), match["year"] or "") if int(month) <= len(_MONTHS) else match[0]


_IN_FIGURES: Final = rf"""(?<![\w/.$£€-])
    (?P<first>{_DAY}) (?P<sign>[/.-]) (?P<second>{_DAY})
    (?P=sign) (?P<year> (?:1[5-9]|20)\d\d | (?<=/)\d\d ) (?![\w/]|-\d|\.\d)"""
_ISO: Final = (
    r"(?<![\w/.-]) ((?:1[5-9]|20)\d\d) - (0[1-9]|1[0-2]) - (0[1-9]|[12]\d|3[01]) (?:T(?=\d))? (?![\d/]|-\w)"
)
_DATED: Final = r"(?:e-?mail|letter|memo|note|message|report|meeting|invoice)\sof"
_ENDS: Final = "(?:end|start|begin|open|close|expire)s"
_WEEKDAY: Final = rf"(?:[A-Z][a-z]{{2,5}}day|{_SHORT_DAY}\.?),?\s"
_SHORT: Final = rf"""(?: (?P<on> \b (?: (?:[Oo]n|[Dd]ue(?:\sback)?|{_ENDS}|{_DATED})\s (?:{_WEEKDAY})?
    | \b{_WEEKDAY} ) )
    | \b(?P<until>(?i:by|until|till|thru|through|before|after|since)\s)(?!\d{{1,2}}/[1-8]\b) )
    (?P<first>{_DAY}) (?P<sign>/) (?P<second>{_DAY}) (?P<year>(?!/)) (?!\w|\.\d)"""

AMERICAN: Final = of_figures(
    rule(
        "date of ISO",
        _ISO,
        lambda match: _american(match[3], int(match[2]), match[1]),
        "on 2024-03-05",
        "on March fifth, twenty twenty four",
    ),
    rule(
        "date in figures",
        _IN_FIGURES,
        lambda match: _date(match, _american),
        "3/5/2024, 31.12.99",
        "March fifth, twenty twenty four, 31.12.99",
    ),
    rule(
        "day in figures",
        _SHORT,
        lambda match: (match["on"] or match["until"]) + _date(match, _american),
        "on 3/5, by 12/24",
        "on March fifth, by December twenty fourth",
    ),
)
BRITISH: Final = of_figures(
    rule(
        "time with a full stop and no half of the day",
        r"(?<=\bat\s)(\d{1,2})\.([0-5]\d)(?=[.,;!?)]*(?:\s*$|\s(?:on|in|and|for|to|from|today|tonight|tomorrow|sharp)\b))",
        r"\1:\2",
        "at 11.15 on Monday",
        "at 11:15 on Monday",
    ),
    rule(
        "date of ISO",
        _ISO,
        lambda match: _british(match[3], int(match[2]), match[1]),
        "on 2024-03-05",
        "on the fifth of March twenty twenty four",
    ),
    rule(
        "date in figures",
        _IN_FIGURES,
        lambda match: _date(match, _british),
        "31/12/2025",
        "the thirty first of December twenty twenty five",
    ),
    rule(
        "day in figures",
        _SHORT,
        lambda match: (match["on"] or match["until"]) + _date(match, _british),
        "on 3/5, by 24/12",
        "on the third of May, by the twenty fourth of December",
    ),
)

NAMES: Final = (
    rule(
        "month",
        rf"\b ({_SHORT_MONTH}) (?: \b\.?(?=\s\d) | \b(?={_DASH}{_SHORT_MONTH}\b) )",
        lambda match: data.MONTHS[match[1]],
        "Jan. 5, Jan-Mar",
        "January 5, January-Mar",
    ),
    rule(
        "month that is cut short",
        rf"(?<![\w.-]) ({_SHORT_MONTH}) \. (?= \s[a-z] | , )",
        lambda match: data.MONTHS[match[1]],
        "Jan. to Aug. of that year",
        "January to August of that year",
    ),
    rule(
        "month after its day",
        rf"(\d(?:st|nd|rd|th)?\s | [a-z][–-]) ({_SHORT_MONTH}) \b (?: \. (?=\s[\da-z]|,) )?",
        lambda match: f"{match[1]}{data.MONTHS[match[2]]}",
        "5 Sept. 2024, January-Mar",
        "5 September 2024, January-March",
    ),
    rule(
        "weekday",
        rf"""\b ({_SHORT_DAY}) (?: \.(?=,|\s[a-z\d])
        | \b\.?(?=,\s(?:{_MONTH}|\d) | {_DASH}{_SHORT_DAY}\b
        | \s\d{{1,2}}(?:st|nd|rd|th)?\s(?:{_MONTH}|{_SHORT_MONTH})\b
        | \s{_MONTH}\b | \s(?:@|at\s\d) | \s(?:night|morning|afternoon|evening)\b ) )""",
        lambda match: data.WEEKDAYS[match[1]],
        "Mon-Fri, Wed. morning, Sun, May 5",
        "Monday-Fri, Wednesday morning, Sunday, May 5",
    ),
    rule(
        "weekday after another",
        rf"(day{_DASH}) ({_SHORT_DAY}) \b\.?",
        lambda match: f"{match[1]}{data.WEEKDAYS[match[2]]}",
        "Monday-Fri",
        "Monday-Friday",
    ),
    rule(
        "from one to another",
        rf"\b ({_NAMED}) {_DASH} ({_NAMED}) \b",
        r"\1 to \2",
        "Monday-Friday, May–June",
        "Monday to Friday, May to June",
    ),
    rule(
        "days of a month",
        rf"\b ({_MONTH}) \s ({_DAY})(?:st|nd|rd|th)? {_DASH} ({_DAY})(?:st|nd|rd|th)? {_NO_FIGURE}",
        lambda match: f"{match[1]} {ordinal(match[2])} to {ordinal(match[3])}",
        "May 3-5",
        "May third to fifth",
    ),
    rule(
        "days and their month",
        rf"(?<![\w.,:/$£€-]) ({_DAY})(?:st|nd|rd|th)? {_DASH} ({_DAY})(?:st|nd|rd|th)? \s ({_MONTH}) \b",
        lambda match: f"the {ordinal(match[1])} to the {ordinal(match[2])} of {match[3]}",
        "3-5 May",
        "the third to the fifth of May",
    ),
    rule(
        "month and day",
        rf"\b ({_MONTH}) \s ({_DAY}) {_NO_FIGURE}",
        lambda match: f"{match[1]} {ordinal(match[2])}",
        "May 5",
        "May fifth",
    ),
    rule(
        "day and month",
        rf"(?<![\w.,:/$£€-]) (the\s)? ({_DAY})(?:st|nd|rd|th)? \s (?:of\s)? (?!(?-i:may)\b) ({_MONTH}) \b",
        lambda match: f"the {ordinal(match[2])} of {match[3]}",
        "5 May, the 3rd of June",
        "the fifth of May, the third of June",
        re.IGNORECASE,
    ),
)


# --- Years

_BEFORE_YEARS: Final = frozenset(data.words("before_years"))
_MAY_BE_COUNTED: Final = re.compile(r"[a-z]*[a-rt-z]s|people|men|women|children")
_NOT_COUNTED: Final = frozenset(
    [
        "was",
        "is",
        "has",
        "does",
        "plays",
        "wins",
        "sees",
        "brings",
        "marks",
        "begins",
        "ends",
        "starts",
        "comes",
        "makes",
        "its",
        "this",
    ]
)


def _plain_year(match: re.Match[str]) -> str:
    """Four figures as a year, unless what follows can be counted and what precedes does not tell of time."""
    before, figures, after = (match["before"] or "").lower(), match["year"], (match["after"] or "").strip()
    is_count = _MAY_BE_COUNTED.fullmatch(after) and after not in _NOT_COUNTED
    if is_count and before.strip(" (") not in _BEFORE_YEARS:
        return match[0]
    return f"{match['before'] or ''}{year(figures)}{match['after'] or ''}"


_BEFORE_SECONDS: Final = frozenset(data.words("before_seconds"))


def _tens(match: re.Match[str]) -> str:
    """`80s` as a decade, unless the word before it is one that seconds follow."""
    before = match["before"] or ""
    return match[0] if before.strip().lower() in _BEFORE_SECONDS else f"{before}{decade(match['tens'])}"


YEARS: Final = of_figures(
    rule(
        "year after a quarter",
        rf"\b ([QH][1-4]\s) ({_YEAR}) {_NO_FIGURE}",
        lambda match: f"{match[1]}{year(match[2])}",
        "Q3 2024 earnings",
        "Q3 twenty twenty four earnings",
    ),
    rule(
        "year after a day",
        rf"(\b(?:first|second|third|[a-z]+th),?\s) ({_YEAR}) {_NO_FIGURE}",
        lambda match: f"{match[1]}{year(match[2])}",
        "May fifth, 1971",
        "May fifth, nineteen seventy one",
    ),
    rule(
        "year after a month",
        rf"\b ({_MONTH},?\s) ({_YEAR}) {_NO_FIGURE}",
        lambda match: f"{match[1]}{year(match[2])}",
        "in May 1971",
        "in May nineteen seventy one",
    ),
    rule(
        "two years",
        rf"(?<![\w.,$£€/-]) ({_YEAR}) {_DASH} ({_YEAR}) {_NO_FIGURE}",
        lambda match: f"{year(match[1])} to {year(match[2])}",
        "1914-1918",
        "nineteen fourteen to nineteen eighteen",
    ),
    rule(
        "year and the next",
        rf"(?<![\w.,$£€/-]) ({_YEAR}) [/–-] (\d\d) (?![\w/:%-]|[.,]\d)",
        lambda match: f"{year(match[1])} to {cardinal(match[2].lstrip('0') or '0')}",
        "2019-20",
        "twenty nineteen to twenty",
    ),
    rule(
        "decade of a century",
        r"(?<![\w.,]) '? ((?:1\d|20)\d0) '?s \b",
        lambda match: decade(match[1]),
        "the 1990s and 2000s",
        "the nineteen nineties and two thousands",
    ),
    rule(
        "decade",
        r"(?: (?<!\w)' | \b (?P<before>(?:the|his|her|my|their|our|your|early|late)\s|mid[\s-]) ) ([2-9]0) '?s \b",
        lambda match: f"{match['before'] or ''}{decade(match[2])}",
        "the '90s, her 30s",
        "the nineties, her thirties",
        re.IGNORECASE,
    ),
    rule(
        "one more decade",
        r"((?:[a-z]ies)\s(?:and|or|&)\s) '?([2-9]0) '?s \b",
        lambda match: f"{match[1]}{decade(match[2])}",
        "the eighties & 90s",
        "the eighties & nineties",
    ),
    rule(
        "decade before a noun",
        r"(?P<before> \b[A-Za-z]+\s | ~ )? (?<![\w.,$£€=]) (?P<tens>[1-9]0) s (?= \s[a-z] )",
        _tens,
        "80s music, wait 30s before it",
        "eighties music, wait 30s before it",
    ),
    rule(
        "year of an era",
        r"(?<![\w.,]) (\d{1,4}) \s? (BCE?|CE|AD) \b",
        lambda match: f"{year(match[1])} {match[2]}",
        "1066 AD, 800 BC",
        "ten sixty six AD, eight hundred BC",
    ),
    rule(
        "year of the Lord",
        r"\b AD\s (\d{1,4}) \b",
        lambda match: f"AD {year(match[1])}",
        "AD 79",
        "AD seventy nine",
    ),
    rule(
        "year",
        rf"""(?P<before> \b[A-Za-z]+\s\(? )? (?<![\w\#.,:/$£€¥₹+−-]) (?P<year>{_YEAR})
        (?! [\w%°/:$£€²³-] | [.,]\d | \s?[+*×÷=<>≤≥] | '\w\w ) (?P<after>\s[a-z]+)?""",
        _plain_year,
        "in 1999, 1200 people, in 2010 people",
        "in nineteen ninety nine, 1200 people, in twenty ten people",
    ),
    rule(
        "early year",
        r"""\b ([Ii]n\s) (10\d\d|[3-9]\d\d)
        (?! \w | [.,/:-]\d | % | \s(?!(?:and|the|when|he|she|it|they|after|by|in|was|at)\b)[a-z] )""",
        lambda match: f"{match[1]}{year(match[2])}",
        "in 1066",
        "in ten sixty six",
    ),
)
