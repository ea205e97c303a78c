"""Three times the load that the machine can carry: `python -m tests.benchmarks.overload [SECONDS]`.

First as many chat replies as four listeners can hear, which keeps up to four workers busy; then replies asked for at
random moments (Poisson), three times as many a second. KOKORO_QUEUE_S bounds how long who is admitted may wait.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from dataclasses import dataclass, field

import httpx
from rich.console import Console
from rich.table import Table

from gateway.observe.percentile import percentile
from gateway.tools.bench import own_server
from gateway.tools.listeners import Heard, Texts, crowd, listen

TIMES = 3
BEST_OF = 24


@dataclass
class Offered:
    """What became of the requests of the overload. Lives as long as the run."""

    heard: list[Heard] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)


async def overload(url: str, seconds: float) -> Table:
    """Measure the best throughput, offer too much for so many seconds, and tabulate both."""
    texts = Texts(time.time_ns())
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=300, limits=limits, trust_env=False) as client:
        await listen(client, url, texts.sentence())
        started = time.perf_counter()
        calm = await crowd(client, url, 4, BEST_OF // 4, texts.sentence)
        best = sum(heard.audio_s for heard in calm) / (time.perf_counter() - started)
        replies_per_s = TIMES * best / (sum(heard.audio_s for heard in calm) / len(calm))
        offered = Offered()
        started = time.perf_counter()
        await offer(client, url, texts, offered, replies_per_s, seconds)
        taken_s = time.perf_counter() - started
    return tabulate(calm, best, offered, taken_s, replies_per_s)


async def offer(
    client: httpx.AsyncClient, url: str, texts: Texts, offered: Offered, replies_per_s: float, seconds: float
) -> None:
    """Ask at random moments for so many seconds, and wait for what was admitted."""
    chance = random.Random(1)  # noqa: S311 - no secrets
    end = time.monotonic() + seconds
    async with asyncio.TaskGroup() as asked:
        while time.monotonic() < end:
            asked.create_task(ask(client, url, texts.sentence(), offered))
            await asyncio.sleep(chance.expovariate(replies_per_s))


async def ask(client: httpx.AsyncClient, url: str, text: str, offered: Offered) -> None:
    """One reply, heard or refused; anything else ends the run."""
    started = time.perf_counter()
    try:
        heard = await listen(client, url, text)
    except httpx.HTTPStatusError as error:
        if error.response.status_code != 503:
            raise
        offered.refused_s.append(time.perf_counter() - started)
    else:
        offered.heard.append(heard)


def tabulate(calm: list[Heard], best: float, offered: Offered, taken_s: float, replies_per_s: float) -> Table:
    """Calm beside overloaded; refusal times in ms."""
    table = Table("figure", "4 listeners", f"{TIMES} times the load", box=None)
    firsts = [[h.first_s for h in heard] for heard in (calm, offered.heard)]
    for share in (0.5, 0.95):
        table.add_row(
            f"first audio, p{share * 100:.0f} (s)", *(f"{percentile(each, share):.2f}" for each in firsts)
        )
    audio = sum(heard.audio_s for heard in offered.heard) / taken_s
    table.add_row("audio a second", f"{best:.2f}", f"{audio:.2f} ({audio / best:.0%})")
    table.add_row("replies asked for a second", "", f"{replies_per_s:.2f}")
    table.add_row("admitted / refused", "", f"{len(offered.heard)} / {len(offered.refused_s)}")
    if offered.refused_s:
        refusals = [f"{percentile(offered.refused_s, share) * 1000:.0f}" for share in (0.5, 0.95, 1.0)]
        table.add_row("refused after, p50 / p95 / most (ms)", "", " / ".join(refusals))
    return table


def main() -> None:
    """Overload a server of our own, and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with own_server() as (url, _, _):
        table = asyncio.run(overload(url, seconds))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
