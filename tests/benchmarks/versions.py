"""This version against another, interleaved in one run: `python -m tests.benchmarks.versions CHECKOUT [ROUNDS]`.

CHECKOUT is a clone at the other version; both run with this environment's packages and stand ready all the time, and
take turns: what else the machine does slows both. No text comes twice. Prints figures and their ratio.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Final

import httpx
from rich.console import Console
from rich.table import Table

from gateway.observe.percentile import percentile
from gateway.tools.bench import PAGE_CHARS, cpu_s, memory_mb, own_server
from gateway.tools.listeners import Heard, Texts, crowd, listen

HERE: Final = Path(__file__).parents[2]
CLIENTS: Final = 4


@dataclass
class Side:
    """One version's server and what was measured of it. Lives as long as the run."""

    url: str
    pid: int
    start_s: float
    alone: list[Heard] = field(default_factory=list)
    busy: list[Heard] = field(default_factory=list)
    pages: list[Heard] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    """Seconds of audio a second with several clients, by round."""

    memory_mb: float = 0.0
    cpu_s: float = 0.0

    def figures(self) -> dict[str, float]:
        """What a listener and an operator would notice, by name."""
        heard = (*self.alone, *self.busy, *self.pages)
        return {
            "first audible sample, chat reply, one client, p50, ms": 1000
            * median(h.first_s for h in self.alone),
            f"the same, {CLIENTS} clients, p50, ms": 1000 * median(h.first_s for h in self.busy),
            f"the same, {CLIENTS} clients, p95, ms": 1000 * percentile([h.first_s for h in self.busy], 0.95),
            f"the same, {PAGE_CHARS} characters, p50, ms": 1000 * median(h.first_s for h in self.pages),
            f"audio a second, {CLIENTS} clients, s": mean(self.rates),
            "CPU for a second of audio, all processes, s": self.cpu_s / sum(h.audio_s for h in heard),
            f"gaps in replies to {CLIENTS} clients who ask again at once": sum(
                h.underruns for h in self.busy
            ),
            "gaps in pages": sum(h.underruns for h in self.pages),
            "memory of all processes, PSS, MB": self.memory_mb,
            "start to ready, s": self.start_s,
        }


async def one_round(client: httpx.AsyncClient, side: Side, texts: Texts) -> None:
    """Four replies to one client, eight to four at once, and a page."""
    before_s = cpu_s(side.pid)
    side.alone += await crowd(client, side.url, 1, 4, texts.sentence)
    began = time.perf_counter()
    heard = await crowd(client, side.url, CLIENTS, 2, texts.sentence)
    side.rates.append(sum(h.audio_s for h in heard) / (time.perf_counter() - began))
    side.busy += heard
    side.pages.append(await listen(client, side.url, texts.page(PAGE_CHARS)))
    side.cpu_s += cpu_s(side.pid) - before_s
    side.memory_mb = max(side.memory_mb, memory_mb(side.pid))


async def measure(sides: tuple[Side, Side], rounds: int) -> None:
    """All rounds; who comes first changes with each."""
    texts = Texts(seed=time.time_ns())
    async with httpx.AsyncClient(timeout=300, trust_env=False) as client:
        for side in sides:  # what is done once is done before the clock starts
            await listen(client, side.url, texts.sentence())
        for number in range(rounds):
            for side in sides if number % 2 == 0 else sides[::-1]:
                await one_round(client, side, texts)


def main() -> None:
    """Measure and print."""
    checkout, rounds = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 4
    with own_server(checkout=checkout) as before, own_server(checkout=HERE) as now:
        other, this = Side(*before), Side(*now)
        asyncio.run(measure((other, this), rounds))
        table = Table("figure", "other", "this", "ratio", box=None)
        for (name, old), new in zip(other.figures().items(), this.figures().values(), strict=True):
            table.add_row(name, f"{old:.2f}", f"{new:.2f}", f"{new / old:.2f}" if old else "-")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
