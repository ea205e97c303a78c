"""Fractions, ranges and arithmetic in English. Knows neither money nor units."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from inference.text import english_data as data
from inference.text.characters import voiced
from inference.text.english_numbers import cardinal, fraction, in_pairs
from inference.text.rules import any_of, rule

_DASH: Final = r"\s?[–—-]\s?"
_UNIT: Final = any_of(data.UNITS)

# --- Fractions and ranges

_VULGAR: Final = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒"
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
    if int(numerator) >= int(denominator) or (denominator in {"10", "100"} and numerator != "1"):
        return (
            match[0]
            if denominator not in {"5", "10", "20", "100"}
            else f"{numerator} out of {denominator}{after}"
        )
    return fraction(numerator, denominator) + after


def _blood_pressure(match: re.Match[str]) -> str:
    high, low = in_pairs(match[1] or match[5]), in_pairs(match[2] or match[6])
    unit = " millimeters of mercury" if match[3] or match[7] else ""
    return f"{match[4] or ''}{high} over {low}{unit}"


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
    rule("time of music", r"(?<![\w/])(\d{1,2})/(2|4|8|16)(?=\stime\b)", r"\1 \2", "6/8 time", "6 8 time"),
    rule(
        "number with a fraction",
        rf"(?<![\w/.,])(\d{{1,4}})[\s-](\d{{1,2}})/({_PARTS})(?![\w/]|\.\d)",
        _mixed,
        "1 1/2 cups",
        "1 and a half cups",
    ),
    rule(
        "fraction",
        rf"(?<![\w/.,])(\d{{1,4}})/({_PARTS})(?![\d/]|\.\d|[A-Za-z])(\san?\b)?",
        _part,
        "1/2 cup, 3/4, ½ is 1/2 an apple",
        "one half cup, three quarters, ½ is half an apple",
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
        r"(?<=[a-z])(\s)(\d)[–-](\d)(?=\s[A-Z][a-z])",
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

_SET: Final = r"[0-7]-[0-7](?:\s?\(\d{1,2}(?:-\d{1,2})?\))?"

RANGES: Final = (
    rule(
        "sets",
        rf"(?<![\w.,-])(?:{_SET},?\s(?:and\s)?){{1,4}}{_SET}(?![\w.-]\d)",
        lambda m: m[0].replace("-", " "),
        "won 4-6, 7-6 (7-3), 6-2",
        "won 4 6, 7 6 (7 3), 6 2",
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
        rf"(?<![\w.,–-])({_RANGED}(?:\s?%|°)?){_DASH}({_RANGED})(?![\w–-]|\.\d)(?!-\d)|(?<![\w.,–-])({_RANGED}){_DASH}({_RANGED})(?=[\s-]?(?:{_UNIT})(?![\w-]))",
        lambda m: f"{m[1] or m[3]} to {m[2] or m[4]}",
        "10-15 people, 5 – 6%, 3-5km",
        "10 to 15 people, 5 to 6%, 3 to 5km",
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


# --- Arithmetic

_SUPERSCRIPT: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")
_SUBSCRIPT: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def _power(match: re.Match[str]) -> str:
    exponent = (match[1] or match[2]).translate(_SUPERSCRIPT)
    plain = {"2": "squared", "3": "cubed"}.get(exponent)
    return f" {plain}" if plain else f" to the power of {exponent.replace('-', 'minus ')}"


_OF_TYPES: Final = r"<\w{1,30}(?:,\s?\w{1,30}){0,3}>"
"""Brackets, not signs: `Map<K, V>`."""


def _compared(match: re.Match[str]) -> str:
    sign = match[1] or match[2] or match[3]
    return {"<": " is less than ", ">": " is greater than "}[sign] if sign else match[0]


ARITHMETIC: Final = (
    rule(
        "note of a page",
        r"(?:(?<=[a-z]{4})|(?<=[.,;:!?”)]))[¹²³⁴-⁹]{1,2}(?!\w)",
        "",
        "may vary¹, not x²",
        "may vary, not x²",
    ),
    rule(
        "isotope",
        r"(?<!\w)([¹²³⁴-⁹⁰]{1,3})([A-Z][a-z]?)\b",
        lambda m: f"{m[1].translate(_SUPERSCRIPT)} {m[2]}",
        "¹⁴C",
        "14 C",
    ),
    rule(
        "power",
        r"(?:(?<=[\w)])([⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+)|(?<=[\w)])\s?\^\s?(-?\w{1,6}))",
        _power,
        "x² + 2^10",
        "x squared + 2 to the power of 10",
    ),
    rule(
        "a in a formula",
        r"(?<![\w'-])a(?=\s(?:squared|cubed|to\sthe\spower)\b|\s?[=≠<>≤≥+×÷−]|\s-\s[a-z\d]\b)|(?<=[=≠≤≥+×÷−]\s)a(?=\s?(?:[+×÷−*/),.;]|$))",
        voiced("ˈA"),
        "a squared + a",
        f"{voiced('ˈA')} squared + {voiced('ˈA')}",
    ),
    rule(
        "base of a logarithm",
        r"\blog([₀₁₂₃₄₅₆₇₈₉]+)",
        lambda m: f"log base {m[1].translate(_SUBSCRIPT)} of ",
        "log₂8",
        "log base 2 of 8",
    ),
    rule("element", r"([A-Z])([a-z])(?=[₀-₉])", lambda m: f"{m[1]} {m[2].upper()}", "Fe₂", "F E₂"),
    rule("index", r"(?<=\w)([₀₁₂₃₄₅₆₇₈₉]+)", lambda m: f" {m[1].translate(_SUBSCRIPT)} ", "H₂O", "H 2 O"),
    rule(
        "function",
        r"\b([fghFGHP])('{0,2})\(([a-z]|\d{1,3})\)",
        lambda m: f"{m[1]}{ {2: ' double', 1: '', 0: ''}[len(m[2])] }{' prime' if m[2] else ''} of {m[3]}",
        "f(x), g'(2)",
        "f of x, g prime of 2",
    ),
    rule(
        "function of an angle",
        r"\b(a?rc)?(sin|cos|tan)(h?)(?=\s?(?:[²³θαβφωπ(^]|squared|cubed)|\s(?:x|y|t|\d))",
        lambda m: f"{m[1] or ''}{ {'sin': 'sine', 'cos': 'cosine', 'tan': 'tangent'}[m[2]] }{m[3]}",
        "sin²θ + cos x",
        "sine²θ + cosine x",
    ),
    rule(
        "product",
        r"(?<=\d)\s?[x×]\s?(?=[\d.,]+\s?=)",
        " times ",
        "7 x 8 = 56",
        "7 times 8 = 56",
    ),
    rule("root", r"√\s?(?=[\w(])", "the square root of ", "√16", "the square root of 16"),
    rule(
        "no doubled article",
        r"\b([Tt]he)\sthe\ssquare",
        r"\1 square",
        "the the square root",
        "the square root",
    ),
    rule(
        "division",
        r"(?<=[\d)])\s/\s(?=[\d(])|(?<=[\d)])/(?=\d+\s*=)",
        " divided by ",
        "10 / 2",
        "10 divided by 2",
    ),
    rule(
        "less, greater",
        rf"""{_OF_TYPES} | (?<=[\w)]) (?: \s?([<>])\s?(?=[\d-]|\.\d) | \s([<>])\s(?=[\w(])
        | (?! {_OF_TYPES} | <\w{{2,30}}< ) ([<>])(?=[\w(]) )""",
        _compared,
        "x < y, 5>3, x<y, but List<T>",
        "x is less than y, 5 is greater than 3, x is less than y, but List<T>",
    ),
    rule(
        "question of more or less",
        r"\b ([Ii]s\s[\w.]+\s) is\s (greater|less)",
        r"\1\2",
        "Is 7 is greater than 5?",
        "Is 7 greater than 5?",
    ),
    rule("factorial", r"(?<=\b[a-z\d])!(?=\s?[=+*/×-])", " factorial", "5! = 120", "5 factorial = 120"),
    rule(
        "minus",
        r"(?<=[\d)])\s?−\s?(?=[\w(])|(?<=\b[a-z])\s[−-]\s(?=[a-z\d]\b)|(?<=[\d)])\s-\s(?=[a-z]\b)|(?:(?<=squared)|(?<=cubed)|(?<=\d[a-z]))\s-\s(?=[\w(])",
        " minus ",
        "x - y",
        "x minus y",
    ),
)
