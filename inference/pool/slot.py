"""Slot: one place in the pool, whose worker process is started, supervised, replaced and restarted. Knows no queue."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import enum
import logging
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import psutil

from inference.errors import WorkerFailedToStart
from inference.pool.process import State, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inference.protocol import Trial, WorkerSpec

logger = logging.getLogger(__name__)

_LONGEST_PAUSE_S: Final = 30.0
_LONGEST_PAUSE_AFTER_DEATHS_S: Final = 2.0
"""Where starts go well, it is jobs that end workers: a text that does so must not keep all others waiting for long."""

_SETTLED_S: Final = 30.0
"""A worker that lived this long starts again without back-off when it dies, and so does one that has done a job."""

RestartCause: TypeAlias = Literal["died", "timeout", "protocol", "worn", "replaced", "failed_start"]
"""Why a slot restarted its worker, or failed to."""


class Phase(enum.Enum):
    """Where a slot is in its life; changed only here.

    STARTING -> SERVING <-> REPLACING, back to STARTING when the worker is lost; SERVING -> RESTING -> STARTING.
    """

    STARTING = "starting"
    """There is no worker: one is being started, again and again until that succeeds."""

    SERVING = "serving"
    REPLACING = "replacing"
    """The worker serves on while its successor starts, or waits for the job to end."""

    RESTING = "resting"
    """There is no worker, and none is wanted until `wake`."""


@dataclass(frozen=True)
class Successor:
    """The process that takes over from a slot's worker. Lives from the beginning of its start until then."""

    cause: RestartCause
    start: asyncio.Task[WorkerProcess]

    @property
    def process(self) -> WorkerProcess | None:
        """The process, once it is ready."""
        is_ready = self.start.done() and not self.start.cancelled() and not self.start.exception()
        return self.start.result() if is_ready else None


@dataclass(frozen=True)
class WorkerStatus:
    """One worker as an operator sees it."""

    role: str
    state: str
    """What its process does, or why there is none: starting, resting."""

    pid: int | None
    provider: str | None
    cpus: tuple[int, ...]
    threads: int
    jobs: int
    """Jobs done in this place, over all its processes."""

    restarts: Mapping[RestartCause, int]
    """How often a process was lost, replaced or could not be started here, by cause."""

    trials: tuple[Trial, ...]
    """How its provider was chosen."""

    memory_bytes: int
    """Resident memory."""


class Slot:
    """One place for a worker process. Lives as long as its pool."""

    def __init__(self, spec: WorkerSpec, start_timeout_s: float, on_free: Callable[[], None]) -> None:
        self.spec = spec
        self.phase = Phase.STARTING
        self.failed_starts = 0
        """Starts that went wrong since the last that went well."""

        self.failures = 0
        """Starts and early deaths that went wrong in a row."""

        self.trials: tuple[Trial, ...] = ()
        """How the provider was chosen when that was last done, here or for a worker like this one."""

        self._starts_at = 0.0
        self._restarts: Counter[RestartCause] = Counter()
        self._start_timeout_s = start_timeout_s
        self._on_free = on_free
        self._worker: WorkerProcess | None = None
        self._successor: Successor | None = None
        self._is_taken = False
        self._woken = asyncio.Event()
        self._leaving: set[asyncio.Task[None]] = set()
        """The ends of workers that were replaced or put to rest."""

        self._jobs_before = 0

    @property
    def worker(self) -> WorkerProcess | None:
        """The live worker, if there is one."""
        alive = self._worker is not None and self._worker.state in (State.IDLE, State.BUSY)
        return self._worker if alive else None

    @property
    def is_hopeless(self) -> bool:
        """True when there is no worker and the last attempt to start one failed."""
        return self.failed_starts > 0 and self.worker is None

    @property
    def pause_s(self) -> float:
        """Seconds until a worker is started here, while there is none since it failed again and again; else 0."""
        return 0.0 if self.worker else max(self._starts_at - time.monotonic(), 0.0)

    @property
    def is_idle(self) -> bool:
        """True when a job can start here."""
        return not self._is_taken and self.worker is not None and self.worker.state is State.IDLE

    def take(self) -> WorkerProcess:
        """The worker of an idle slot, which is the caller's until `free`."""
        assert self.is_idle
        assert self._worker is not None
        self._is_taken = True
        return self._worker

    def free(self) -> None:
        """The job is done: a successor that is ready takes over now."""
        self._is_taken = False
        self._hand_over()

    async def start(self) -> None:
        """Start the first worker, or the next one after a death.

        Raises:
            WorkerFailedToStart: with the reason.
        """
        worker = await WorkerProcess.start(self._proven_spec(), self._start_timeout_s)
        self._worker, self.phase, self.failed_starts = worker, Phase.SERVING, 0
        if worker.ready and worker.ready.trials:
            self.trials = worker.ready.trials
        logger.info("worker_ready", extra=_fields(self._worker))

    async def try_start(self) -> None:
        """Start a worker, after a pause if that has failed before; if it fails now, `supervise` tries again."""
        pause = pause_s(self.failures, self.failed_starts)
        self._starts_at = time.monotonic() + pause
        await asyncio.sleep(pause)
        try:
            await self.start()
        except WorkerFailedToStart as error:
            self.failures += 1
            self.failed_starts += 1
            self._restarts["failed_start"] += 1
            logger.warning("worker_cannot_start", extra={"role": self.spec.role, "reason": str(error)})
        self._on_free()

    async def supervise(self) -> None:
        """See to it that there is a worker whenever one is wanted. Never returns."""
        while True:
            if self.phase is Phase.RESTING:
                await self._woken.wait()
            elif self._worker is None:
                await self.try_start()
            else:
                await self._outlive(self._worker)

    async def replace(self, cause: RestartCause = "replaced") -> None:
        """Start a new worker, and retire the old one between two jobs once the new one is ready."""
        if self.phase is not Phase.SERVING:
            return
        start = asyncio.create_task(WorkerProcess.start(self.spec, self._start_timeout_s))
        self.phase, self._successor = Phase.REPLACING, Successor(cause, start)
        try:
            await start
        except WorkerFailedToStart as error:
            self.phase, self._successor = Phase.SERVING if self._worker else Phase.STARTING, None
            self._restarts["failed_start"] += 1
            logger.warning("worker_cannot_be_replaced", extra={"role": self.spec.role, "reason": str(error)})
        else:
            self._hand_over()

    def rest(self) -> None:
        """End an idle worker; there will be none until `wake`."""
        if self.phase is Phase.SERVING and self.is_idle:
            self.phase, self.failures = Phase.RESTING, 0
            self._woken.clear()
            self._retire()

    def wake(self) -> None:
        """Start the worker of a resting slot."""
        if self.phase is Phase.RESTING:
            self.phase = Phase.STARTING
            self._woken.set()

    async def stop(self) -> None:
        """End all processes of this place."""
        if self._successor is not None:
            self._successor.start.cancel()
            await asyncio.wait({self._successor.start})
        processes = (self._worker, self._successor.process if self._successor else None)
        await asyncio.gather(*(process.stop() for process in processes if process), *self._leaving)

    def memory_bytes(self) -> int:
        """Resident memory of the worker."""
        return _resident_bytes(self.worker.pid) if self.worker else 0

    def status(self) -> WorkerStatus:
        """This place at this moment."""
        worker = self.worker
        without = Phase.RESTING if self.phase is Phase.RESTING else Phase.STARTING
        return WorkerStatus(
            role=self.spec.role,
            state=worker.state.value if worker else without.value,
            pid=worker.pid if worker else None,
            provider=worker.ready.provider if worker and worker.ready else None,
            cpus=self.spec.cpus,
            threads=self.spec.threads,
            jobs=self._jobs_before + (worker.jobs_done if worker else 0),
            restarts=dict(self._restarts),
            trials=self.trials if worker else (),
            memory_bytes=self.memory_bytes(),
        )

    async def _outlive(self, worker: WorkerProcess) -> None:
        """Wait for the worker's end; one that was lost is followed by its successor, or else by a new start."""
        born = time.monotonic()
        await worker.ended.wait()
        if self._worker is not worker:
            return  # it was replaced, or put to rest, and left when it was told to
        self._restarts[worker.lost_by] += 1
        extra = _fields(worker) | {"exit_code": worker.exit_code, "cause": worker.lost_by}
        logger.warning("worker_died", extra=extra)
        has_settled = worker.jobs_done > 0 or time.monotonic() - born > _SETTLED_S
        self.failures = 1 if has_settled else self.failures + 1
        if self._successor is not None:
            await asyncio.wait({self._successor.start})
            self._hand_over()
        if self._worker is worker:
            self.phase = Phase.STARTING
            self._retire()

    def _proven_spec(self) -> WorkerSpec:
        """The spec, without its warm-up where one like it has spoken soundly and no start has failed since."""
        if not self.trials or self.failed_starts:
            return self.spec
        return dataclasses.replace(self.spec, providers=(self.trials[-1].provider,), is_proven=True)

    def _hand_over(self) -> None:
        """Let a successor that is ready take over, unless its predecessor is in a job."""
        successor = self._successor
        if successor is None or successor.process is None or (self._is_taken and self.worker):
            return
        self._retire()
        self._worker, self._successor, self.phase = successor.process, None, Phase.SERVING
        self._restarts[successor.cause] += 1
        logger.info("worker_replaced", extra=_fields(successor.process) | {"cause": successor.cause})
        self._on_free()

    def _retire(self) -> None:
        """Let go of the worker, and end its process."""
        retired, self._worker = self._worker, None
        if retired is not None:
            self._jobs_before += retired.jobs_done
            leaving = asyncio.get_running_loop().create_task(retired.stop())
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)


def pause_s(failures: int, failed_starts: int) -> float:
    """Seconds before the next start: none after one death, then 0.5 s doubling up to 2 s, or half a minute where
    starts fail as well.
    """
    longest = _LONGEST_PAUSE_S if failed_starts else _LONGEST_PAUSE_AFTER_DEATHS_S
    return 0.0 if failures <= 1 else min(longest, 0.5 * 2 ** min(failures - 2, 10))


def _resident_bytes(pid: int) -> int:
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0


def _fields(worker: WorkerProcess) -> dict[str, object]:
    provider = worker.ready.provider if worker.ready else None
    return {"role": worker.spec.role, "pid": worker.pid, "provider": provider}
