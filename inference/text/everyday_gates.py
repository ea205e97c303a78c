"""What a sentence must have for a rule of everyday writing to be tried on it: figures, signs, words. Knows no patterns.

Most sentences have none of it: with these, tables of words may grow and plain text costs no more.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypedDict

from inference.text.rules import PIECE
from inference.text.tables import tables

_TABLES: Final[dict[str, Any]] = tables("everyday_gates")
_WITHOUT_FIGURES: Final = frozenset(_TABLES["without_figures"]["rules"])
_SIGNS: Final = {rule: frozenset(signs) for signs, rules in _TABLES["signs"].items() for rule in rules}
_FOUND: Final = {rule: re.compile(pattern) for rule, pattern in _TABLES["found"].items()}


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
            "found": _FOUND.get(name),
        }

    def _signs(self, name: str) -> frozenset[str]:
        """Single characters: `πr²` is one run of letters, and its first is a sign."""
        if name == "sign":
            return frozenset(sign[0] for sign in self._book.get("signs", ()))
        return _SIGNS.get(name, frozenset())

    def _words(self, name: str) -> frozenset[str]:
        """The first piece of each word of its tables; with a capital, too."""
        tables = (self._book.get(table, ()) for table in _TABLES["words"].get(name, ()))
        words = [word for table in tables for word in (table.split() if isinstance(table, str) else table)]
        pieces = {PIECE.findall(word)[0] for word in words}
        return frozenset(pieces | {f"{piece[0].upper()}{piece[1:]}" for piece in pieces})
