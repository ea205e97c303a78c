"""Pool: worker processes and the queue before them: admit, lease, retry, drain. Knows no HTTP and no audio format."""

from __future__ import annotations

import asyncio
import logging
import time
import warnings
from contextvars import Context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from inference.errors import (
    InferenceError,
    JobPoisoned,
    PoolClosed,
    PoolSaturated,
    ProtocolError,
    WorkerDied,
)
from inference.planning.segments import Limits
from inference.pool.cost import SpeechCost
from inference.pool.lease import Lease
from inference.pool.scheduler import Queue, Waiting
from inference.pool.slot import Slot, WorkerStatus
from inference.protocol import SpeechJob

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from inference.protocol import Job, Ready, Reply, Role, Unit, WorkerSpec

logger = logging.getLogger(__name__)

_HOPELESS_WAIT_S: Final = 30.0
"""What a client is told to wait when no worker can be started."""


@dataclass(frozen=True)
class PoolConfig:
    """How many workers of which kind, and how long things may take."""

    workers: tuple[WorkerSpec, ...]
    start_timeout_s: float = 120
    job_timeout_s: float = 60
    queue_s: float = 20
    """Longest wait that a new request is admitted to, seconds."""

    cost: float | None = None
    """CPU seconds of one thread for a second of audio, where that was measured."""

    jobs_per_worker: int = 0
    """Jobs after which a worker is replaced; 0: never."""

    bytes_per_worker: int = 0
    """Resident memory past which a worker is replaced; 0: never."""


@dataclass(frozen=True)
class Answer:
    """A job's reply and how it came about."""

    reply: Reply
    pid: int
    provider: str
    waited_s: float
    """Seconds in the queue, all attempts together."""

    attempts: int


@dataclass(frozen=True)
class PoolStatus:
    """The pool as an operator sees it."""

    workers: tuple[WorkerStatus, ...]
    jobs_queued: int
    jobs_running: int
    queued_s: float
    """Estimated seconds of speech work in the queue."""

    is_draining: bool

    @property
    def restarts(self) -> int:
        """Workers that were lost or replaced so far."""
        return sum(
            sum(worker.restarts.values()) - worker.restarts.get("failed_start", 0) for worker in self.workers
        )


@dataclass(eq=False, kw_only=True)
class _Job(Waiting["_Slot"]):
    message: Job
    lease: Lease
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    queued_at: float = field(default_factory=time.monotonic)
    started_at: float = 0
    waited_s: float = 0
    is_hurried: bool = False
    """True once a second listener waits for it."""

    attempts: int = 0

    def settle(self, result: Answer | InferenceError) -> None:
        """Answer whoever still waits."""
        if self.answer.done():
            return
        if isinstance(result, Answer):
            self.answer.set_result(result)
        else:
            self.answer.set_exception(result)


_Slot = Slot[_Job]


class Pool:
    """The workers and the queue before them. Lives as long as the application: `async with Pool(config) as pool`."""

    def __init__(self, config: PoolConfig) -> None:
        self.config = config
        self.limits: Final = Limits() if config.cost is None else Limits.for_cost(config.cost)
        """How long the segments of a text are: fixed from the start, so that a text is always cut the same way."""

        self.cost = SpeechCost(config.cost)
        self._slots: list[_Slot] = [Slot(w, config.start_timeout_s, self._dispatch) for w in config.workers]
        self._queue: Queue[_Slot] = Queue()
        self._leases: set[Lease] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_open = False
        self._is_draining = False

    async def __aenter__(self) -> Self:
        """Start all workers and wait until each is ready.

        Raises:
            WorkerFailedToStart: one of them cannot start; the others have been ended.
        """
        self._is_open = True
        starts = [asyncio.ensure_future(slot.start()) for slot in self._slots]
        try:
            await asyncio.gather(*starts)
        except BaseException:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)
            await self.close()
            raise
        for slot in self._slots:
            self._spawn(slot.supervise())
        if factor := self._real_time_factor():
            self.cost.measure(factor)
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
        """True while requests are taken and each role has a worker that can do its part."""
        needed = {slot.spec.role for slot in self._slots} - {"express"}  # whose part others can do
        alive = {slot.spec.role for slot in self._slots if slot.worker}
        return self._is_open and not self._is_draining and needed <= alive

    def ready(self, role: str) -> Ready | None:
        """What a live worker of a role said when it became ready."""
        workers = (slot.worker for slot in self._slots if slot.spec.role == role)
        return next((worker.ready for worker in workers if worker), None)

    def status(self) -> PoolStatus:
        """The pool at this moment."""
        return PoolStatus(
            workers=tuple(slot.status() for slot in self._slots),
            jobs_queued=len(self._queue),
            jobs_running=sum(slot.running is not None for slot in self._slots),
            queued_s=round(self._queue.work_s("speech"), 3),
            is_draining=self._is_draining,
        )

    def expected_wait_s(self) -> float:
        """Estimated seconds until a request that comes now would start to be spoken.

        Only work that is due by now stands before it: streams that are ahead of their listeners wait.
        """
        now = time.monotonic()
        speech = [slot for slot in self._slots if slot.spec.role == "speech"]
        running = [slot.running for slot in speech if slot.running]
        workers = sum(slot.worker is not None for slot in speech)
        waiting_s = self._queue.work_s("speech", now) + sum(lease.reserved_s for lease in self._leases)
        if not waiting_s and any(slot.is_idle for slot in self._slots if slot.spec.role != "text"):
            return 0.0
        running_s = sum(max(0.0, job.started_at + job.cost_s - now) for job in running)
        return (running_s + waiting_s) / max(workers, 1)

    def lease(self, request_id: str, tokens: int) -> Lease:
        """Admit a request for about `tokens` tokens; it is priced by its first segment, for which alone it must wait.

        Raises:
            PoolSaturated: it would have to wait longer than `queue_s`, or no worker can be started.
            PoolClosed: the pool is draining or closed.
        """
        if self._is_draining or not self._is_open:
            raise PoolClosed("the pool takes no new requests")
        if self._hopeless_roles():
            raise PoolSaturated(_HOPELESS_WAIT_S)
        wait = self.expected_wait_s()
        if wait > self.config.queue_s:
            raise PoolSaturated(wait)
        lease = Lease(self, request_id, self.cost.of(min(tokens, self.limits.first)))
        self._leases.add(lease)
        return lease

    def drain(self) -> None:
        """Take no new requests; those that hold a lease go on."""
        self._is_draining = True

    async def replace(self) -> None:
        """Replace every worker, one after the other: each new one is ready before its predecessor leaves."""
        for slot in self._slots:
            await slot.replace()

    async def close(self) -> None:
        """End all workers; jobs that wait or run fail with PoolClosed."""
        self._is_open, self._is_draining = False, True
        for job in self._queue.clear():
            assert isinstance(job, _Job)
            job.settle(PoolClosed("the pool is closed"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(slot.stop() for slot in self._slots))

    def hurry(self, unit: Unit, deadline: float) -> None:
        """Give a unit that waits an earlier deadline: someone else needs the same audio sooner."""
        for job in self._queue:
            assert isinstance(job, _Job)
            if isinstance(job.message, SpeechJob) and job.message.unit == unit:
                job.deadline = min(job.deadline, deadline)
                job.is_hurried = True

    def postpone(self, lease: Lease, seconds: float) -> None:
        """Give all that waits for a lease a later deadline; `Lease.postpone` calls this."""
        for job in self._queue:
            assert isinstance(job, _Job)
            if job.lease is lease and not job.is_hurried:
                job.deadline += seconds

    async def submit(
        self, message: Job, roles: tuple[Role, ...], deadline: float, cost_s: float, lease: Lease
    ) -> Answer:
        """Queue one job and wait for its answer; cancelling this takes it out of the queue if it has not started.

        Raises:
            InferenceError: no worker could do it.
        """
        if not self._is_open:
            raise PoolClosed("the pool is closed")
        job = _Job(roles=roles, deadline=deadline, cost_s=cost_s, message=message, lease=lease)
        self._queue.add(job)
        self._dispatch()
        try:
            return await job.answer
        finally:
            self._queue.remove(job)

    def release(self, lease: Lease) -> None:
        """Forget a lease; `Lease.close` calls this."""
        self._leases.discard(lease)

    def _hopeless_roles(self) -> set[Role]:
        """Roles whose last worker died and could not be started again so far; others stand in for express."""
        roles: set[Role] = {"text", "speech"}
        alive = {slot.spec.role for slot in self._slots if not slot.is_hopeless}
        return {slot.spec.role for slot in self._slots if slot.spec.role in roles} - alive

    def _dispatch(self) -> None:
        for role in self._hopeless_roles():
            for waiting in [job for job in self._queue if job.roles[-1] == role]:
                assert isinstance(waiting, _Job)
                self._queue.remove(waiting)
                waiting.settle(PoolSaturated(_HOPELESS_WAIT_S))
        idle = [(slot, slot.spec.role) for slot in self._slots if slot.is_idle]
        for job, slot in self._queue.assign(idle):
            assert isinstance(job, _Job)
            slot.running = job
            self._spawn(self._run(job, slot))

    async def _run(self, job: _Job, slot: _Slot) -> None:
        worker = slot.worker
        assert worker is not None
        job.attempts += 1
        job.started_at = time.monotonic()
        job.waited_s += job.started_at - job.queued_at
        try:
            reply = await worker.run(job.message, self.config.job_timeout_s)
        except (WorkerDied, ProtocolError) as error:
            self._retry(job, slot, error)
        except InferenceError as error:
            job.settle(error)
        except asyncio.CancelledError:
            job.settle(PoolClosed("the pool is closed"))
            raise
        else:
            self._learn(job)
            provider = worker.ready.provider if worker.ready else ""
            job.settle(Answer(reply, worker.pid, provider, job.waited_s, job.attempts))
        finally:
            slot.free()
        if slot.is_worn(self.config.jobs_per_worker, self.config.bytes_per_worker):
            self._spawn(slot.replace("worn"))
        self._dispatch()

    def _retry(self, job: _Job, slot: _Slot, error: InferenceError) -> None:
        """Put the job back in line once; a job that ended two workers is not given to a third."""
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
            job.settle(JobPoisoned("the job ended two workers"))
        else:
            job.avoid.add(slot)
            job.queued_at = time.monotonic()
            self._queue.add(job)

    def _learn(self, job: _Job) -> None:
        if isinstance(job.message, SpeechJob):
            self.cost.learn(len(job.message.unit.phonemes), time.monotonic() - job.started_at)

    def _real_time_factor(self) -> float | None:
        """Seconds that a worker took for a second of its warm-up, on the provider it chose."""
        ready = self.ready("speech")
        factors = [trial.real_time_factor for trial in ready.trials] if ready else []
        return next((factor for factor in reversed(factors) if factor), None)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        # In a context of its own: a job is started by whichever request, or death, has freed the worker.
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
