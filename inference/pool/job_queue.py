"""Whose job runs next: a queue ordered by deadline, and the pairing of jobs with idle workers.

Pure: no clock, no process, no I/O. A deadline is the moment at which the listener's buffer runs dry, so the earliest
deadline first keeps most streams playing, and a new request, due at once, passes streams that are seconds ahead.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from heapq import nsmallest
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from inference.protocol import Role

W = TypeVar("W", bound="Hashable")
"""A worker; all that is asked of it here is to be told from the others."""

J = TypeVar("J", bound="Waiting[Any]")
"""A job, as whoever keeps the queue holds it."""


@dataclass(eq=False)
class Waiting(Generic[W]):
    """A job in the queue. Lives from its submission to its start, and again if it is retried."""

    role: Role
    """Of the workers that may do it."""

    deadline: float
    """Seconds on the clock of the caller."""

    cost_s: float
    """Estimated seconds of work."""

    earliest: float = float("-inf")
    """It is not due before, on that clock: so long there is other sound to hear first, whatever the deadline says."""

    rank: int = 0
    """Jobs of a lower rank go first, whatever their deadlines."""

    is_first: bool = False
    """A listener has nothing to hear until it is done."""

    avoid: set[W] = field(default_factory=set)
    """Workers that were lost with this job."""

    @property
    def due(self) -> float:
        """When the listener runs dry without it, on the clock of the caller."""
        return max(self.deadline, self.earliest)


class Queue(Generic[J, W]):
    """The jobs that wait, earliest deadline first, first come first among equals. Lives as long as its pool."""

    def __init__(self) -> None:
        self._waiting: defaultdict[Role, dict[J, int]] = defaultdict(dict)
        self._order = itertools.count()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def __iter__(self) -> Iterator[J]:
        return itertools.chain.from_iterable(self._waiting.values())

    def add(self, job: J) -> None:
        """Put a job in line."""
        self._waiting[job.role][job] = next(self._order)

    def remove(self, job: J) -> None:
        """Take a job out; nothing happens when it is not in line."""
        self._waiting[job.role].pop(job, None)

    def clear(self) -> list[J]:
        """Empty the queue and return what waited."""
        waiting = list(self)
        self._waiting.clear()
        return waiting

    def assign(self, idle: Iterable[tuple[W, Role]], now: float) -> list[tuple[J, W]]:
        """Pair waiting jobs with idle workers and take the paired ones out of the queue.

        A worker is left idle only when no job for its role waits. A job avoids the workers that were lost with it
        as long as another one that may do it is idle.
        """
        free: defaultdict[Role, list[W]] = defaultdict(list)
        for worker, role in idle:
            free[role].append(worker)
        pairs = [pair for role, workers in free.items() for pair in self._paired(role, workers, now)]
        for job, _ in pairs:
            self.remove(job)
        return pairs

    def work_s(self, role: Role, deadline: float = float("inf")) -> float:
        """Estimated seconds of work that wait with a deadline no later than `deadline`."""
        return sum(job.cost_s for job in self._waiting[role] if job.due <= deadline)

    def _paired(self, role: Role, workers: list[W], now: float) -> Iterator[tuple[J, W]]:
        """Only the jobs that can begin are put in order: a thousand that come at once would sort a thousand each."""
        for job in nsmallest(len(workers), self._waiting[role], key=partial(self._place, now)):
            worker = next((w for w in workers if w not in job.avoid), workers[0])
            workers.remove(worker)
            yield job, worker

    def _place(self, now: float, job: J) -> tuple[int, float, bool, float, int]:
        """What is late is due now, like what is new: whoever hears nothing yet goes before those who stand still."""
        return job.rank, max(job.due, now), not job.is_first, job.due, self._waiting[job.role][job]
