"""Written words with several readings, and which of them is meant where. Knows no language.

They are in the phrase book, by where they stand: `before«written»after`, of which only `written` is said otherwise.
What stands before are alternatives, each of one length; what stands after is a pattern. `written` alone is a word that
is always read so. Of those that begin with the same character the first that matches is taken.
"""

from __future__ import annotations

import re
from typing import Final

_PLACE: Final = re.compile(r"(?:(?P<before>[^«»]+)«)?(?P<written>[^«»]+)(?:»(?P<after>.*))?")


class Readings:
    """The readings of one language. Lives as long as its rules."""

    def __init__(self, readings: dict[str, str]) -> None:
        """What is said, by where it stands."""
        by_first: dict[str, list[tuple[str, str]]] = {}
        for place, said in readings.items():
            first, rest = _pattern(place)
            by_first.setdefault(first, []).append((rest, said))
        self._said: Final = [said for each in by_first.values() for _, said in each]
        self.pattern: Final = (
            "|".join(f"{first}(?:{'|'.join(rest for rest, _ in each)})" for first, each in by_first.items())
            or "(?!)"
        )
        """By first characters, which `re` looks for by themselves."""

    def said(self, match: re.Match[str]) -> str:
        """The reading of what `pattern` has found."""
        assert match.lastindex is not None  # each alternative has one group
        return self._said[match.lastindex - 1]


def _pattern(place: str) -> tuple[str, str]:
    """The first character of what is read otherwise, and the pattern of the rest in its group."""
    found = _PLACE.fullmatch(place)
    assert found is not None, place
    written, before = re.escape(found["written"]), found["before"]
    behind = "|".join(f"(?<={each}{written})" for each in before.split("|")) if before else ""
    ahead = f"(?={found['after']})" if found["after"] else ""
    first = re.escape(found["written"][0])
    return first, f"({written.removeprefix(first)}(?:{behind}){ahead})"
