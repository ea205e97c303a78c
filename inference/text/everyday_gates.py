"""What a sentence must have for a rule of everyday writing to be tried on it: figures, signs, words. Knows no patterns.

Most sentences have none of it: with these, tables of words may grow and plain text costs no more.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypedDict

from inference.text.rules import PIECE

_WITHOUT_FIGURES: Final = frozenset(
    [
        *(
            "address",
            "days of the week",
            "fraction",
            "title",
            "abbreviation",
            "abbreviation with its stop",
            "sign",
        ),
        *("before a figure", "sign of a sum", "unit after a part", "century", "king", "Roman ordinal", "per"),
        *(
            "acronym that is a word",
            "acronym",
            "acronyms with a hyphen",
            "Latin letters",
            "letter of a formula",
            "laughter",
            "Roman after an article",
            "counter",
            "reading",
            "unit after a multiple",
            *(
                "saint",
                "second number of a king",
                "extreme of something",
                "power",
                "difference",
                "unit without its number",
                "Roman day",
                "airports",
                "Roman numeral",
                "menu",
            ),
        ),
        *(
            "compound",
            "index",
            "arrow",
            "raised figures",
            "dot between letters",
            "dot of a product",
            "item of an article",
            "range of what is counted",
        ),
        *("day in brackets", "days apart in brackets"),
    ]
)
"""Kinds of rules that find something in a text without figures, too."""

_DASHES: Final = "-−–—~〜～"
_SIGNS: Final = {
    **dict.fromkeys(("address", "version"), "."),
    **dict.fromkeys(("fraction", "out of"), "/½⅓⅔¼¾⅕⅛"),
    **dict.fromkeys(
        (
            "slash between figures",
            "number of a year",
            "per",
            "day and month",
            "days of a list",
            "sets",
            "pressure",
        ),
        "/",
    ),
    "every so many hours": "/",
    "date without its century": "/",
    "date with full stops": ".",
    **dict.fromkeys(("century", "king"), "IVXLCDM"),
    **dict.fromkeys(
        ("Roman ordinal", "Roman numeral", "Roman after an article", "second number of a king", "Roman day"),
        "IVX",
    ),
    **{
        "date": "/.-",
        "date of ISO": "/-",
        "duration": "h",
        "duration with seconds": "h",
        "full hour": "h",
        "time": ":h",
        **dict.fromkeys(("ratio", "ratio of several"), ":："),
    },
    **dict.fromkeys(
        ("hours with a full stop", "time with a full stop", "saint", "abbreviation with its stop"), "."
    ),
    **dict.fromkeys(("size", "product", "score of so many", "so many times", "product of a sum"), "x×"),
    **dict.fromkeys(("days of the week", "hours apart", "range"), _DASHES),
    "negative": f"{_DASHES}▲△",
    "difference": "=²³(",
    **{"angle": "°º", "degrees of the compass": "°º", "minute of a match": "'", "arrow": "→⟶⇒⟹⇌"},
    **dict.fromkeys(("compound", "index"), "₀₁₂₃₄₅₆₇₈₉"),
    **dict.fromkeys(("hours by a slash", "so much in so many hours", "all hours"), "/"),
    "verse": ",:.",
    "money from and to": _DASHES,
    **dict.fromkeys(("number with a hyphen", "scores of sets"), "-"),
    "about": "~",
    "raised figures": "⁻⁰¹²³⁴⁵⁶⁷⁸⁹",
    **dict.fromkeys(("dot between letters", "dot of a product"), "·"),
    "item of an article": "º",
    **{
        "number in groups": "./-",
        "code with hyphens": "-",
        "row of numbers": "–-",
        "airports": "/–-",
        "years in brackets": "(",
        "menu": ">",
    },
    **{
        "score": f":：{_DASHES}",
        "percent": "%％",
        "degrees": "º°",
        "extreme": "º°",
        "exponent": "^",
        "power of a number": "^⁻⁰¹²³⁴⁵⁶⁷⁸⁹",
        "unit without its number": "kB",
        "power": "²³",
    },
    **{
        "minutes and seconds": "'\"",
        "postcode after a dash": _DASHES,
        "first of a month": "/",
        "count in short": "kKM",
    },
}
"""Of each match of these rules at least one."""


_WORDS: Final = {
    "title": ("titles",),
    "abbreviation": ("abbreviations",),
    "abbreviation with its stop": ("with_stop", "no_words"),
    "before a figure": ("before_figures",),
    "king": ("reigning",),
    "second number of a king": ("reigning",),
    "century": ("centuries",),
    "acronym that is a word": ("acronyms",),
    "Roman after an article": ("articles",),
    "days of the week": ("weekdays",),
    "sign of a sum": ("currencies",),
    "extreme of something": ("extremes",),
    "verse": ("scripture",),
}
"""Of each match of these rules at least one, of these tables of the phrase book."""

_FOUND: Final = {
    "address": r"[.@]\w",
    "unit after a multiple": r"[万億兆千百何数亿几]\s?[a-zA-Z%°℃µμ]",
    "acronym": r"[A-Z]{2}",
    "acronyms with a hyphen": r"[A-Z]-[A-Z]",
}
"""What each match of these rules has, as a pattern that is quicker to look for than the whole."""


class Gate(TypedDict):
    """The fields of a rule that say where it is tried."""

    needs_figure: bool
    signs: frozenset[str]
    words: frozenset[str]
    found: re.Pattern[str] | None


class Gates:
    """Of the rules of one language. Lives as long as they are made."""

    def __init__(self, book: dict[str, Any]) -> None:
        self._book: Final = book
        self._is_spaced: Final = book["locale"] not in {"ja", "zh"}

    def of(self, name: str) -> Gate:
        """For the rule of that name."""
        return {
            "needs_figure": name not in _WITHOUT_FIGURES,
            "signs": self._signs(name),
            "words": self._words(name) if self._is_spaced else frozenset(),
            "found": re.compile(_FOUND[name]) if name in _FOUND else None,
        }

    def _signs(self, name: str) -> frozenset[str]:
        """Single characters: `πr²` is one run of letters, and its first is a sign."""
        if name == "sign":
            return frozenset(sign[0] for sign in self._book.get("signs", ()))
        return frozenset(_SIGNS.get(name, ""))

    def _words(self, name: str) -> frozenset[str]:
        """The first piece of each word of its tables; with a capital, too."""
        tables = (self._book.get(table, ()) for table in _WORDS.get(name, ()))
        words = [word for table in tables for word in (table.split() if isinstance(table, str) else table)]
        pieces = {PIECE.findall(word)[0] for word in words}
        return frozenset(pieces | {f"{piece[0].upper()}{piece[1:]}" for piece in pieces})
