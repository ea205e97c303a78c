"""Windows joined to one sound: cross-faded, and as loud after a join as before it.

Pure. Works on samples without numpy, which the gateway's process does not load: 1 ms for a join.
"""

from __future__ import annotations

import math
import sys
from array import array
from typing import Final

from inference.planning.windows import OVERLAP
from inference.protocol import STEP_SAMPLES

_OVERLAP: Final = 2 * OVERLAP * STEP_SAMPLES
"""Samples in which two windows are both there; the join is in the middle."""

_FADE: Final = 240
"""Samples of the cross-fade, 10 ms."""

_HELD: Final = (_OVERLAP + _FADE) // 2
"""Samples at the end of a window that wait for the next one."""

_GLIDE: Final = 4800
"""Samples after a join, 0.2 s, over which a window goes from the level of the one before it to its own."""

_QUIETEST, _LEAST_GAIN, _MOST_GAIN = 60.0, 0.6, 1.6
"""Root mean square below which levels are not compared, and how far a window's level is moved."""


class Joiner:
    """Joins the windows of one unit. Lives as long as the unit is being rendered."""

    def __init__(self) -> None:
        self._overlap = array("h")
        """The end of the window before, of which all but the last `_HELD` samples have been given."""

    def feed(self, pcm: bytes, *, is_last: bool) -> bytes:
        """The next window's sound as far as no later window changes it."""
        samples = _samples(pcm)
        start = 0
        if self._overlap:
            _match(samples, self._overlap)
            _fade(samples, self._overlap)
            start = _OVERLAP - _HELD
        end = len(samples) if is_last else max(start, len(samples) - _HELD)
        missing = max(
            0, _OVERLAP - len(samples)
        )  # of a first window that is nearly all silence, which is cut
        self._overlap = (
            array("h", bytes(missing * samples.itemsize)) + samples[len(samples) + missing - _OVERLAP :]
        )
        return _pcm(samples[start:end])


def _match(samples: array[int], before: array[int]) -> None:
    """Begin as loud as the window before is in the overlap, and glide to the own level."""
    ours, theirs = _level(samples[: len(before)]), _level(before)
    if min(ours, theirs) < _QUIETEST:
        return
    gain = min(max(theirs / ours, _LEAST_GAIN), _MOST_GAIN)
    for i in range(min(_GLIDE, len(samples))):
        moved = round(samples[i] * (gain + (1 - gain) * i / _GLIDE))
        samples[i] = min(max(moved, -32768), 32767)


def _fade(samples: array[int], before: array[int]) -> None:
    """Put the sound of the window before in place of what comes before the join, and blend at the join."""
    first = len(before) // 2 - _FADE // 2
    for i in range(min(_FADE, len(samples) - first)):
        share = (i + 0.5) / _FADE
        samples[first + i] = round(before[first + i] * (1 - share) + samples[first + i] * share)


def _level(samples: array[int]) -> float:
    """Root mean square."""
    return math.sqrt(sum(sample * sample for sample in samples) / max(len(samples), 1))


def _samples(pcm: bytes) -> array[int]:
    samples = array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _pcm(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
