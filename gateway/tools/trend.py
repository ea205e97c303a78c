"""Trend: whether a figure that goes up and down all the time has grown. Knows numbers only."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import linear_regression, mean
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_WARM_UP: Final = 0.25
"""Of the time: caches fill, and workers come one after the other."""

_FEWEST: Final = 8
_DOUBT: Final = 3.0
"""So many standard errors a slope may be off by chance."""


@dataclass(frozen=True)
class Trend:
    """The line through a figure after the warm-up."""

    begin: float
    """Where the line begins."""

    end: float
    """Where it ends."""

    sure_growth: float
    """How much the figure has grown at the least; below 0 where it may as well not have."""

    @classmethod
    def of(cls, times_s: Sequence[float], values: Sequence[float]) -> Trend:
        """The line through what was seen of a figure at these times, ascending; level where too little was."""
        first_s = times_s[0] + _WARM_UP * (times_s[-1] - times_s[0])
        seen = [(at_s, value) for at_s, value in zip(times_s, values, strict=True) if at_s >= first_s]
        if len(seen) < _FEWEST:
            level = mean(value for _, value in seen)
            return cls(level, level, 0.0)
        slope, start = linear_regression(*zip(*seen, strict=True))
        line = [start + slope * at_s for at_s, _ in seen]
        off = sum((value - on_line) ** 2 for (_, value), on_line in zip(seen, line, strict=True))
        middle_s, lasts_s = mean(at_s for at_s, _ in seen), seen[-1][0] - seen[0][0]
        error = sqrt(off / (len(seen) - 2) / sum((at_s - middle_s) ** 2 for at_s, _ in seen))
        return cls(line[0], line[-1], (slope - _DOUBT * error) * lasts_s)

    @property
    def growth(self) -> float:
        """From the beginning of the line to its end."""
        return self.end - self.begin
