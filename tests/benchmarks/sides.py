"""Two servers that take turns in one run, so that what else the machine does slows both, and the figures of each.

Knows processes and HTTP; knows nothing of how either server works.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Final

import httpx
from rich.table import Table

from gateway.observe.percentile import percentile
from gateway.tools.bench import PAGE_CHARS, cpu_s, memory_mb
from gateway.tools.listeners import Heard, Texts, crowd, listen

if TYPE_CHECKING:
    from collections.abc import Mapping

CLIENTS: Final = 4
FEW_SENTENCES_CHARS: Final = 200


@dataclass
class Side:
    """One server and what was measured of it. Lives as long as the run."""

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
    memory_mb: float = 0.0

    @property
    def audio_s(self) -> float:
        """Seconds of audio so far."""
        return sum(heard.audio_s for heard in (*self.alone, *self.few, *self.busy, *self.pages))

    async def speak_first(self, client: httpx.AsyncClient, texts: Texts) -> None:
        """The first reply of all: what is done once is done before the rounds."""
        self.to_first_audio_s = self.start_s + (await listen(client, self.url, texts.sentence())).first_s

    async def speak(self, client: httpx.AsyncClient, texts: Texts, *, with_page: bool) -> None:
        """One round: chat replies to one client, two or three sentences, replies to several at once, and a page."""
        before_s = cpu_s(self.pid)
        self.alone += await crowd(client, self.url, 1, 4, texts.sentence)
        self.few += await crowd(client, self.url, 1, 1, partial(texts.page, FEW_SENTENCES_CHARS))
        began = time.perf_counter()
        self.busy += await crowd(client, self.url, CLIENTS, 2, texts.sentence)
        self.busy_s += time.perf_counter() - began
        if with_page:
            self.pages.append(await listen(client, self.url, texts.page(PAGE_CHARS)))
        self.cpu_s += cpu_s(self.pid) - before_s
        self.memory_mb = max(self.memory_mb, memory_mb(self.pid))

    def figures(self) -> dict[str, float]:
        """What a listener and an operator would notice, by name with unit; smaller is better but for throughput."""
        return {
            "first audible sample, chat reply, p50, ms": _p50_ms(self.alone),
            "the same, two or three sentences, p50, ms": _p50_ms(self.few),
            f"the same, {PAGE_CHARS} characters, p50, ms": _p50_ms(self.pages),
            f"the same, chat replies for {CLIENTS} clients, p50, ms": _p50_ms(self.busy),
            f"the same, chat replies for {CLIENTS} clients, p95, ms": 1000
            * percentile([heard.first_s for heard in self.busy], 0.95),
            f"audio a second, {CLIENTS} clients, s": sum(heard.audio_s for heard in self.busy) / self.busy_s,
            "CPU for a second of audio, all processes, s": self.cpu_s / self.audio_s,
            f"gaps in replies to {CLIENTS} clients who ask again at once": _gaps(self.busy),
            "gaps in pages": _gaps(self.pages),
            "memory of all processes, PSS, MB": self.memory_mb,
            "start to ready, s": self.start_s,
            "start to first audio, s": self.to_first_audio_s,
        }


def _p50_ms(heard: list[Heard]) -> float:
    return 1000 * median(one.first_s for one in heard)


def _gaps(heard: list[Heard]) -> int:
    return sum(one.underruns for one in heard)


async def take_turns(sides: tuple[Side, Side], rounds: int, page_every: int = 1) -> None:
    """All rounds, new texts each time; who comes first changes with each."""
    texts = Texts(seed=time.time_ns())
    async with httpx.AsyncClient(timeout=600, trust_env=False) as client:
        for side in sides:
            await side.speak_first(client, texts)
        for number in range(rounds):
            for side in sides if number % 2 == 0 else sides[::-1]:
                await side.speak(client, texts, with_page=number % page_every == 0)


def compared(names: tuple[str, str], one: Mapping[str, float], other: Mapping[str, float]) -> Table:
    """The figures of both, and their ratio."""
    table = Table("figure", *names, "ratio", box=None)
    for name, figure in one.items():
        ratio = f"{other[name] / figure:.2f}" if figure else "-"
        table.add_row(name, f"{figure:.2f}", f"{other[name]:.2f}", ratio)
    return table
