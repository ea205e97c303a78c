"""Holds that no text makes a regular expression slow: each of the product is fed with texts made to be slow for it."""

from __future__ import annotations

import re
from collections import deque
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import pytest

from inference.text.sentences import SENTENCE_CHARS
from tests.support.cpu import HOLDS_THE_LOOP_S, cpu_s, slowness
from tests.support.patterns import attacks, patterns
from tests.support.tree import modules

if TYPE_CHECKING:
    from collections.abc import Collection

INPUT_CHARS = 4096
RAISED = 10
"""What operators raise the limits by."""

SHORTER = {
    "inference.text.sentences:_CUTS": SENTENCE_CHARS,
    "inference.text.sentences:": INPUT_CHARS * RAISED,
    "inference.text.marks:": INPUT_CHARS * RAISED,  # found in all of a text, before its sentences are
    "inference.text.": SENTENCE_CHARS + 10,
    "inference.planning.segments:": SENTENCE_CHARS,  # two targets and a little more: under 150
}
"""Patterns that only ever see so many characters, whatever the limits are; all others may see a whole input. The first
line that fits counts."""

SHORTEST = 20
"""Length to begin with, characters: a pattern that is exponential may take no more."""

TELLING = 200
"""Length at which the texts that are slow stand out, characters."""

BUSY = 3
"""How much longer it may take at ten times the length, on a machine that does other things: the square would be 100."""


def folder_of(place: str) -> str:
    """`inference.text` of `inference.text.sentences:_STOP`; a module that lies in no folder is one by itself."""
    return ".".join(place.partition(":")[0].split(".")[:2])


FOLDERS = sorted(set(map(folder_of, modules())))

pytestmark = [pytest.mark.slow, pytest.mark.no_cover]


@pytest.fixture(scope="module")
def found() -> dict[str, re.Pattern[Any]]:
    """Every pattern by its place. Not when tests are collected: all of the product is loaded for it."""
    return patterns()


def use(pattern: re.Pattern[Any], text: str) -> None:
    """Everything that is done with patterns: it has to fit the whole of a text, or is looked for all over it."""
    given = text if isinstance(pattern.pattern, str) else text.encode()
    pattern.fullmatch(given)
    deque(pattern.finditer(given), maxlen=0)


def slow(pattern: re.Pattern[Any], length: int) -> str | None:
    """What makes the pattern slow at up to this length, if anything does: the texts that cost most are tried longer."""
    sizes = (*takewhile(lambda size: size < length, (SHORTEST * 16**n for n in range(4))), length)
    tried: Collection[int] | None = None
    for size in sizes:
        allowed_s = HOLDS_THE_LOOP_S * (1 if size <= INPUT_CHARS else BUSY)
        costs = {}
        for number, text in enumerate(attacks(pattern, size)):
            if tried is None or number in tried:
                work = partial(use, pattern, text)
                costs[number] = cpu_s(work, tries=1)
                if costs[number] > allowed_s and (took := cpu_s(work, tries=2)) > allowed_s * slowness():
                    return f"{took * 1000:.0f} ms for {text[:20]!r}… of {size} characters"
        if size >= TELLING:
            tried = sorted(costs, key=costs.__getitem__)[-25:]
    return None


def longest(place: str) -> int:
    """How many characters a pattern may see."""
    return next((chars for start, chars in SHORTER.items() if place.startswith(start)), INPUT_CHARS * RAISED)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_text_makes_a_pattern_slow(folder: str, found: dict[str, re.Pattern[Any]]) -> None:
    told = {p: slow(pattern, longest(p)) for p, pattern in found.items() if folder_of(p) == folder}
    assert {place: why for place, why in told.items() if why} == {}


def test_patterns_are_found_wherever_they_are_kept(found: dict[str, re.Pattern[Any]]) -> None:
    places = "\n".join(found)
    assert set(map(folder_of, found)) <= set(FOLDERS)
    for example in (
        "gateway.speech.voices:_PART",
        "inference.text.sentences:_CUTS.0",
        "inference.hardware.cgroup:line",
        "inference.text.other_languages:es.",
    ):
        assert example in places


@pytest.mark.parametrize("source", [r"\s*(\w+)\s*(\((\d+)\))?\s*", r"[.!?]+\s", r"(a|a)*b", r"<(\s*\w+)*>"])
def test_a_slow_pattern_is_noticed(source: str) -> None:
    assert slow(re.compile(source), INPUT_CHARS * RAISED)
