"""Slot: one place in the pool, whose worker process is started, supervised, replaced and restarted. Knows no queue."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, Literal, TypeAlias, TypeVar

import psutil

from inference.errors import WorkerFailedToStart
from inference.pool.process import State, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inference.protocol import Trial, WorkerSpec

logger = logging.getLogger(__name__)

_LONGEST_PAUSE_S: Final = 30.0
_SETTLED_S: Final = 30.0
"""A worker that lived this long starts again without back-off when it dies."""

RestartCause: TypeAlias = Literal["died", "timeout", "protocol", "worn", "replaced", "failed_start"]
"""Why a place got a new process: the old one died, took too long or answered nonsense and was ended, had done its
share, or was to be replaced; or why it got none."""

J = TypeVar("J")
"""A job, as its pool holds it."""


@dataclass(frozen=True)
class WorkerStatus:
    """One worker as an operator sees it."""

    role: str
    state: str
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


class Slot(Generic[J]):
    """One place for a worker process. Lives as long as its pool."""

    def __init__(self, spec: WorkerSpec, start_timeout_s: float, on_free: Callable[[], None]) -> None:
        self.spec = spec
        self.running: J | None = None
        self.failed_starts = 0
        """Starts that went wrong since the last that went well."""

        self.failures = 0
        """Starts and early deaths that went wrong in a row."""

        self._restarts: Counter[RestartCause] = Counter()
        self._start_timeout_s = start_timeout_s
        self._on_free = on_free
        self._worker: WorkerProcess | None = None
        self._successor: WorkerProcess | None = None
        self._retired: set[asyncio.Task[None]] = set()
        self._jobs_before = 0
        self._is_replacing = False
        self._starting = asyncio.Lock()
        """Held while a process is started: a death during a replacement must not end in two workers."""

        self._replaced_by: RestartCause = "replaced"

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
    def is_idle(self) -> bool:
        """True when a job can start here."""
        return self.running is None and self.worker is not None and self.worker.state is State.IDLE

    async def start(self) -> None:
        """Start the first worker, or the next one after a death.

        Raises:
            WorkerFailedToStart: with the reason.
        """
        self._worker = await WorkerProcess.start(self.spec, self._start_timeout_s)
        self.failed_starts = 0
        logger.info("worker_ready", extra=_fields(self._worker))

    async def supervise(self) -> None:
        """Start a new worker whenever this one dies, with back-off while it keeps dying. Never returns."""
        while worker := self._worker:
            born = time.monotonic()
            await worker.ended.wait()
            if self._worker is not worker:
                continue  # it was replaced, and left when it was told to
            self._restarts[worker.lost_by] += 1
            extra = _fields(worker) | {"exit_code": worker.exit_code, "cause": worker.lost_by}
            logger.warning("worker_died", extra=extra)
            await worker.stop(grace_s=0)
            self._jobs_before += worker.jobs_done
            self.failures = 1 if time.monotonic() - born > _SETTLED_S else self.failures + 1
            await self._restart()
            self._on_free()

    def free(self) -> None:
        """The job is done: a successor that is ready takes over now."""
        self.running = None
        if self._successor is not None:
            self._succeed(self._successor)

    def is_worn(self, most_jobs: int, most_bytes: int) -> bool:
        """True when an idle worker has done `most_jobs` or holds `most_bytes` (0: no limit)."""
        worker = self.worker
        if worker is None or self._is_replacing or self._successor is not None:
            return False
        if most_jobs and worker.jobs_done >= most_jobs:
            return True
        return bool(most_bytes) and _resident_bytes(worker.pid) > most_bytes

    async def replace(self, cause: RestartCause = "replaced") -> None:
        """Start a new worker, and retire the old one between two jobs once the new one is ready."""
        if self.worker is None or self._is_replacing or self._successor is not None:
            return
        self._is_replacing = True
        try:
            async with self._starting:
                self._successor = await WorkerProcess.start(self.spec, self._start_timeout_s)
                self._replaced_by = cause
        except WorkerFailedToStart as error:
            self._restarts["failed_start"] += 1
            logger.warning("worker_cannot_be_replaced", extra={"role": self.spec.role, "reason": str(error)})
            return
        finally:
            self._is_replacing = False
        if self.running is None:
            self._succeed(self._successor)
            self._on_free()

    async def stop(self) -> None:
        """End all processes of this place."""
        processes = [process for process in (self._worker, self._successor) if process is not None]
        await asyncio.gather(*(process.stop() for process in processes), *self._retired)

    def status(self) -> WorkerStatus:
        """This place at this moment."""
        worker = self.worker
        return WorkerStatus(
            role=self.spec.role,
            state=worker.state.value if worker else State.STARTING.value,
            pid=worker.pid if worker else None,
            provider=worker.ready.provider if worker and worker.ready else None,
            cpus=self.spec.cpus,
            threads=self.spec.threads,
            jobs=self._jobs_before + (worker.jobs_done if worker else 0),
            restarts=dict(self._restarts),
            trials=worker.ready.trials if worker and worker.ready else (),
            memory_bytes=_resident_bytes(worker.pid) if worker else 0,
        )

    async def _restart(self) -> None:
        while True:
            await asyncio.sleep(pause_s(self.failures))
            async with self._starting:
                if self._successor is not None:
                    self._succeed(self._successor)
                if self.worker is not None:
                    return
                try:
                    await self.start()
                except WorkerFailedToStart as error:
                    self._note_failed_start(error)
            self._on_free()

    def _note_failed_start(self, error: WorkerFailedToStart) -> None:
        self.failures += 1
        self.failed_starts += 1
        self._restarts["failed_start"] += 1
        logger.warning("worker_cannot_start", extra={"role": self.spec.role, "reason": str(error)})

    def _succeed(self, successor: WorkerProcess) -> None:
        retired, self._worker, self._successor = self._worker, successor, None
        self._restarts[self._replaced_by] += 1
        logger.info("worker_replaced", extra=_fields(successor) | {"cause": self._replaced_by})
        if retired is not None:
            self._jobs_before += retired.jobs_done
            leaving = asyncio.get_running_loop().create_task(retired.stop())
            self._retired.add(leaving)
            leaving.add_done_callback(self._retired.discard)


def pause_s(failures: int) -> float:
    """Seconds before the next start: none after one death, then 0.5 s doubling up to half a minute."""
    return 0.0 if failures <= 1 else min(_LONGEST_PAUSE_S, 0.5 * 2 ** min(failures - 2, 10))


def _resident_bytes(pid: int) -> int:
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0


def _fields(worker: WorkerProcess) -> dict[str, object]:
    provider = worker.ready.provider if worker.ready else None
    return {"role": worker.spec.role, "pid": worker.pid, "provider": provider}
