"""Roman numerals in English: kings, chapters, sequels. Knows no other numbers."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from inference.text import english_data as data
from inference.text.english_numbers import ordinal
from inference.text.roman import NUMERAL, value
from inference.text.rules import any_of, rule

_NO_NUMERAL: Final = r"\b (?! ['’](?!s\b)\w | \.\w | -(?![A-H]\b)\w )"
_ANY_NUMERAL: Final = rf"(?: {NUMERAL} {_NO_NUMERAL} )"
_NUMERAL: Final = rf"(?: (?=[IVX]{{2}}) (?!XXX?\b) {NUMERAL} {_NO_NUMERAL} )"
"""Of two letters or more: alone they are most often other things."""


def _sequel(match: re.Match[str]) -> str:
    """`Rocky III`; not `An IV`: an intravenous drip has no other name."""
    if match[2] == "IV" and match[1][-2].isdigit():
        return match[0]
    if match[2] == "IV" and match[1].strip() in {"An", "The", "Her", "His", "Start", "Their", "Your", "No"}:
        return match[0]
    return f"{match[1]}{value(match[2])}"


_NUMERAL_ALONE: Final = re.compile(NUMERAL, re.VERBOSE)


def _small(numeral: str) -> str:
    """A numeral in small letters in figures; as it is if it is none."""
    return str(value(numeral.upper())) if _NUMERAL_ALONE.fullmatch(numeral.upper()) else numeral


def _small_numeral(match: re.Match[str]) -> str:
    numeral = match[2].upper()
    return f"{match[1]}{value(numeral)}" if _NUMERAL_ALONE.fullmatch(numeral) else match[0]


def _row(match: re.Match[str]) -> str:
    """Numerals one after the other in figures, if they grow and are not all single letters."""
    numerals = _LETTERS.findall(match[0])
    values = [value(numeral) if _NUMERAL_ALONE.fullmatch(numeral) else 0 for numeral in numerals]
    grows = all(first < second for first, second in pairwise((0, *values)))
    if not grows or max(map(len, numerals)) == 1:
        return match[0]
    row = _LETTERS.sub(lambda numeral: str(value(numeral[0])), match[0])
    return _TO.sub(" to ", row)


_LETTERS: Final = re.compile("[IVX]+")
_TO: Final = re.compile(r"\s?[–-]\s?")

ROMAN: Final = (
    rule(
        "king",
        rf"\b (?!Malcolm\sX\b) ({any_of(data.words('reigning'))}) \s ({_ANY_NUMERAL}) (?<! \s[CDLM] )",
        lambda match: f"{match[1]} the {ordinal(str(value(match[2])))}",
        "Louis XIV",
        "Louis the fourteenth",
    ),
    rule(
        "chapter",
        rf"""\b ((?i:{any_of(data.words("numbered"))})s?\s) (?![CDLM]\b) ({_ANY_NUMERAL})
        (?: (?<!\sI) | (?! \s(?:am|was|have|had|will|would|think|know|can|could|do|did|want|need|see|saw|like)\b ) )""",
        lambda match: f"{match[1]}{value(match[2])}",
        "Chapter IV",
        "Chapter 4",
    ),
    rule(
        "chapter in small letters",
        rf"\b ((?i:{any_of(data.words('numbered'))})\s) ([ivx]{{2,5}}|v) (?![\w'-])",
        _small_numeral,
        "Scene ii",
        "Scene 2",
    ),
    rule(
        "pages in small letters",
        r"\b (?:(p)p?\.\s?|([Pp]ages?\s)) ([ivxl]{1,6}) (?: (?:\s?[–-]\s?) ([ivxl]{1,6}) )? (?![\w'-])",
        lambda m: (
            f"{m[2] or ('pages ' if m[4] else 'page ')}{_small(m[3])}{f' to {_small(m[4])}' if m[4] else ''}"
        ),
        "pp. xii–xv and page ix",
        "pages 12 to 15 and page 9",
    ),
    rule(
        "numerals in a row",
        rf"""\b [IVX]{{1,5}} (?: (?: ,\s(?:(?:and|or)\s)? | \s(?:and|or|to|through|&)\s | \s?[–-]\s? )
        [IVX]{{1,5}} {_NO_NUMERAL} ){{1,9}}""",
        _row,
        "I, II and III or V–VII, but I or X",
        "1, 2 and 3 or 5 to 7, but I or X",
    ),
    rule(
        "one more chapter",
        rf"(\d,?\s(?:and|to|or)\s) ({_NUMERAL})",
        lambda match: f"{match[1]}{value(match[2])}",
        "Parts 1 and II",
        "Parts 1 and 2",
    ),
    rule(
        "one of a family",
        rf"\b ((?:{any_of(data.TITLES.values())})\s(?:[A-Z][a-z]+\s){{1,2}}) (I{{2,3}}|IV) \b",
        lambda match: f"{match[1]}the {ordinal(str(value(match[2])))}",
        "General Lee III",
        "General Lee the third",
    ),
    rule(
        "team",
        r"((?:\dst|\dnd|\drd|\dth)\s) (X[IV]) (?=\b)",
        lambda match: f"{match[1]}{value(match[2])}",
        "the 1st XI",
        "the 1st 11",
    ),
    rule(
        "sequel",
        rf"\b ((?:[A-Z][a-z]+|[A-Z]{{1,3}}\d{{1,4}})\s) ({_NUMERAL})",
        _sequel,
        "World War II, Rocky III, An IV drip",
        "World War 2, Rocky 3, An IV drip",
    ),
)
