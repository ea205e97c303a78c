"""The simulation of `capacity` beside gateways that run: `python -m tests.benchmarks.capacity_check URL [URL ...]`.

Each URL (with /v1) is a gateway of one worker on a core of its own, as `KOKORO_WORKERS=1 KOKORO_THREADS=1 taskset -c 0`
starts it. So many people listen on each, and the rule of the fleet says where they ask. How fast the workers were in
that time is all that the simulation is told.

    python -m tests.benchmarks.capacity_check --fleet       the same through Ray, on two machines that it starts
    python -m tests.benchmarks.capacity_check --door URL    what the question to the router costs, on the door's machine
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, Final

import httpx
import psutil

from gateway.cluster.routing import Machine, key_of, order, sound_s
from gateway.observe.percentile import percentile
from gateway.tools.listeners import Texts, listen
from tests.benchmarks.capacity import heading, read, row
from tests.benchmarks.capacity_model import FIRST_S, WINDOW_S, Costs, simulate
from tests.benchmarks.capacity_policies import Ours
from tests.benchmarks.fleet import on_core
from tests.cluster.fleet import KEY, alone, fleet
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from gateway.tools.listeners import Heard

THINK_S: Final = 2.0
ASKED: Final = 300

_SUMS: Final = ("kokoro_audio_seconds_total", "kokoro_inference_seconds_sum")


@dataclass
class Real:
    """What people heard of gateways that run. Lives as long as the run."""

    client: httpx.AsyncClient
    machines: dict[str, Machine]
    door: str | None
    """Where all ask, if somebody else chooses the machine."""

    heard: list[Heard] = field(default_factory=list)

    async def report(self) -> None:
        """Ask each gateway for its work twice a second, as a router is told."""
        while True:
            for url, machine in self.machines.items():
                status = (await self.client.get(f"{url.removesuffix('/v1')}/status")).json()
                now = time.time()
                machine.report(status["queue"]["work_s"], 6.0, now, now)
            await asyncio.sleep(0.5)

    async def stay(self, texts: Texts, until: float) -> None:
        """Listen, think and ask again."""
        await asyncio.sleep(random.uniform(0, 7 + THINK_S))  # noqa: S311 - no secrets
        while time.perf_counter() < until:
            text = texts.sentence()
            heard = await listen(self.client, self.door or self.chosen(text), text)
            self.heard.append(heard)
            left_s = heard.audio_s - (heard.total_s - heard.first_s)
            await asyncio.sleep(max(left_s, 0) + random.expovariate(1 / THINK_S))

    def chosen(self, text: str) -> str:
        """The URL of the machine that the rule of the fleet says, which counts as asked."""
        now = time.time()
        machine = order(key_of("af_heart", text), [*self.machines.values()], now)[0]
        machine.send(sound_s(len(text)), now)
        return machine.name


async def measure(
    urls: list[str], door: str | None, people: int, seconds: float
) -> tuple[float, list[Heard]]:
    """Seconds of sound for a second of a worker's time in this run, and what people heard."""
    texts = Texts(seed=time.time_ns())
    limits = httpx.Limits(max_connections=None)
    headers = {"authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(timeout=300, limits=limits, trust_env=False, headers=headers) as client:
        await asyncio.gather(*(listen(client, url, texts.sentence()) for url in urls))
        before = [await spoken(client, url) for url in urls]
        real = Real(client, {url: Machine(url) for url in urls}, door)
        reporting = asyncio.create_task(real.report())
        until = time.perf_counter() + seconds
        await asyncio.gather(*(real.stay(texts, until) for _ in range(people * len(urls))))
        reporting.cancel()
        after = [await spoken(client, url) for url in urls]
    (began_s, began_work_s), (sound_s, work_s) = (
        map(sum, zip(*these, strict=True)) for these in (before, after)
    )
    return (sound_s - began_s) / (work_s - began_work_s), real.heard


async def spoken(client: httpx.AsyncClient, url: str) -> tuple[float, float]:
    """Seconds of sound that a gateway has spoken so far, and of its worker's time."""
    said = (await client.get(f"{url.removesuffix('/v1')}/metrics")).text
    found = dict(line.rsplit(" ", 1) for line in said.splitlines() if line.startswith("kokoro_"))
    sums = [sum(float(v) for k, v in found.items() if k.startswith(name)) for name in _SUMS]
    return sums[0], sums[1]


def figures_of(speed: float, heard: list[Heard], *, has_door: bool) -> dict[str, Any]:
    """The figures of machines of one worker that are so fast, and of these listeners."""
    figures = read(["machine.workers=1", "machine.alone_speed=1.0", "machine.slowness=1.0", "fleet.routers=1",
                    "listener.repeats=0.0"])  # fmt: skip
    if not has_door:
        figures["fleet"] |= {"hop_s": 0.0, "report_late_s": 0.0}
    sounds_s = [one.audio_s for one in heard]
    costs = Costs.of(figures["machine"])
    figures["machine"]["slowness"] = (
        sum(sounds_s) / speed / sum(_work_s(costs, sound_s) for sound_s in sounds_s)
    )
    figures["listener"] |= {"reply_s": fmean(sounds_s), "think_s": THINK_S}
    return figures


def _work_s(costs: Costs, sound_s: float) -> float:
    """Seconds of a worker's time for a whole reply: its first window costs more, and its last one as much as any."""
    return costs.first + ceil(max(sound_s - FIRST_S, 0.0) / WINDOW_S) * costs.window


def compare(urls: list[str], door: str | None, people: int, seconds: float) -> None:
    """Print what was measured beside what is simulated."""
    speed, heard = asyncio.run(measure(urls, door, people, seconds))
    figures = figures_of(speed, heard, has_door=door is not None)
    simulated = simulate(figures, len(urls), Ours(), people * len(urls), 0, seconds=20 * seconds)
    firsts = [one.first_s for one in heard]
    heading(f"{len(urls)} gateways, {people} listeners each, {speed:.1f} s of sound a second", "measured", "simulated",
            "error")  # fmt: skip
    for name, share in (("first sound, p50", 0.5), ("first sound, p95", 0.95)):
        real, said = percentile(firsts, share), percentile(simulated.firsts_s, share)
        row(name, f"{1000 * real:.0f} ms", f"{1000 * said:.0f} ms", f"{said / real - 1:+.0%}")
    gaps = sum(one.underruns > 0 for one in heard) / len(heard), simulated.with_gaps / simulated.replies
    row("replies with a gap", *(f"{share:.1%}" for share in gaps), f"{100 * (gaps[1] - gaps[0]):+.1f} points")
    rates = len(heard) / seconds, simulated.replies / (20 * seconds)
    row("replies a second", *(f"{rate:.2f}" for rate in rates), f"{rates[1] / rates[0] - 1:+.0%}")


def through_ray(people: int, seconds: float) -> None:
    """Compare with a fleet of two machines, each on a core of its own."""
    with alone(), tempfile.TemporaryDirectory() as directory, ExitStack() as started:
        with on_core(0):
            running = started.enter_context(
                fleet("gateway.cli cluster --join-port", Path(directory), API_KEYS=KEY)
            )
        with on_core(1):
            other = running.join()
        wait_for(lambda: other.is_ready, "the second machine")
        urls = [f"http://127.0.0.1:{machine.node_port}/v1" for machine in (running.first, other)]
        compare(urls, running.first.base_url, people, seconds)


def price(url: str) -> None:
    """Print what a POST takes longer than a GET, and the CPU of all that is between client and replica."""
    between = [p for p in psutil.process_iter(["name", "cmdline"]) if _is_door(p)]
    with httpx.Client(trust_env=False, timeout=30) as client:
        took = {}
        for method in ("GET", "POST"):
            before, times = sum(map(_cpu_s, between)), []
            for number in range(ASKED):
                began = time.perf_counter()
                client.request(method, f"{url}/audio/speech", json={"input": f"{number}", "voice": "nobody"})
                times.append(time.perf_counter() - began)
            took[method] = median(times), (sum(map(_cpu_s, between)) - before) / ASKED
    heading("request", "p50", "CPU of HAProxy and router")
    for method, (seconds, cpu_s) in took.items():
        row(method, f"{1000 * seconds:.1f} ms", f"{1000 * cpu_s:.2f} ms")


def _is_door(process: psutil.Process) -> bool:
    words = process.info["cmdline"] or [""]
    return bool(process.info["name"] == "haproxy" or words[0].endswith(":Router"))


def _cpu_s(process: psutil.Process) -> float:
    return sum(process.cpu_times()[:2])


def main() -> None:
    """Read the options and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--door", action="store_true")
    parser.add_argument("--fleet", action="store_true")
    parser.add_argument("--people", type=int, default=4, help="on each gateway")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("urls", nargs="*", metavar="URL")
    options = parser.parse_args()
    if options.fleet:
        through_ray(options.people, options.seconds)
    elif options.door:
        price(*options.urls)
    else:
        compare(options.urls, None, options.people, options.seconds)


if __name__ == "__main__":
    main()
