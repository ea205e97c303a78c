"""A rule of the text front end: what is found, what is said for it, and an example that is its test.

Knows no language. A table of rules is applied from top to bottom, each to all of a sentence.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Said: TypeAlias = str | Callable[[re.Match[str]], str]
    """A template of `re.sub`, or what makes the words of a match."""


_FIGURE: Final = re.compile(r"\d")
PIECE: Final = re.compile(r"[^\W\d_]+|[^\w\s]")
"""A run of letters, or a sign."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is written otherwise than it is said. Lives as long as its module."""

    name: str
    pattern: re.Pattern[str]
    """Linear: it never goes over the same characters again for each place it may begin at."""

    said: Said
    written: str
    """An example: a sentence to which only this rule is applied ..."""

    spoken: str
    """... and what becomes of it."""

    needs_figure: bool = False
    """It finds nothing in a text without one, and is not tried there."""

    signs: frozenset[str] = frozenset()
    """Characters of which each match has one, if there are any: it is not tried in a text without them."""

    words: frozenset[str] = frozenset()
    """The same of whole runs of letters and of signs, as PIECE finds them."""

    found: re.Pattern[str] | None = None
    """The same of a pattern that begins with plain characters: `re` finds those twenty times as fast."""

    def apply(self, text: str) -> str:
        """`text` with every match said.

        Searched first: `sub` looks its template up (1 to 2 µs) even where nothing matches, as in most texts.
        """
        return self.pattern.sub(self.said, text) if self.pattern.search(text) else text


def rule(name: str, pattern: str, said: Said, written: str, spoken: str, flags: int = 0) -> Rule:
    """A rule whose pattern is written with spaces and comments (re.VERBOSE)."""
    return Rule(name, re.compile(pattern, re.VERBOSE | flags), said, written, spoken)


def apply(rules: Iterable[Rule], text: str) -> str:
    """`text` after all rules, in their order."""
    has_figure, characters, words = _traits(text)
    for each in rules:
        if (
            (each.needs_figure and not has_figure)
            or (each.signs and each.signs.isdisjoint(characters))
            or (each.words and each.words.isdisjoint(words))
            or (each.found and not each.found.search(text))
        ):
            continue
        before, text = text, _applied(each, text)
        if text != before:
            has_figure, characters, words = _traits(text)
    return text


def _traits(text: str) -> tuple[bool, frozenset[str], frozenset[str]]:
    """Whether there is a figure, the characters, and the pieces."""
    return _FIGURE.search(text) is not None, frozenset(text), frozenset(PIECE.findall(text))


def _applied(each: Rule, text: str) -> str:
    """`text` with every match said; as it was where that fails: better read as it is written than not at all.

    The tests of this project take the warning for an error. It says nothing of the text.
    """
    try:
        return each.apply(text)
    except Exception as error:
        warnings.warn(f"the rule {each.name!r} failed: {type(error).__name__}", RuntimeWarning, stacklevel=2)
        return text


def of_figures(*rules: Rule) -> tuple[Rule, ...]:
    """Rules that find nothing in a text without figures."""
    return tuple(replace(each, needs_figure=True) for each in rules)


def any_of(words: Iterable[str]) -> str:
    """A verbose pattern that matches one of `words`, the longest first; nothing at all if there are none.

    By their first characters: `re` tries one word after the other, and with 200 of them that is most of its time.
    """
    by_first: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        by_first.setdefault(word[:1], []).append(re.escape(word[1:]))
    each = "|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in by_first.items())
    return f"(?:{each})" if each else "(?!)"
