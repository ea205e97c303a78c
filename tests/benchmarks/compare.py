"""The gateway against the naive server, interleaved in one run: `python -m tests.benchmarks.compare [ROUNDS]`.

Both stand ready all the time, and take turns: what else the machine does slows both. Prints figures and ratios.
The first table is of both servers as they start by default, the second of one thread each and what an engine costs.
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
import psutil
from rich.console import Console
from rich.table import Table

from gateway.observe.percentile import percentile
from gateway.settings import Settings
from gateway.tools.bench import PAGE_CHARS, cpu_s, memory_mb, own_server, tree, url_of
from gateway.tools.listeners import Heard, Texts, crowd
from models.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLIENTS = 4
FEW_SENTENCES_CHARS = 200
REPLIES = 30
PAGES_EVERY = 4
"""A page takes the naive server 40 s: it is asked for in each fourth round."""


@dataclass
class Side:
    """One server and what was measured of it. Lives as long as the comparison."""

    url: str
    pid: int
    start_s: float
    alone: list[Heard] = field(default_factory=list)
    few: list[Heard] = field(default_factory=list)
    busy: list[Heard] = field(default_factory=list)
    pages: list[Heard] = field(default_factory=list)
    busy_s: float = 0.0
    to_first_audio_s: float = 0.0
    cpu_s: float = 0.0

    @property
    def audio_s(self) -> float:
        """Seconds of audio so far."""
        return sum(heard.audio_s for heard in (*self.alone, *self.few, *self.busy, *self.pages))

    def figures(self) -> dict[str, float]:
        """Name with unit -> value; all but throughput are better when smaller."""
        return {
            "first audio, chat reply (ms), p50": 1000 * median(h.first_s for h in self.alone),
            "first audio, two or three sentences (ms), p50": 1000 * median(h.first_s for h in self.few),
            f"first audio, {PAGE_CHARS} characters (ms), p50": 1000 * median(h.first_s for h in self.pages),
            f"first audio, {CLIENTS} clients (ms), p95": 1000
            * percentile([h.first_s for h in self.busy], 0.95),
            f"audio a second, {CLIENTS} clients": sum(h.audio_s for h in self.busy) / self.busy_s,
            "CPU seconds for a second of audio, everything": self.cpu_s / self.audio_s,
            "memory, PSS of all processes (MB)": memory_mb(self.pid),
            "start to ready (s)": self.start_s,
            "start to first audio (s)": self.to_first_audio_s,
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
            (first,) = await crowd(client, side.url, 1, 1, texts.sentence)
            side.to_first_audio_s = side.start_s + first.first_s
        for number in range(rounds):
            for side in sides if number % 2 else sides[::-1]:
                before = cpu_s(side.pid)
                side.alone += await crowd(client, side.url, 1, 2, texts.sentence)
                side.few += await crowd(client, side.url, 1, 1, _page(texts, FEW_SENTENCES_CHARS))
                started = time.perf_counter()
                side.busy += await crowd(client, side.url, CLIENTS, 2, texts.sentence)
                side.busy_s += time.perf_counter() - started
                if number % PAGES_EVERY == 0:
                    side.pages += await crowd(client, side.url, 1, 1, _page(texts, PAGE_CHARS))
                side.cpu_s += cpu_s(side.pid) - before


def _page(texts: Texts, characters: int) -> Callable[[], str]:
    return lambda: texts.page(characters)


@contextlib.contextmanager
def environment(**variables: str) -> Iterator[None]:
    """The servers started inside see these variables."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass
class Engine:
    """A server of one thread, and the processes of it that infer. Lives as long as the comparison."""

    side: Side
    pids: list[int]

    def cost(self) -> float:
        """CPU seconds so far of the processes that infer."""
        return sum(_cpu_of(pid) for pid in self.pids)


def _cpu_of(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def speech_workers(pid: int) -> list[int]:
    """Processes below `pid` that speak."""
    return [child.pid for child in tree(pid)[1:] if '"role":"speech"' in " ".join(child.cmdline())]


async def compare_engines(naive: Engine, ours: Engine, rounds: int) -> dict[str, tuple[float, float]]:
    """CPU of what infers, one thread each, and the gateway's own for a reply of about 3 s in two formats.

    The naive server infers in its one process, and what else it does there counts too: 10 ms a reply.
    """
    texts = Texts(time.time_ns())
    costs = {id(naive): 0.0, id(ours): 0.0}
    async with httpx.AsyncClient(timeout=600, trust_env=False) as client:
        for number in range(rounds):
            for engine in (naive, ours) if number % 2 else (ours, naive):
                before = engine.cost()
                engine.side.alone += await crowd(client, engine.side.url, 1, 2, texts.sentence)
                costs[id(engine)] += engine.cost() - before
        own_ms = {name: await own_cpu_ms(client, ours.side, texts, name) for name in ("pcm", "mp3")}
    private = [psutil.Process(pid).memory_full_info().uss / 1e6 for pid in (naive.pids[0], ours.pids[-1])]
    of_naive, of_ours = (costs[id(engine)] / engine.side.audio_s for engine in (naive, ours))
    return {
        "CPU seconds for a second of audio, inference, one thread": (of_naive, of_ours),
        "private memory of one more engine (MB)": (private[0], private[1]),
        "gateway's own CPU, reply of 3 s as pcm (ms)": (float("nan"), own_ms["pcm"]),
        "gateway's own CPU, reply of 3 s as mp3 (ms)": (float("nan"), own_ms["mp3"]),
    }


async def own_cpu_ms(client: httpx.AsyncClient, side: Side, texts: Texts, audio_format: str) -> float:
    """CPU of the gateway's own process for one reply; its clock ticks every 10 ms, so of many together."""
    before = _cpu_of(side.pid)
    for _ in range(REPLIES):
        body = {"model": "tts-1", "input": texts.reply(), "response_format": audio_format}
        (await client.post(f"{side.url}/audio/speech", json=body)).raise_for_status()
    return (_cpu_of(side.pid) - before) * 1000 / REPLIES


def tabulate(rows: dict[str, tuple[float, float]]) -> Table:
    """Figure, naive, gateway, ratio."""
    table = Table("figure", "naive", "gateway", "ratio", box=None)
    for name, (theirs, ours) in rows.items():
        table.add_row(name, f"{theirs:.2f}", f"{ours:.2f}", f"{ours / theirs:.2f}")
    return table


def main() -> None:
    """Compare, and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    console = Console(width=110)
    with naive_server() as naive, own_server() as ours:
        sides = [Side(*naive), Side(*ours)]
        asyncio.run(compare(sides, rounds))
        theirs, own = (side.figures() for side in sides)
    console.print(tabulate({name: (theirs[name], own[name]) for name in theirs}))
    with (
        environment(NAIVE_THREADS="1", KOKORO_THREADS="1", KOKORO_EXPRESS="false", KOKORO_WORKERS="2"),
        naive_server() as naive,
        own_server() as ours,
    ):
        engines = Engine(Side(*naive), [naive[1]]), Engine(Side(*ours), speech_workers(ours[1]))
        console.print(tabulate(asyncio.run(compare_engines(*engines, rounds))))


if __name__ == "__main__":
    main()
