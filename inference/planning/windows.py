"""Where a score is cut into windows, and what a worker is given to turn one into sound.

Pure: no clocks, no I/O, and the same score is always cut the same way. Counts in steps of 12.5 ms; never looks inside
a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inference.protocol import RECORD_BYTES, SAMPLE_RATE, STEP_SAMPLES, WindowJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inference.protocol import Score, Unit

STEPS_PER_SECOND: Final = SAMPLE_RATE // STEP_SAMPLES

OVERLAP: Final = 4
"""Steps that two windows both answer with, on either side of their join."""

_FIRST: Final = 112
"""1.4 s, for which a listener waits; 0.3 s of it is the silence before the speech."""

_GROWTH: Final = 1.6
_MOST: Final = 240
"""3 s: a longer window holds a worker longer for less context rendered twice."""

_LEAST: Final = 80
"""1 s: the last window takes a shorter rest along, which might hold no speech."""

_SOONER, _LATER = 0.75, 1.2
"""A window may end so much before or after its wanted length, where it is quietest."""

_CONTEXT: Final = 12
"""Steps rendered on both sides, of which `OVERLAP` are kept: the vocoder's convolutions reach 6 further."""


@dataclass(frozen=True)
class Window:
    """Steps `start` to `end` of a score."""

    start: int
    end: int

    @property
    def seconds(self) -> float:
        """Of sound."""
        return (self.end - self.start) / STEPS_PER_SECOND


def windows(energy: Sequence[int], *, is_waited_for: bool) -> list[Window]:
    """All of a score in order: each window ends where it is quietest near the wanted length.

    They grow from the shortest that is worth its context where a listener waits for the first, else all are long.
    """
    starts, wanted = [0], _FIRST if is_waited_for else _MOST
    while (rest := len(energy) - starts[-1]) > wanted * _LATER:
        if len(starts) > 1 and rest < 2 * wanted:
            wanted = rest // 2  # two of a length: one of both would hold its worker for half as long again
        if rest < wanted * _LATER + _LEAST:
            break
        low, high = starts[-1] + int(wanted * _SOONER), starts[-1] + int(wanted * _LATER)
        assert high <= starts[-1] + rest
        starts.append(min(range(low, high), key=lambda step: sum(energy[step - 2 : step + 2])))
        wanted = min(int(wanted * _GROWTH), _MOST)
    return [Window(start, end) for start, end in zip(starts, [*starts[1:], len(energy)], strict=True)]


def job(request_id: str, unit: Unit, score: Score, window: Window) -> WindowJob:
    """What a worker needs to turn one window of a unit's score into sound."""
    steps = len(score.energy)
    low, high = max(0, window.start - _CONTEXT), min(steps, window.end + _CONTEXT)
    is_first, is_last = window.start == 0, window.end == steps
    overlap_before, overlap_after = 0 if is_first else OVERLAP, 0 if is_last else OVERLAP
    return WindowJob(
        request_id,
        unit,
        skip=window.start - overlap_before - low,
        keep=window.end + overlap_after - window.start + overlap_before,
        is_first=is_first,
        is_last=is_last,
        records=_records(score, low, high + 1),
    )


def _records(score: Score, low: int, high: int) -> bytes:
    return score.records[low * RECORD_BYTES : high * RECORD_BYTES]
