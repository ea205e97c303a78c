"""What speech costs a worker: measured before the first request, then learned from every job. Knows no queue.

Work is counted in tokens: a second of speech is TOKENS_PER_SECOND of them, whichever stage does it.
"""

from __future__ import annotations

from typing import Final

from inference.protocol import TOKENS_PER_SECOND

_ASSUMED: Final = 0.45
"""Seconds of work for a second of speech where nothing was measured."""

_SCORE_SHARE: Final = 0.13
"""Of the work for a unit in two stages, what its score takes; the rest is the sound of its windows."""

FIRST_WORK: Final = 32
"""Work for the first sound of a long text: the score of about a sentence, and one window of it."""

_SMOOTHING: Final = 0.1
"""Weight of the newest job in the running mean."""


def score_work(tokens: float) -> float:
    """What the score of so many tokens is worth of speaking them."""
    return _SCORE_SHARE * tokens


def window_work(seconds: float) -> float:
    """What the sound of so many seconds of a score, context included, is worth of speaking them."""
    return (1 - _SCORE_SHARE) * seconds * TOKENS_PER_SECOND


class SpeechCost:
    """A worker's time for speech, the one figure that requests and jobs are priced by. Lives as long as its pool."""

    def __init__(self, measured: float | None = None) -> None:
        self._seconds_per_token = (measured or _ASSUMED) / TOKENS_PER_SECOND

    def of(self, work: float) -> float:
        """Estimated seconds for so much work."""
        return work * self._seconds_per_token

    def measure(self, real_time_factor: float) -> None:
        """What a worker took for a second of speech when it warmed up: better than any earlier figure."""
        self._seconds_per_token = real_time_factor / TOKENS_PER_SECOND

    def learn(self, work: float, seconds: float) -> None:
        """Take in what a job has cost."""
        if work:
            self._seconds_per_token += _SMOOTHING * (seconds / work - self._seconds_per_token)
