"""What a full stop may belong to without ending a sentence, by language: words that its data file reads out."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from inference.languages import BY_CODE
from inference.text import english_data
from inference.text.rules import any_of
from inference.text.tables import tables

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST: Final = 16
"""Characters before a full stop among which an abbreviation is looked for."""

_TABLES: Final = ("titles", "abbreviations")
"""Of a phrase book. What stands before figures only is left out: there a sentence goes on anyway."""


@cache
def ending(code: str) -> re.Pattern[str]:
    """Finds in the last LONGEST characters of a possible sentence, its full stop included, that it may be none.

    Besides the words of the language these are letters (`J.`), letters with full stops between them (`e.g.`), words
    without a vowel (`Sgt.`) and the number of a list item.
    """
    first_parts = {word.partition(". ")[0].rstrip(".") for word in _words(code)}  # of `EE. UU.`
    known = [word for word in first_parts if "." not in word and len(word) < LONGEST]
    return re.compile(
        rf"""(?: \w\.\w+ | \b[^\W\d_] | ^\d{{1,3}} | \b[A-Z][^\W\d_aeiouyAEIOUYÀ-ÖØ-öø-ÿ]{{1,3}}
        | (?<![^\W\d_]){any_of(known)} ) \.$""",
        re.VERBOSE,
    )


def _words(code: str) -> Iterable[str]:
    language = BY_CODE.get(code)
    if language is not None and language.base == "en":
        data = english_data
        before_letters = data.words("before_letters")
        return {
            *data.TITLES,
            *data.STREETS,
            *data.ABBREVIATIONS,
            *data.MONTHS,
            *data.WEEKDAYS,
            *before_letters,
        }
    try:
        book = tables(code)
    except FileNotFoundError:
        return ()
    return {word for table in _TABLES for word in book.get(table, ())}
