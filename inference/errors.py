"""Everything that can go wrong behind the pool, by cause. Knows no HTTP status."""

from __future__ import annotations


class InferenceError(Exception):
    """Base of all faults that the pool reports to its callers."""


class PoolSaturated(InferenceError):
    """The queue holds more work than may wait; nothing was started."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"the queue is {wait_s:.1f} s long")
        self.wait_s = wait_s
        """Seconds until the work would have started."""


class PoolClosed(InferenceError):
    """The pool is draining or closed and takes no new work."""


class WorkerDied(InferenceError):
    """The worker process ended while it held the job."""

    def __init__(self, pid: int, exit_code: int | None) -> None:
        super().__init__(f"worker {pid} ended with exit code {exit_code}")
        self.pid = pid
        self.exit_code = exit_code


class WorkerFailedToStart(InferenceError):
    """The worker never became ready; carries the reason it gave."""


class JobTimeout(InferenceError):
    """The job passed its deadline; its worker was ended."""


class JobPoisoned(InferenceError):
    """The job ended two workers and is not given to a third."""


class EngineFailed(InferenceError):
    """The engine refused or failed this job; its worker lives on."""


class UnsupportedLanguage(EngineFailed):
    """No phonemizer for this language is installed; the message says what to install."""


class UnknownLanguage(InferenceError):
    """A name that means none of the languages; the message lists them."""


class InvalidPronunciation(InferenceError):
    """A word with what is to be said for it cannot be used."""

    def __init__(self, number: int, reason: str) -> None:
        """`number` counts entries from 1; 0 for what is wrong with all of them."""
        super().__init__(f"entry {number}: {reason}" if number else reason)
        self.number = number


class ProtocolError(InferenceError):
    """Bytes between gateway and worker that are no valid message."""
