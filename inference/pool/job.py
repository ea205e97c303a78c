"""What passes between a lease and the workers: a job in the queue, and its answer. Knows no process and no policy."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from inference.pool.job_queue import Waiting
from inference.pool.slot import Slot

if TYPE_CHECKING:
    from inference.errors import InferenceError
    from inference.protocol import Job, JobReply


@dataclass(frozen=True)
class Answer:
    """A job's reply and how it came about."""

    reply: JobReply
    pid: int
    provider: str
    waited_s: float
    """Seconds in the queue, all attempts together."""

    attempts: int
    due: float
    """When its unit was due in the end: listeners wait, and others come who need it sooner."""

    def after(self, before: Answer) -> Answer:
        """Both together, as the answer to one piece of work."""
        waited_s, attempts = self.waited_s + before.waited_s, self.attempts + before.attempts - 1
        return replace(self, waited_s=waited_s, attempts=attempts)


@dataclass(eq=False, kw_only=True)
class QueuedJob(Waiting[Slot]):
    """One job from its submission to its answer. Made in the event loop; lives until somebody has its answer."""

    message: Job
    listener: object
    """Whose listener it is for: told from others, and nothing else."""

    offset_s: float = 0
    """By how much it is due later than its unit."""

    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    queued_at: float = field(default_factory=time.monotonic)
    started_at: float = 0
    waited_s: float = 0
    is_hurried: bool = False
    """True once a second listener waits for it."""

    attempts: int = 0

    def begin(self) -> None:
        """A worker has it now."""
        self.attempts += 1
        self.started_at = time.monotonic()
        self.waited_s += self.started_at - self.queued_at

    def settle(self, result: Answer | InferenceError) -> None:
        """Answer whoever still waits."""
        if self.answer.done():
            return
        if isinstance(result, Answer):
            self.answer.set_result(result)
        else:
            self.answer.set_exception(result)
