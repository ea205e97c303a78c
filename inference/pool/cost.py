"""What speech costs a worker: measured before the first request, then learned from every job. Knows no queue."""

from __future__ import annotations

from typing import Final

from inference.protocol import TOKENS_PER_SECOND

_ASSUMED: Final = 0.45
"""Seconds of work for a second of speech where nothing was measured."""

_SMOOTHING: Final = 0.1
"""Weight of the newest job in the running mean."""


class SpeechCost:
    """A worker's time for speech, the one figure that requests and jobs are priced by. Lives as long as its pool."""

    def __init__(self, measured: float | None = None) -> None:
        self._seconds_per_token = (measured or _ASSUMED) / TOKENS_PER_SECOND

    def of(self, tokens: int) -> float:
        """Estimated seconds of work."""
        return tokens * self._seconds_per_token

    def measure(self, real_time_factor: float) -> None:
        """What a worker took for a second of speech when it warmed up: better than any earlier figure."""
        self._seconds_per_token = real_time_factor / TOKENS_PER_SECOND

    def learn(self, tokens: int, seconds: float) -> None:
        """Take in what a job has cost."""
        if tokens:
            self._seconds_per_token += _SMOOTHING * (seconds / tokens - self._seconds_per_token)
