"""What befalls a server while it is soaked: workers killed and stopped, a log that nobody reads; and who times it.

Knows processes; knows nothing of how the server works. Signals only workers of the server it is given.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Final

import psutil

from gateway.tools.bench import tree

if TYPE_CHECKING:
    import random
    from collections import Counter
    from collections.abc import AsyncIterator, Iterator

_EVERY_S: Final = (10.0, 30.0)
_STOPPED_S: Final = (2.0, 15.0)
_LOG_STOPPED_S: Final = 20.0
_READ_BYTES: Final = 1 << 16


class LogReader:
    """Reads a server's log, and sometimes does not. Lives as long as the server."""

    def __init__(self) -> None:
        self._from, self.write_end = os.pipe()
        self._may_read = threading.Event()
        self._may_read.set()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while os.read(self._from, _READ_BYTES):
            self._may_read.wait()
        os.close(self._from)

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Nobody reads the log while this is open."""
        self._may_read.clear()
        try:
            yield
        finally:
            self._may_read.set()


async def disturb(pid: int, log: LogReader, chance: random.Random, done: Counter[str]) -> None:
    """Kill and stop random workers, and stop reading the log, now and then until cancelled."""
    while True:
        await asyncio.sleep(chance.uniform(*_EVERY_S))
        match chance.randrange(4):
            case 0:
                done["log reader stopped"] += 1
                with log.stopped():
                    await asyncio.sleep(_LOG_STOPPED_S)
            case 1:
                done["workers stopped"] += await _stop(pid, chance)
            case _:
                done["workers killed"] += _signal(_any_worker(pid, chance), signal.SIGKILL)


async def _stop(pid: int, chance: random.Random) -> bool:
    """A worker hangs, and goes on some time later, or is replaced by then."""
    worker = _any_worker(pid, chance)
    was_stopped = _signal(worker, signal.SIGSTOP)
    try:
        await asyncio.sleep(chance.uniform(*_STOPPED_S))
    finally:
        _signal(worker, signal.SIGCONT)
    return was_stopped


def _any_worker(pid: int, chance: random.Random) -> psutil.Process | None:
    workers = [child for child in tree(pid)[1:] if _is_worker(child)]
    return chance.choice(workers) if workers else None


def _is_worker(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.status() != psutil.STATUS_ZOMBIE and "inference.worker" in process.cmdline()
    return False


def _signal(worker: psutil.Process | None, number: signal.Signals) -> bool:
    with contextlib.suppress(psutil.Error):
        if worker:
            worker.send_signal(number)
            return True
    return False


@contextlib.asynccontextmanager
async def timed_health(url: str, seconds: list[float]) -> AsyncIterator[None]:
    """Time /health from a process that does nothing else, for as long as this is open; then `seconds` has the times."""
    prober = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.tools.prober", url),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield
    finally:
        said, _ = await prober.communicate(b"")  # the end of its input ends it
        seconds += json.loads(said)
