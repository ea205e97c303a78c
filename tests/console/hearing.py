"""What a page was heard to play, as listen.js notes it, and how close that is to what was shown or done."""

from __future__ import annotations

from itertools import pairwise
from typing import TypeAlias

Heard: TypeAlias = list[tuple[float, float]]
"""Milliseconds, and the loudest sample of that moment, from 0 to 1."""

Marked: TypeAlias = list[tuple[float, str]]
"""Milliseconds, and the word that was marked as heard then."""

AUDIBLE = 0.05
"""Level of a sample that can be heard; the tone has 0.5."""

PAUSED = "One two. [pause:1.5s] Three four."
SILENCE_MS = 700
"""Shorter than the pause, and longer than any other."""

CLOSE_MS = 100
STARVED_MS = 50
"""A browser that was not let run for so long around a moment says nothing about it."""


def lateness(heard: Heard, marked: Marked) -> float | None:
    """Milliseconds from the sound of the word after the pause to its mark; None if the browser was starved then."""
    loud = [at for at, level in heard if level > AUDIBLE]
    before, onset = max(pairwise(loud), key=lambda pair: pair[1] - pair[0])
    assert onset - before > SILENCE_MS
    mark = next(at for at, word in marked if word == "Three")
    return mark - onset if _was_let_run(heard, onset) and _was_let_run(heard, mark) else None


def sound_after(heard: Heard, moment: float) -> float | None:
    """Milliseconds for which there still was sound after a moment; None if the browser was starved then."""
    loud = [at - moment for at, level in heard if at > moment and level > AUDIBLE]
    return max(loud, default=0.0) if _was_let_run(heard, moment) else None


def _was_let_run(heard: Heard, moment: float) -> bool:
    near = [at for at, _ in heard if abs(at - moment) < 4 * STARVED_MS]
    return all(after - before < STARVED_MS for before, after in pairwise(near))
