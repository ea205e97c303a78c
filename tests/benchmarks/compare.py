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
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import psutil
from rich.console import Console

from gateway.settings import Settings
from gateway.tools.bench import own_server, tree, url_of
from gateway.tools.listeners import Texts, crowd
from models.manifest import Manifest
from tests.benchmarks.sides import Side, compared, take_turns

if TYPE_CHECKING:
    from collections.abc import Iterator

REPLIES = 30
PAGES_EVERY = 4
"""A page takes the naive server 40 s: it is asked for in each fourth round."""

WORKERS = 2
SIDES = ("naive", "gateway")


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
    """Processes below `pid` that speak, once all of them are there: a gateway is ready with the first."""
    found: list[int] = []
    while len(found) < WORKERS:
        found = [child.pid for child in tree(pid)[1:] if '"role":"speech"' in " ".join(child.cmdline())]
        time.sleep(1)
    return found


async def compare_engines(
    naive: Engine, ours: Engine, rounds: int
) -> tuple[dict[str, float], dict[str, float]]:
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
    figures = {
        "CPU seconds for a second of audio, inference, one thread": (of_naive, of_ours),
        "private memory of one more engine (MB)": (private[0], private[1]),
        "gateway's own CPU, reply of 3 s as pcm (ms)": (float("nan"), own_ms["pcm"]),
        "gateway's own CPU, reply of 3 s as mp3 (ms)": (float("nan"), own_ms["mp3"]),
    }
    names = list(figures)
    theirs, own = zip(*figures.values(), strict=True)
    return dict(zip(names, theirs, strict=True)), dict(zip(names, own, strict=True))


async def own_cpu_ms(client: httpx.AsyncClient, side: Side, texts: Texts, audio_format: str) -> float:
    """CPU of the gateway's own process for one reply; its clock ticks every 10 ms, so of many together."""
    before = _cpu_of(side.pid)
    for _ in range(REPLIES):
        body = {"model": "tts-1", "input": texts.reply(), "response_format": audio_format}
        (await client.post(f"{side.url}/audio/speech", json=body)).raise_for_status()
    return (_cpu_of(side.pid) - before) * 1000 / REPLIES


def main() -> None:
    """Compare, and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    console = Console(width=110)
    with naive_server() as naive, own_server() as ours:
        sides = Side(*naive), Side(*ours)
        asyncio.run(take_turns(sides, rounds, PAGES_EVERY))
        console.print(compared(SIDES, sides[0].figures(), sides[1].figures()))
    with (
        environment(
            NAIVE_THREADS="1", KOKORO_THREADS="1", KOKORO_EXPRESS="false", KOKORO_WORKERS=str(WORKERS)
        ),
        naive_server() as naive,
        own_server() as ours,
    ):
        engines = Engine(Side(*naive), [naive[1]]), Engine(Side(*ours), speech_workers(ours[1]))
        console.print(compared(SIDES, *asyncio.run(compare_engines(*engines, rounds))))


if __name__ == "__main__":
    main()
