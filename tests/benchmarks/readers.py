"""Listeners of whole pages, and a chat reply every second beside them: `python -m tests.benchmarks.readers [READERS]`.

Each reader has one page, which lasts longer than the chat where the machine is outrun; the chat is measured alone
first. What the readers need beyond the machine's throughput they have to wait for; the chat has not to wait for them.
"""

from __future__ import annotations

import asyncio
import sys
import time

import httpx
from rich.console import Console
from rich.table import Table

from gateway.observe.percentile import percentile
from gateway.tools.bench import PAGE_CHARS, own_server
from gateway.tools.listeners import Heard, Texts, listen

SECONDS = 60
ALONE = 12


async def measure(url: str, readers: int) -> Table:
    """The chat alone, then beside the readers."""
    texts = Texts(time.time_ns())
    async with httpx.AsyncClient(timeout=900, trust_env=False) as client:
        alone = await chat(client, url, texts, ALONE)
        pages: list[Heard] = []
        reading = [asyncio.create_task(read(client, url, texts, pages)) for _ in range(readers)]
        await asyncio.sleep(2)
        beside = await chat(client, url, texts, SECONDS)
        await asyncio.gather(*reading)
    return tabulate(alone, beside, pages)


async def chat(client: httpx.AsyncClient, url: str, texts: Texts, replies: int) -> list[Heard]:
    """A short reply asked for every second, whether the last has been heard or not."""
    asked = []
    for _ in range(replies):
        asked.append(asyncio.create_task(listen(client, url, texts.reply())))
        await asyncio.sleep(1)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    return [heard for heard in answers if isinstance(heard, Heard)]


async def read(client: httpx.AsyncClient, url: str, texts: Texts, pages: list[Heard]) -> None:
    """One page."""
    pages.append(await listen(client, url, texts.page(PAGE_CHARS)))


def tabulate(alone: list[Heard], beside: list[Heard], pages: list[Heard]) -> Table:
    """First audio of the chat alone and beside the readers, and how the pages played."""
    table = Table("figure", "chat alone", f"beside {len(pages)} readers", "ratio", box=None)
    for name, share in (("p50", 0.5), ("p95", 0.95), ("most", 1.0)):
        now, then = (percentile([heard.first_s for heard in each], share) for each in (beside, alone))
        table.add_row(
            f"first audio, {name} (ms)", f"{then * 1000:.0f}", f"{now * 1000:.0f}", f"{now / then:.2f}"
        )
    table.add_row("chat replies asked for", str(ALONE), str(SECONDS), "")
    table.add_row("chat replies heard", str(len(alone)), str(len(beside)), "")
    gaps = [sum(heard.underruns for heard in each) for each in (alone, beside)]
    table.add_row("gaps in the chat replies", *map(str, gaps), "")
    speeds = [heard.audio_s / heard.total_s for heard in pages]
    table.add_row(
        "speed of the pages, least / mean", "", f"{min(speeds):.2f} / {sum(speeds) / len(speeds):.2f}", ""
    )
    table.add_row("gaps in the pages", "", str(sum(heard.underruns for heard in pages)), "")
    return table


def main() -> None:
    """Measure a server of our own, and print."""
    readers = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    with own_server() as (url, _, _):
        table = asyncio.run(measure(url, readers))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
