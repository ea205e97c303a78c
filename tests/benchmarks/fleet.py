"""What several machines cost and bring, in one run: `python -m tests.benchmarks.fleet [SECONDS]`.

Two machines of one worker with one thread, each on a core of its own; the first shares its core with the door and with
Ray itself. The hop is a repeated request at the door and at the machine's own port, in turns. Throughput is what four
clients get spoken, no text twice, from one machine and then from both.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from gateway.tools.listeners import Texts
from tests.cluster.fleet import KEY, Fleet, Machine, alone, fleet
from tests.support.processes import descendants
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS: Final = 4
REPEATS: Final = 300
BYTES_PER_SECOND: Final = 48000


def main(seconds: float) -> None:
    table = Table("figure", "", box=None)
    with alone(), tempfile.TemporaryDirectory() as directory, on_core(0):
        started = time.monotonic()
        with fleet("gateway.cli cluster --join-port", Path(directory), API_KEYS=KEY) as running:
            table.add_row("start of the first machine", f"{time.monotonic() - started:.0f} s")
            for where, milliseconds in hop(running.first).items():
                table.add_row(f"repeated request, {where}, p50", f"{milliseconds:.2f} ms")
            table.add_row("memory of Ray on the first machine", f"{memory_mb(running.first):.0f} MB")
            texts = Texts(seed=time.time_ns())
            one = throughput(running, texts, seconds)
            table.add_row("audio a second, one machine", f"{one:.1f} s")
            with on_core(1):
                other = running.join()
            wait_for(lambda: other.is_ready, "the second machine")
            table.add_row("memory of Ray on the second", f"{memory_mb(other):.0f} MB")
            both = throughput(running, texts, seconds)
            table.add_row("audio a second, two machines", f"{both:.1f} s, {both / one:.2f} of one")
    Console().print(table)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started meanwhile runs on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def hop(machine: Machine) -> dict[str, float]:
    """Milliseconds of a repeated request at the door and past it."""
    body = {"model": "tts-1", "input": "The same as before.", "voice": "af_heart", "response_format": "opus"}
    doors = {"through Ray": machine.port, "at the machine itself": int(machine.node_port)}
    taken: dict[str, list[float]] = {name: [] for name in doors}
    with httpx.Client(headers={"authorization": f"Bearer {KEY}"}, timeout=60) as client:
        for _ in range(REPEATS):
            for name, port in doors.items():
                began = time.perf_counter()
                client.post(f"http://127.0.0.1:{port}/v1/audio/speech", json=body).raise_for_status()
                taken[name].append((time.perf_counter() - began) * 1000)
    return {name: median(times[10:]) for name, times in taken.items()}


def throughput(running: Fleet, texts: Texts, seconds: float) -> float:
    """Seconds of audio that are spoken in a second."""
    end = time.monotonic() + seconds

    def listen(_: int) -> float:
        heard = 0.0
        with httpx.Client(headers={"authorization": f"Bearer {KEY}"}, timeout=120) as client:
            while time.monotonic() < end:
                body = {"model": "tts-1", "input": texts.sentence(), "response_format": "pcm"}
                reply = client.post(f"{running.first.base_url}/audio/speech", json=body).raise_for_status()
                heard += len(reply.content) / BYTES_PER_SECOND
        return heard

    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as clients:
        spoken_s = sum(clients.map(listen, range(CLIENTS)))
    return spoken_s / (time.monotonic() - began)


def memory_mb(machine: Machine) -> float:
    """What all that the command has started takes, but for the gateway and its workers."""
    gateway = {machine.replica.pid, *(worker.pid for worker in machine.replica.children())}
    total = 0
    for process in descendants(machine.process.pid):
        with suppress(psutil.Error):
            total += process.memory_full_info().pss if process.pid not in gateway else 0
    return total / 1e6


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30)
