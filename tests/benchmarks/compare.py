"""The gateway against the naive server, interleaved in one run: `python -m tests.benchmarks.compare [ROUNDS]`.

Both stand ready all the time, and take turns: what else the machine does slows both. Prints figures and ratios.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

import httpx
from rich.console import Console
from rich.table import Table

from gateway.bench import PAGE_CHARS, cpu_s, memory_mb, own_server, url_of
from gateway.load import Heard, Texts, crowd, percentile
from gateway.settings import Settings
from models.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLIENTS = 4


@dataclass
class Side:
    """One server and what was measured of it. Lives as long as the comparison."""

    name: str
    url: str
    pid: int
    start_s: float
    alone: list[Heard] = field(default_factory=list)
    busy: list[Heard] = field(default_factory=list)
    pages: list[Heard] = field(default_factory=list)
    busy_s: float = 0.0
    cpu_s: float = 0.0

    def figures(self) -> dict[str, float]:
        """Name with unit -> value; all but throughput are better when smaller."""
        spoken_s = sum(heard.audio_s for heard in (*self.alone, *self.busy, *self.pages))
        return {
            "first audio, chat reply, 1 client, p50 (ms)": 1000 * median(h.first_s for h in self.alone),
            f"first audio, {PAGE_CHARS} characters, p50 (ms)": 1000 * median(h.first_s for h in self.pages),
            f"first audio, {CLIENTS} clients, p95 (ms)": 1000
            * percentile([h.first_s for h in self.busy], 0.95),
            f"audio a second, {CLIENTS} clients": sum(h.audio_s for h in self.busy) / self.busy_s,
            "CPU seconds for a second of audio": self.cpu_s / spoken_s,
            "memory, PSS of all processes (MB)": memory_mb(self.pid),
            "start to ready (s)": self.start_s,
        }


@contextlib.contextmanager
def naive_server() -> Iterator[tuple[str, int, float]]:
    """The naive server on a free port: its URL, its pid, and how long it took to start."""
    settings = Settings.from_environment()
    model = Manifest.load().model(Manifest.load().default)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    files = [str(settings.models_dir / file.filename) for file in (model, model.voices)]
    started = time.perf_counter()
    command = [sys.executable, "-m", "tests.benchmarks.naive", str(port), *files]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            url = url_of(process)
            _wait_until_listening(port)
            yield url, process.pid, time.perf_counter() - started
        finally:
            process.terminate()


def _wait_until_listening(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError("the naive server does not listen")


async def compare(sides: list[Side], rounds: int) -> None:
    """Have both sides speak in turn, new texts each time."""
    texts = Texts(time.time_ns())
    async with httpx.AsyncClient(timeout=600, trust_env=False) as client:
        for side in sides:
            await crowd(client, side.url, 1, 1, texts.sentence)
        for number in range(rounds):
            for side in sides if number % 2 else sides[::-1]:
                before = cpu_s(side.pid)
                side.alone += await crowd(client, side.url, 1, 2, texts.sentence)
                started = time.perf_counter()
                side.busy += await crowd(client, side.url, CLIENTS, 2, texts.sentence)
                side.busy_s += time.perf_counter() - started
                if number % 4 == 0:
                    side.pages += await crowd(client, side.url, 1, 1, _page(texts))
                side.cpu_s += cpu_s(side.pid) - before


def _page(texts: Texts) -> Callable[[], str]:
    return lambda: texts.page(PAGE_CHARS)


def main() -> None:
    """Compare, and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    with naive_server() as naive, own_server() as ours:
        sides = [Side("naive", *naive), Side("gateway", *ours)]
        asyncio.run(compare(sides, rounds))
        naive_figures, our_figures = (side.figures() for side in sides)
    threads = os.environ.get("NAIVE_THREADS", "default")
    table = Table("figure", f"naive ({threads} threads)", "gateway", "ratio", box=None)
    for name, theirs in naive_figures.items():
        table.add_row(name, f"{theirs:.2f}", f"{our_figures[name]:.2f}", f"{our_figures[name] / theirs:.2f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
