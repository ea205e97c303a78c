"""Fractions, scores and ranges in English. Knows neither money nor units, nor what is calculated."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from inference.text import english_data as data
from inference.text.english_arithmetic import IN_FORMULA
from inference.text.english_numbers import cardinal, fraction, in_pairs
from inference.text.rules import any_of, rule

_DASH: Final = r"(?:\s?[–-]\s?|—)"
_UNIT: Final = any_of(data.UNITS)

# --- Fractions and ranges

_VULGAR: Final = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒"
_READ_OVER: Final = frozenset("2345678")
"""Below a line of a formula: `3/2` is three halves there, and elsewhere a date or a score."""

_PARTS: Final = r"(?:2|3|4|5|6|7|8|9|10|12|16|20|32|40|50|60|64|80|100|125|250|500|1000|2000|4000)"


def _plain_fraction(sign: str) -> str:
    return unicodedata.normalize("NFKC", sign).replace("⁄", "/")


def _mixed(match: re.Match[str]) -> str:
    """`1 1/2` as `1 and a half`."""
    part = fraction(match[2], match[3])
    return f"{match[1]} and {f'a {part[4:]}' if match[2] == '1' else part}"


def _part(match: re.Match[str]) -> str:
    numerator, denominator, after = match[1], match[2], match[3] or ""
    if after.strip() in {"a", "an"} and denominator == "2":
        return f"half{after}"
    if int(numerator) > int(denominator) and denominator in _READ_OVER and IN_FORMULA.search(match.string):
        return fraction(numerator, denominator) + after
    if int(numerator) >= int(denominator) or (denominator in {"10", "100"} and numerator != "1"):
        return (
            match[0]
            if denominator not in {"5", "10", "20", "100"}
            else f"{numerator} out of {denominator}{after}"
        )
    return fraction(numerator, denominator) + after


def _time_of_music(match: re.Match[str]) -> str:
    if match[1]:
        return f"{match[1]} {match[2]}"
    return f"{match[3]} {match[4]}" if _OF_MUSIC.search(match.string) else match[0]


_OF_MUSIC: Final = re.compile(
    rf"\b(?i:{any_of(data.words('music'))})\b|\b[A-G][♭♯]?\s(?:(?:flat|sharp)\s)?(?:major|minor)\b|♩",
    re.VERBOSE,
)


def _blood_pressure(match: re.Match[str]) -> str:
    high, low = in_pairs(match[1] or match[5]), in_pairs(match[2] or match[6])
    unit = " millimeters of mercury" if match[3] or match[7] else ""
    return f"{match[4] or ''}{high} over {low}{unit}"


_PART_NAMED: Final = r"(?:half|halves|quarters?|thirds?|[a-z]{3,12}ths?)"

FRACTIONS: Final = (
    rule(
        "blood pressure",
        r"(?<![\w/])(\d{2,3})/(\d{2,3})(\s?mm\s?Hg\b)"
        r"|\b((?i:BP|blood\spressure):?(?:\s(?:is|was|of|at|to|reads)){0,2}\s)(\d{2,3})/(\d{2,3})(\s?mm\s?Hg\b)?(?![\w/])",
        _blood_pressure,
        "BP was 120/80",
        "BP was one twenty over eighty",
    ),
    rule(
        "fraction sign",
        f"(?:(\\d)\\s?)?([{_VULGAR}])",
        lambda m: f"{m[1] or ''}{' ' if m[1] else ''}{_plain_fraction(m[2])}",
        "3½ or ¾",
        "3 1/2 or 3/4",
    ),
    rule(
        "always",
        r"(?<![\w/])(24/7|9/11|50[/-]50|60[/-]40|70[/-]30|80[/-]20|90[/-]10|20/20)(?![\w/-])(?!\s[a-z]+s\b)",
        lambda m: " ".join(cardinal(part) for part in re.split("[/-]", m[1])),
        "open 24/7, a 50-50 chance",
        "open twenty four seven, a fifty fifty chance",
    ),
    rule(
        "time of music",
        r"(?<![\w/.])(?<!\d[ -])(?:(\d{1,2})/(2|4|8|16)(?=\stime\b)"
        r"|([2-9]|1[0-5])/(4|8|16)(?![\w/%-]|[.,]\d|\sof\b|\snotes?))",
        _time_of_music,
        "6/8 time, a waltz in 3/4 but 2/4 of it",
        "6 8 time, a waltz in 3 4 but 2/4 of it",
    ),
    rule(
        "grade out of the best",
        r"(?<![\w/.,$£€])(\d{1,2}\.\d{1,2})/(5|10|100)(?![\w/]|[.,]\d|\s?[=×])",
        r"\1 out of \2",
        "4.5/5 stars",
        "4.5 out of 5 stars",
    ),
    rule(
        "points out of all",
        r"\b(HP|MP|XP|SP|[Hh]ealth|[Mm]ana|[Ss]tamina|[Ss]core|[Ss]cored)(:?\s)(\d{1,4})/(\d{1,4})(?![\w/]|[.,]\d)",
        r"\1\2\3 out of \4",
        "HP: 12/20",
        "HP: 12 out of 20",
    ),
    rule(
        "up and down",
        r"([▲▼])\s?(?=[$£€]?\d)",
        lambda m: "up " if m[1] == "▲" else "down ",
        "▲1.8%, ▼ $2",
        "up 1.8%, down $2",
    ),
    rule(
        "number with a fraction",
        rf"(?<![\w/.,])(\d{{1,4}})[\s-](\d{{1,2}})/({_PARTS})(?![\w/]|\.\d)",
        _mixed,
        "1 1/2 cups",
        "1 and a half cups",
    ),
    rule(
        "fraction",
        rf"(?<![\w/.,])(\d{{1,4}})/({_PARTS})(?:th|rd)?(?![\d/]|\.\d|[A-Za-z])(\san?\b)?",
        _part,
        "1/2 cup, 3/4, ½ is 1/2 an apple, 1/12th",
        "one half cup, three quarters, ½ is half an apple, one twelfth",
    ),
    rule(
        "range of fractions",
        rf"\b({_PART_NAMED})\s?[–-]\s?(?=(?:one|two|three|five|seven)\s{_PART_NAMED}\b)",
        r"\1 to ",
        "one quarter–one half cup",
        "one quarter to one half cup",
    ),
)
_RANGED: Final = r"\d+(?:,\d{3})*(?:\.\d+)?"


def _score(match: re.Match[str]) -> str:
    return match[1] + " ".join("nil" if goals == "0" else goals for goals in match.groups()[1:])


BRITISH_SCORES: Final = (
    rule(
        "goals",
        rf"\b ((?:{any_of(data.words('scored'))}) \b [^.\d]{{0,40}}? \s) (\d) [–-] (\d) (?![\w–-]|\.\d)",
        _score,
        "They won the final 3-0",
        "They won the final 3 nil",
        re.IGNORECASE,
    ),
    rule(
        "goals between names",
        r"(?<=[a-z])(\s)(\d)[–-](\d)(?=\s[A-Z][A-Za-z])",
        _score,
        "Arsenal 1-0 Spurs",
        "Arsenal 1 nil Spurs",
    ),
    rule(
        "minute of a goal",
        r"\b([A-Z][a-z]+\s)(\d{1,2})'(?=[,)]|\s[a-z])",
        r"\1\2 minutes",
        "(Saka 34')",
        "(Saka 34 minutes)",
    ),
)

_SET: Final = r"[0-7][–-][0-7](?:\s?\(\d{1,2}(?:[–-]\d{1,2})?\))?"


def _cricket(match: re.Match[str]) -> str:
    """`287/6` of runs and wickets; a bowler's `5/32` of wickets and runs is said alike."""
    is_total = len(match[1]) == 3 and len(match[2]) == 1  # noqa: PLR2004 - nothing else looks like that
    if not _CRICKET.search(match.string) and (not is_total or IN_FORMULA.search(match.string)):
        return match[0]
    return f"{match[1]} for {match[2]}{' declared' * bool(match[3])}"


_CRICKET: Final = re.compile(rf"\b(?i:{any_of(data.words('cricket'))})\b", re.VERBOSE)

RANGES: Final = (
    rule(
        "runs for wickets",
        r"(?<![\w/.,$£€-]) (?!24/7\b) (\d{1,3})/(\d{1,3}) (\s?d(?:ec)?\b\.?)? (?![\w/]|\.\d)",
        _cricket,
        "closed on 287/6 after 90 overs",
        "closed on 287 for 6 after 90 overs",
    ),
    rule(
        "sets",
        rf"(?<![\w.,-])(?:{_SET},?\s(?:and\s)?){{1,4}}{_SET}(?![\w.-]\d)",
        lambda m: re.sub("[–-]", " ", m[0]),
        "won 4-6, 7-6 (7-3), 6–2",
        "won 4 6, 7 6 (7 3), 6 2",
    ),
    rule(
        "range of codes",
        r"\b([A-Z]{1,2})(\d{1,3})[–-]\1(\d{1,3})\b",
        r"\1\2 to \1\3",
        "J10–J11",
        "J10 to J11",
    ),
    rule(
        "difference",
        r"(?<=\d)\s+[–−-]\s+(?=\d[\d.,]*\s*=)|(?<=\d)[–-](?=\d[\d.,]*\s*=)|(?<==\s\d)\s[–-]\s(?=\d)",
        " minus ",
        "5 - 3 = 2",
        "5 minus 3 = 2",
    ),
    rule(
        "range",
        rf"(?<![\w.,^–-])({_RANGED}(?:\s?%|°)?){_DASH}({_RANGED})(?![\w–-]|\.\d)(?!-\d)|(?<![\w.,–-])({_RANGED}){_DASH}({_RANGED})(?=[\s-]?(?:{_UNIT})(?![\w-]))",
        lambda m: f"{m[1] or m[3]} to {m[2] or m[4]}",
        "10-15 people, 5 – 6%, 3-5km",
        "10 to 15 people, 5 to 6%, 3 to 5km",
    ),
    rule(
        "range of numbers with letters",
        r"(?<=\d[a-f])[–-](?=\d+[a-f]\b)",
        " to ",
        "514a–520a",
        "514a to 520a",
    ),
    rule(
        "range of letters",
        r"\b([A-Z])[–-]([A-Z])\b(?!-)",
        lambda m: f"{m[1]} to {m[2]}" if m[1] < m[2] else m[0],
        "A-Z",
        "A to Z",
    ),
    rule(
        "negative number", r"(?<![\w)\]%])[-−–](?=\.?\d)", "minus ", "at -5 or −.5", "at minus 5 or minus .5"
    ),
    rule("more", r"(?<=\d)\+(?=\s[a-z]|[,.;!?)]|$)", " plus", "18+ only", "18 plus only"),
)
