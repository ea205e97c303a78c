"""Dispatch: gives the jobs that wait to workers that are idle, and a job that lost its worker to another, once.

Knows no request; who is let in is decided before.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextvars import Context
from math import inf
from typing import TYPE_CHECKING, Final

from inference.errors import (
    InferenceError,
    JobPoisoned,
    JobTimeout,
    PoolClosed,
    PoolSaturated,
    ProtocolError,
    WorkerDied,
)
from inference.pool.job import Answer, QueuedJob
from inference.pool.job_queue import Queue
from inference.pool.slot import Slot
from inference.protocol import SpeechJob, WindowJob, alone

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from inference.pool.config import PoolConfig
    from inference.pool.process import WorkerProcess
    from inference.protocol import Job, Role

logger = logging.getLogger(__name__)

HOPELESS_WAIT_S: Final = 30.0
"""What a client is told to wait when no worker can be started."""

_REACTION_S: Final = 0.002
"""How long a worker is kept for what follows from the answer it gave: after a score, the window that a listener waits
for. Else it would be in a window of somebody who is seconds ahead, and the listener would wait for that too."""


class Dispatch:
    """The workers and the queue before them. Lives as long as its pool, and is not used again after `close`."""

    def __init__(
        self, config: PoolConfig, on_done: Callable[[Job, float], None], on_ready: Callable[[], None]
    ) -> None:
        """Make a place for each worker.

        Args:
            config: which workers, and how long they may take.
            on_done: told each job that was done, and the seconds that its worker took.
            on_ready: called when a worker has become ready, or could not.
        """
        self.slots = [Slot(spec, config.start_timeout_s, self._ready) for spec in config.workers]
        self.queue: Queue[QueuedJob, Slot] = Queue()
        self.running: dict[Slot, QueuedJob] = {}
        self._config = config
        self._on_done = on_done
        self._on_ready = on_ready
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start the workers that a first request needs, the last of each role, and wait for them; the others follow.

        Raises:
            WorkerFailedToStart: one of these cannot start; `close` ends the other.
        """
        first = {slot.spec.role: slot for slot in self.slots}
        starts = [asyncio.ensure_future(slot.start()) for slot in first.values()]
        try:
            await asyncio.gather(*starts)
        except BaseException:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)
            raise
        for slot in first.values():
            self._spawn(slot.supervise())
        self._spawn(self._start_others(first))

    async def _start_others(self, first: Mapping[Role, Slot]) -> None:
        """One after the other: together they would keep the first requests from their worker."""
        for slot in self.slots:
            if slot is not first[slot.spec.role]:
                slot.trials = first[slot.spec.role].trials
                await slot.try_start()
                self._spawn(slot.supervise())

    async def close(self) -> None:
        """End all workers; jobs that wait or run fail with PoolClosed."""
        for job in (*self.queue.clear(), *self.running.values()):
            job.settle(PoolClosed("the pool is closed"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(slot.stop() for slot in self.slots))

    async def do(self, job: QueuedJob) -> Answer:
        """Queue one job and wait for its answer; cancelling this takes it out of the queue if it has not started.

        Raises:
            InferenceError: no worker could do it.
        """
        self.queue.add(job)
        self.dispatch()
        try:
            return await job.answer
        finally:
            self.queue.remove(job)

    def dispatch(self) -> None:
        """Start what can be started now."""
        if hopeless := self.hopeless_roles():
            self._give_up(hopeless)
        idle = [(slot, slot.spec.role) for slot in self.slots if slot.is_idle]
        for job, slot in self.queue.assign(idle, time.monotonic()):
            self.running[slot] = job
            self._spawn(self._run(job, slot, slot.take()))

    def _give_up(self, roles: set[Role]) -> None:
        for waiting in [job for job in self.queue if job.role in roles]:
            self.queue.remove(waiting)
            waiting.settle(PoolSaturated(HOPELESS_WAIT_S))

    def hopeless_roles(self) -> set[Role]:
        """Roles whose last worker died and could not be started again so far."""
        alive = {slot.spec.role for slot in self.slots if not slot.is_hopeless}
        return {slot.spec.role for slot in self.slots} - alive

    def pause_s(self) -> float:
        """Seconds until a worker is started of a role that has none, since they died again and again; else 0."""
        pauses: dict[Role, float] = {}
        for slot in self.slots:
            pauses[slot.spec.role] = min(pauses.get(slot.spec.role, inf), slot.pause_s)
        return max(pauses.values())

    async def _run(self, job: QueuedJob, slot: Slot, worker: WorkerProcess) -> None:
        job.begin()
        try:
            reply = await worker.run(self._told(job), self._config.timeout_s(slot.spec.role))
        except (WorkerDied, JobTimeout, ProtocolError) as error:
            self._retry(job, slot, error)
        except InferenceError as error:
            job.settle(error)
        else:
            self._on_done(job.message, time.monotonic() - job.started_at)
            provider = worker.ready.provider if worker.ready else ""
            due = job.deadline - job.offset_s
            job.settle(Answer(reply, worker.pid, provider, job.waited_s, job.attempts, due))
        finally:
            del self.running[slot]
            slot.free()
        if 0 < self._config.worker_bytes < slot.memory_bytes():
            self._spawn(slot.replace("worn"))
        reaction_s = _REACTION_S if slot.spec.role == "speech" else 0
        asyncio.get_running_loop().call_later(reaction_s, self.dispatch)

    def _told(self, job: QueuedJob) -> Job:
        """What its worker is told: while no other speaks or has to, it may use their cores for a first sound.

        Not for what follows: two threads take a third more CPU than one, and it is heard no sooner.
        """
        others = (other for other in (*self.running.values(), *self.queue) if other is not job)
        is_alone = job.is_first and all(other.role != job.role for other in others)
        if is_alone and isinstance(job.message, SpeechJob | WindowJob):
            return alone(job.message)
        return job.message

    def _ready(self) -> None:
        self._on_ready()
        self.dispatch()

    def _retry(self, job: QueuedJob, slot: Slot, error: InferenceError) -> None:
        """Put the job back in line once; a job that lost two workers is not given to a third."""
        fields = {
            "request_id": job.message.request_id,
            "role": slot.spec.role,
            "attempts": job.attempts,
            "reason": str(error),
        }
        logger.warning("worker_lost_in_job", extra=fields)
        if job.answer.done():
            return
        if job.attempts > 1:
            logger.error("job_is_poison", extra=fields)
            job.settle(error if isinstance(error, JobTimeout) else JobPoisoned("the job ended two workers"))
        else:
            job.avoid.add(slot)
            job.queued_at = time.monotonic()
            self.queue.add(job)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        # In a context of its own: a job is started by whichever request, or death, has freed the worker.
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
