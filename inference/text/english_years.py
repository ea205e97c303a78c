"""Years and decades in English, with their months and days already in words. Knows no days."""

from __future__ import annotations

import re
from typing import Final

from inference.text import english_data as data
from inference.text.english_dates import DASH, MONTH, NO_FIGURE
from inference.text.english_numbers import cardinal, decade, year
from inference.text.rules import of_figures, rule

_YEAR: Final = r"(?:1[1-9]\d\d|20\d\d)"
_OLD_YEAR: Final = r"(?:1\d\d\d|20\d\d)"
"""Also those that are counts elsewhere: `1066`."""

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
    return f"{match['before'] or ''}{year(figures)}"


_BEFORE_SECONDS: Final = frozenset(data.words("before_seconds"))


def _tens(match: re.Match[str]) -> str:
    """`80s` as a decade, unless the word before it is one that seconds follow."""
    before = match["before"] or ""
    return match[0] if before.strip().lower() in _BEFORE_SECONDS else f"{before}{decade(match['tens'])}"


YEARS: Final = of_figures(
    rule(
        "year after a quarter",
        rf"\b ([QH][1-4]\s) ({_YEAR}) {NO_FIGURE}",
        lambda match: f"{match[1]}{year(match[2])}",
        "Q3 2024 earnings",
        "Q3 twenty twenty four earnings",
    ),
    rule(
        "year after a day",
        rf"(\b(?:first|second|third|[a-z]+th),?\s) ({_OLD_YEAR}) {NO_FIGURE}",
        lambda match: f"{match[1]}{year(match[2])}",
        "May fifth, 1971",
        "May fifth, nineteen seventy one",
    ),
    rule(
        "year after a month",
        rf"\b ({MONTH},?\s) ({_OLD_YEAR}) {NO_FIGURE}",
        lambda match: f"{match[1]}{year(match[2])}",
        "in May 1971",
        "in May nineteen seventy one",
    ),
    rule(
        "two years",
        rf"(?<![\w.,$£€/-]) ({_YEAR}) {DASH} ({_YEAR}) {NO_FIGURE}",
        lambda match: f"{year(match[1])} to {year(match[2])}",
        "1914-1918",
        "nineteen fourteen to nineteen eighteen",
    ),
    rule(
        "year and the next",
        rf"(?: (?<![\w.,$£€/-]) | \b(FY)\s? ) ({_YEAR}) [/–-] (\d\d) (?![\w/:%-]|[.,]\d)",
        lambda match: (
            f"{f'{match[1]} ' if match[1] else ''}{year(match[2])} to {cardinal(match[3].lstrip('0') or '0')}"
        ),
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
        "years of a century from and to",
        r"(?<!\w)'(\d\d)\s?[–-]\s?'?(\d\d)(?![\w'])",
        r"'\1 to '\2",
        "'68-'72",
        "'68 to '72",
    ),
    rule("early year of a century", r"(?<!\w)'0([1-9])(?![\w'])", r"oh \1", "since '09", "since oh 9"),
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
        (?! [\w%°/:$£€²³-] | [.,]\d | \s?[+*×÷=<>≤≥] | '\w\w ) (?= (?P<after>\s[a-z]+)? )""",
        _plain_year,
        "in 1999, 1200 people, in 2010 versus 2019 people",
        "in nineteen ninety nine, 1200 people, in twenty ten versus twenty nineteen people",
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
