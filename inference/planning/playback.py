"""Playback: what the listener of one response has heard, and when it will run dry.

Counts seconds of sound as they are heard, after any stretching; knows no segment, no worker and no format.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Pace:
    """How far synthesis may run ahead of its listener, and how soon it must start."""

    look_ahead_s: float = 30.0
    """Most sound that is spoken or being spoken but not yet handed over, seconds."""

    slack_s: float = 0.0
    """Added to every deadline of a request whose client waits for the whole audio."""


class Playback:
    """The clock of a listener, who plays at once what is handed over and waits where there is nothing to play.

    Lives as long as the response body. All that has to do with the listener's time asks it: when the next sound is
    due, how far ahead of it the plan is, how much was heard and how often it ran dry.
    """

    def __init__(self, pace: Pace | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.heard_s = 0.0
        """Sound handed over so far."""

        self.underruns = 0
        """Times that the listener had played all it was given and had to wait for more."""

        self._pace = pace or Pace()
        self._clock = clock
        self._planned_s = 0.0
        self._began = clock()
        """When the listener would have had to begin, to have heard without a wait what it has heard by now."""

    @property
    def ahead_s(self) -> float:
        """Sound that is planned and not yet handed over."""
        return self._planned_s - self.heard_s

    @property
    def left_s(self) -> float:
        """Sound that is planned and not yet heard, if the listener has not waited for any of it."""
        return self._began + self._planned_s - self._clock()

    @property
    def is_far_ahead(self) -> bool:
        """Enough is planned for now."""
        return self.ahead_s > self._pace.look_ahead_s

    @property
    def due(self) -> float:
        """When the listener will have heard all that is planned, on the clock of `monotonic`."""
        return self._began + self._planned_s + self._pace.slack_s

    def plan(self, seconds: float) -> None:
        """So much more sound will come; less than nothing takes back what was estimated too high."""
        self._planned_s += seconds

    def hand_over(self, seconds: float) -> float:
        """Give the listener so much more to play, and return how long it had to wait for it.

        The wait for the first sound is no underrun, and who gets the whole at once hears none.
        """
        waited_s = max(0.0, self._clock() - self._began - self.heard_s)
        self.underruns += waited_s > 0 and self.heard_s > 0 and not self._pace.slack_s
        self._began += waited_s
        self.heard_s += seconds
        return waited_s
