"""Where a score is cut into windows, and what a worker is given to turn one into sound.

Pure: no clocks, no I/O, and the same score is always cut the same way. Counts in steps of 12.5 ms; never looks inside
a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from inference.protocol import RECORD_BYTES, SAMPLE_RATE, STEP_SAMPLES, WindowJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inference.protocol import Score, Unit

STEPS_PER_SECOND: Final = SAMPLE_RATE // STEP_SAMPLES

_FIRST: Final = 80
"""1 s, for which a listener waits."""

_GROWTH: Final = 1.6
_MOST: Final = 240
"""3 s: a longer window holds a worker longer for less context rendered twice."""

_LEAST: Final = 80
"""1 s: the last window takes a shorter rest along, which might hold no speech."""

_WHOLE: Final = 432
"""Steps up to which a unit that makes one window is given with its silence, for its norms go by all that they see."""

_SOONER, _LATER = 0.75, 1.2
"""A window may end so much before or after its wanted length, where it is quietest."""

_REACH: Final = 12
"""Steps rendered on both sides and thrown away: the vocoder looks at 11. So windows follow each other to the sample,
as in the whole, and are not blended."""

_SILENCE: Final = -60
"""Energy below which a step is silence: a unit has 0.3 s of it before and 0.5 s behind. In 102 units of all voices
sound began 2 steps before the first louder step at the soonest, and ended 4 steps after the last one."""

_BEFORE, _BEHIND = 4, 8
"""Steps of that silence which are rendered all the same."""


@dataclass(frozen=True)
class Window:
    """Steps `start` to `end` of a score."""

    start: int
    end: int
    is_first: bool = False
    is_last: bool = False

    @property
    def seconds(self) -> float:
        """Of sound."""
        return (self.end - self.start) / STEPS_PER_SECOND


def windows(energy: Sequence[int], *, is_waited_for: bool) -> list[Window]:
    """All that sounds of a score, in order: each window ends where it is quietest near the wanted length.

    They grow from the shortest that is worth its context where a listener waits for the first, else all are long.
    """
    start, end = _sounding(energy)
    starts, wanted = [start], _FIRST if is_waited_for else _MOST
    while (rest := end - starts[-1]) > wanted * _LATER:
        if len(starts) > 1 and rest < 2 * wanted:
            wanted = rest // 2  # two of a length: one of both would hold its worker for half as long again
        if rest < wanted * _LATER + _LEAST:
            break
        low, high = starts[-1] + int(wanted * _SOONER), starts[-1] + int(wanted * _LATER)
        assert high <= starts[-1] + rest
        starts.append(min(range(low, high), key=lambda step: sum(energy[step - 2 : step + 2])))
        wanted = min(int(wanted * _GROWTH), _MOST)
    if len(starts) == 1:
        silence = (_WHOLE - (end - start)) // 2
        start, end = max(0, start - silence), min(len(energy), end + silence)
        return [Window(start, end, is_first=True, is_last=True)]
    return [
        Window(start, stop, is_first=start == starts[0], is_last=stop == end)
        for start, stop in pairwise([*starts, end])
    ]


def job(request_id: str, unit: Unit, score: Score, window: Window) -> WindowJob:
    """What a worker needs to turn one window of a unit's score into sound."""
    low, high = max(0, window.start - _REACH), min(len(score.energy), window.end + _REACH)
    return WindowJob(
        request_id,
        unit,
        skip=window.start - low,
        keep=window.end - window.start,
        is_first=window.is_first,
        is_last=window.is_last,
        records=score.records[low * RECORD_BYTES : (high + 1) * RECORD_BYTES],
    )


def _sounding(energy: Sequence[int]) -> tuple[int, int]:
    """Between which steps there is sound."""
    steps = len(energy)
    first = next((step for step in range(steps) if energy[step] >= _SILENCE), 0)
    last = next((step for step in reversed(range(steps)) if energy[step] >= _SILENCE), steps)
    return max(0, first - _BEFORE), min(steps, last + 1 + _BEHIND)
