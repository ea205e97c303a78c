"""Pool: the workers and the queue before them: open, admit, lease, rest, drain. Knows no HTTP and no audio format."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Self

from inference.errors import PoolClosed, PoolSaturated
from inference.pool.cost import FIRST_WORK, SpeechCost, score_work, window_work
from inference.pool.dispatch import HOPELESS_WAIT_S, Dispatch
from inference.pool.idle import IdleWorkers
from inference.pool.job import QueuedJob
from inference.pool.lease import Lease
from inference.pool.slot import Phase
from inference.protocol import TOKENS_PER_SECOND, SpeechJob, WindowJob

if TYPE_CHECKING:
    from inference.pool.config import PoolConfig
    from inference.pool.job import Answer
    from inference.pool.slot import WorkerStatus
    from inference.protocol import Job, Ready, Role, Unit


@dataclass(frozen=True)
class PoolStatus:
    """The pool as an operator sees it."""

    workers: tuple[WorkerStatus, ...]
    jobs_queued: int
    jobs_running: int
    queued_s: float
    """Estimated seconds of speech work in the queue."""

    wait_s: float
    """Estimated wait of a request that comes now, seconds."""

    work_s: float
    """Estimated seconds until the speech workers have done all that waits and runs, also what is due later."""

    speed: float
    """Estimated seconds of sound that the speech workers make together in a second."""

    is_draining: bool


class Pool:
    """The workers and the queue before them. Lives as long as the application: `async with Pool(config) as pool`."""

    def __init__(self, config: PoolConfig) -> None:
        self.config = config
        self._cost = SpeechCost(config.cost)
        self._dispatch = Dispatch(config, self._learn, self._wake)
        self._idle = IdleWorkers(self._dispatch.slots, config.idle_s)
        self._leases: set[Lease] = set()
        self._reserving: set[Lease] = set()
        """Those of the leases that have work reserved: a thousand may be open whose text is yet to be written."""

        self._is_open = False
        self._is_draining = False

    async def __aenter__(self) -> Self:
        """Start the workers, and wait for as many as a first request needs.

        Raises:
            WorkerFailedToStart: one of these cannot start; the others have been ended.
        """
        self._is_open = True
        try:
            await self._dispatch.start()
        except BaseException:
            await self.close()
            raise
        if factor := self._real_time_factor():
            self._cost.measure(factor)
        self._idle.begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        status = self.status()
        states = [worker.state for worker in status.workers]
        counts = ", ".join(f"{states.count(state)} {state}" for state in ("busy", "idle", "starting"))
        return (
            f"<Pool [jobs: {status.jobs_running} running, {status.jobs_queued} queued | workers: {counts}]>"
        )

    def __del__(self) -> None:
        if self._is_open:
            warnings.warn(f"{self!r} was never closed", ResourceWarning, stacklevel=2)

    @property
    def is_ready(self) -> bool:
        """True while requests are taken and each role has a worker that can do its part, or one that rests."""
        slots = self._dispatch.slots
        needed = {slot.spec.role for slot in slots}
        there = {slot.spec.role for slot in slots if slot.worker or slot.phase is Phase.RESTING}
        return self._is_open and not self._is_draining and needed <= there

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that the text worker can read."""
        text = self.ready("text")
        return text.languages if text else ()

    @property
    def cost(self) -> float | None:
        """CPU seconds of one thread for a second of audio, where that was measured."""
        return self.config.cost

    def ready(self, role: Role) -> Ready | None:
        """What a live worker of a role said when it became ready."""
        workers = (slot.worker for slot in self._dispatch.slots if slot.spec.role == role)
        return next((worker.ready for worker in workers if worker), None)

    @property
    def is_staged(self) -> bool:
        """Whether the engine makes a score before the sound."""
        ready = self.ready("speech")
        return ready is not None and ready.is_staged

    def status(self) -> PoolStatus:
        """The pool at this moment."""
        return PoolStatus(
            workers=tuple(slot.status() for slot in self._dispatch.slots),
            jobs_queued=len(self._dispatch.queue),
            jobs_running=len(self._dispatch.running),
            queued_s=round(self._dispatch.queue.work_s("speech"), 3),
            wait_s=round(self.expected_wait_s(), 3),
            work_s=round(self._until_done_s("speech", self._waiting_s("speech", inf)), 3),
            speed=round(self._workers("speech") / self.cost_s(TOKENS_PER_SECOND), 3),
            is_draining=self._is_draining,
        )

    def expected_wait_s(self) -> float:
        """Estimated seconds until a request that comes now would start to be spoken: first its text, then speech."""
        return self._wait_s("text") + self._wait_s("speech")

    def _wait_s(self, role: Role) -> float:
        """Estimated seconds until workers of a role would come to a new job.

        Only what is due by now stands before it: streams that are ahead of their listeners wait.
        """
        waiting_s = self._waiting_s(role, time.monotonic())
        if not waiting_s and any(slot.is_idle for slot in self._dispatch.slots if slot.spec.role == role):
            return 0.0
        return self._until_done_s(role, waiting_s)

    def _until_done_s(self, role: Role, waiting_s: float) -> float:
        """Estimated seconds until workers of a role have done what they are at, and so much more work."""
        now = time.monotonic()
        running = [job for slot, job in self._dispatch.running.items() if slot.spec.role == role]
        running_s = sum(max(0.0, job.started_at + job.cost_s - now) for job in running)
        return (running_s + waiting_s) / max(self._workers(role), 1)

    def _workers(self, role: Role) -> int:
        return sum(slot.worker is not None for slot in self._dispatch.slots if slot.spec.role == role)

    def _waiting_s(self, role: Role, due: float) -> float:
        """Estimated seconds of work that is due by then, and has not been started."""
        reserved_s = sum(lease.reserved_s for lease in self._reserving) if role == "speech" else 0.0
        return self._dispatch.queue.work_s(role, due) + reserved_s

    def lease(self, request_id: str, tokens: int) -> Lease:
        """Admit a request of about `tokens` tokens, none if they are yet to be written, unless it would wait too long.

        What counts is the wait for its first sound. Who would be next is admitted however long the jobs take that are
        being done: on a slow machine, a window may take longer than anybody should wait in a queue.

        Raises:
            PoolSaturated: it would have to wait longer than `queue_s`, or no worker can be started.
            PoolClosed: the pool is draining or closed.
        """
        if self._is_draining or not self._is_open:
            raise PoolClosed("the pool takes no new requests")
        if self._dispatch.hopeless_roles():
            raise PoolSaturated(HOPELESS_WAIT_S)
        if (pause := self._dispatch.pause_s()) > self.config.queue_s:
            raise PoolSaturated(pause)
        wait = self.expected_wait_s()
        now = time.monotonic()
        if wait > self.config.queue_s and (self._waiting_s("text", now) or self._waiting_s("speech", now)):
            raise PoolSaturated(wait)
        lease = Lease(self, request_id, self.cost_s(min(tokens, FIRST_WORK)))
        self._leases.add(lease)
        self.reserve(lease)
        self._idle.end()
        self._wake()
        return lease

    def drain(self) -> None:
        """Take no new requests; those that hold a lease go on."""
        self._is_draining = True

    async def replace(self) -> None:
        """Replace every worker, one after the other: each new one is ready before its predecessor leaves."""
        for slot in self._dispatch.slots:
            await slot.replace()

    async def close(self) -> None:
        """End all workers; jobs that wait or run fail with PoolClosed."""
        self._is_open, self._is_draining = False, True
        self._idle.end()
        await self._dispatch.close()

    async def submit(
        self,
        message: Job,
        role: Role,
        *,
        due: float,
        cost_s: float,
        listener: object,
        rank: int = 0,
        is_first: bool = False,
        offset_s: float = 0,
    ) -> Answer:
        """Queue one job and wait for its answer; cancelling this takes it out of the queue if it has not started.

        Raises:
            InferenceError: no worker could do it.
        """
        if not self._is_open:
            raise PoolClosed("the pool is closed")
        # A listener who has heard nothing yet is told to the pool with its first sound: until then, it seems to have
        # begun when it came, and what follows the first sound seems to be late.
        earliest = time.monotonic() + offset_s if offset_s > 0 else -inf
        return await self._dispatch.do(
            QueuedJob(
                message=message,
                role=role,
                deadline=due + offset_s,
                cost_s=cost_s,
                rank=rank,
                listener=listener,
                offset_s=offset_s,
                earliest=earliest,
                is_first=is_first,
            )
        )

    def cost_s(self, work: float) -> float:
        """Estimated seconds of a speech worker's time, for work in tokens."""
        return self._cost.of(work)

    def hurry(self, unit: Unit, due: float) -> None:
        """Have a unit that waits spoken by then, if that is earlier: someone else needs the same audio sooner."""
        for job in self._dispatch.queue:
            if isinstance(job.message, SpeechJob | WindowJob) and job.message.unit == unit:
                job.deadline = min(job.deadline, due + job.offset_s)
                job.is_hurried = True

    def postpone(self, listener: object, seconds: float) -> None:
        """Give all that waits for a listener a later deadline."""
        for job in self._dispatch.queue:
            if job.listener is listener and not job.is_hurried:
                job.deadline += seconds

    def reserve(self, lease: Lease) -> None:
        """Take note of what a lease has reserved by now."""
        if lease.reserved_s and lease in self._leases:
            self._reserving.add(lease)
        else:
            self._reserving.discard(lease)

    def release(self, lease: Lease) -> None:
        """Forget a lease; `Lease.close` calls this."""
        self._leases.discard(lease)
        self._reserving.discard(lease)
        if self._is_open and not self._leases:
            self._idle.begin()

    def _wake(self) -> None:
        if self._leases:
            self._idle.wake()

    def _learn(self, job: Job, seconds: float) -> None:
        if isinstance(job, WindowJob):
            self._cost.learn(window_work(job.seconds), seconds)
        elif isinstance(job, SpeechJob):
            tokens = len(job.unit.phonemes)
            self._cost.learn(score_work(tokens) if self.is_staged else tokens, seconds)

    def _real_time_factor(self) -> float | None:
        """Seconds that a worker took for a second of its warm-up, on the provider it chose."""
        ready = self.ready("speech")
        factors = [trial.real_time_factor for trial in ready.trials] if ready else []
        return next((factor for factor in reversed(factors) if factor), None)
