"""What this machine carries: first audio, cost, streams in real time, memory. Measures a server from outside.

Knows processes and HTTP; knows nothing of how the server works.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

import httpx
import psutil
from rich.table import Table

from gateway.observe.percentile import percentile
from gateway.tools.listeners import Heard, Texts, crowd, listen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE_CHARS: Final = 1500
_MOST_STREAMS: Final = 64
_APART_S: Final = 1.0
"""People do not begin to listen in the same moment."""


@dataclass(frozen=True)
class Measured:
    """What was measured; seconds unless a name says otherwise."""

    first_audio_p50: float
    """First audible sample of a chat reply, one listener."""

    first_audio_busy_p95: float
    """The same with four listeners at once."""

    first_audio_page: float
    """First audible sample of a page."""

    throughput: float
    """Seconds of audio a second, four listeners with chat replies."""

    streams: int
    """Pages at once that all played without a gap."""

    cost: float | None
    """CPU seconds of the whole server for a second of audio; None when it runs elsewhere."""

    memory_mb: float | None
    """Proportional set size of all its processes."""

    start: float | None
    """From its start until it could be asked."""

    def as_table(self) -> Table:
        """For people."""
        rows = {
            "first audio, one listener (p50)": f"{self.first_audio_p50 * 1000:.0f} ms",
            "first audio, four listeners (p95)": f"{self.first_audio_busy_p95 * 1000:.0f} ms",
            f"first audio of {PAGE_CHARS} characters": f"{self.first_audio_page * 1000:.0f} ms",
            "audio per second, four listeners": f"{self.throughput:.2f} s",
            "pages at once, begun a second apart, without a gap": str(self.streams),
            "CPU per second of audio": _or_dash(self.cost, "{:.2f} s"),
            "memory of all processes (PSS)": _or_dash(self.memory_mb, "{:.0f} MB"),
            "start": _or_dash(self.start, "{:.1f} s"),
        }
        table = Table("figure", "measured", box=None)
        for name, value in rows.items():
            table.add_row(name, value)
        return table

    def as_dict(self) -> dict[str, float | None]:
        """For machines."""
        return dataclasses.asdict(self)


def _or_dash(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


async def measure(url: str, pid: int | None, start_s: float | None, rounds: int = 8) -> Measured:
    """Measure the server at `url` (with /v1); `pid` is its process, if it runs here.

    Raises:
        httpx.HTTPError: it refused or cut a request.
    """
    texts = Texts(seed=time.time_ns())
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=300, limits=limits, trust_env=False) as client:
        await listen(client, url, texts.sentence())  # what is done once is done before the clock starts
        before_s = cpu_s(pid)
        alone = await crowd(client, url, 1, rounds, texts.sentence)
        started = time.perf_counter()
        busy = await crowd(client, url, 4, rounds // 2, texts.sentence)
        busy_s = time.perf_counter() - started
        spent_s = cpu_s(pid) - before_s
        pages = [await listen(client, url, texts.page(PAGE_CHARS)) for _ in range(2)]
        spoken_s = sum(heard.audio_s for heard in alone + busy)
        return Measured(
            first_audio_p50=median(heard.first_s for heard in alone),
            first_audio_busy_p95=percentile([heard.first_s for heard in busy], 0.95),
            first_audio_page=median(heard.first_s for heard in pages),
            throughput=sum(heard.audio_s for heard in busy) / busy_s,
            streams=await _streams(client, url, texts),
            cost=spent_s / spoken_s if pid else None,
            memory_mb=memory_mb(pid) if pid else None,
            start=start_s,
        )


async def _streams(client: httpx.AsyncClient, url: str, texts: Texts) -> int:
    """The largest number of pages at once that all play without a gap: found by doubling, then by halves."""

    async def read_to(listener: int) -> Heard:
        await asyncio.sleep(listener * _APART_S)
        return await listen(client, url, texts.page(PAGE_CHARS // 3))

    async def play(streams: int) -> bool:
        return not any(one.underruns for one in await asyncio.gather(*map(read_to, range(streams))))

    played, tried = 0, 1
    while tried <= _MOST_STREAMS and await play(tried):
        played, tried = tried, 2 * tried
    too_many = min(tried, _MOST_STREAMS + 1)
    while too_many - played > 1:
        tried = (played + too_many) // 2
        if await play(tried):
            played = tried
        else:
            too_many = tried
    return played


def tree(pid: int) -> list[psutil.Process]:
    """A process and all below it."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def cpu_s(pid: int | None) -> float:
    """CPU seconds that a process and all below it have taken so far; 0 without a process."""
    total = 0.0
    for process in tree(pid) if pid else ():
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def memory_mb(pid: int) -> float:
    """Proportional set size of a process and all below it: memory that is shared is counted once."""
    return sum(process_memory_mb(process) for process in tree(pid))


def process_memory_mb(process: psutil.Process) -> float:
    """Of one process alone; 0 of one that has ended."""
    with contextlib.suppress(psutil.Error):
        full = process.memory_full_info()
        return getattr(full, "pss", full.uss) / 1e6
    return 0.0


@contextlib.contextmanager
def own_server(
    *options: str, log: int = subprocess.DEVNULL, checkout: Path | None = None
) -> Iterator[tuple[str, int, float]]:
    """A gateway on a free port, for the length of the measurement: its URL, its pid, and how long it took to start.

    `log` is the file descriptor that its log goes to; without one it has hardly any. With `checkout` it is the version
    that lies there.
    """
    started = time.perf_counter()
    level = "error" if log == subprocess.DEVNULL else "info"
    command = [sys.executable, "-m", "gateway.cli", "serve", "--port", "0", "--log-level", level, *options]
    with (
        _cleared_up_on_sigterm(),
        subprocess.Popen(  # noqa: S603 - ourselves
            command, stdout=log, stderr=subprocess.PIPE, text=True, cwd=checkout
        ) as process,
    ):
        try:
            url = url_of(process)
            yield url, process.pid, time.perf_counter() - started
        finally:
            process.terminate()


@contextlib.contextmanager
def _cleared_up_on_sigterm() -> Iterator[None]:
    """SIGTERM is an exception while this is open: what would be cleared up after one is."""
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def url_of(process: subprocess.Popen[str]) -> str:
    """The base URL that a server says on standard error once it can be asked."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if found := re.search(r"Base URL: (\S+/v1)", line):
            return found[1]
    raise RuntimeError(f"the gateway did not start: {''.join(said)}")


def run(url: str | None, rounds: int) -> Measured:
    """Measure the server at `url`, or one of our own that is started and ended for it."""
    if url:
        return asyncio.run(measure(url.rstrip("/"), None, None, rounds))
    with own_server() as (own_url, pid, start_s):
        return asyncio.run(measure(own_url, pid, start_s, rounds))
