"""Talkers for benchmarks: texts written token by token on a socket, and broken off once they are heard.

Measures from outside: from the last character of the first sentence to its first sound, and from breaking in to the
last message and to workers that are free again. Knows messages; knows nothing of how they are served.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

import httpx
from rich.table import Table

from gateway.observe.percentile import percentile
from gateway.tools.bench import own_server
from gateway.tools.listeners import Texts
from gateway.tools.talk_socket import opened

if TYPE_CHECKING:
    from gateway.tools.talk_socket import TalkSocket

_LOOK_S: Final = 0.01


@dataclass(frozen=True)
class Talked:
    """What was measured, seconds."""

    first_sound_p50: float
    """From the last character of the first sentence, one talker."""

    first_sound_busy_p95: float
    """The same with four at once."""

    final_p95: float
    """From breaking in to the last message."""

    free_p95: float
    """From breaking in, one talker, until no worker works for it."""

    def as_table(self) -> Table:
        """For people."""
        rows = {
            "first sound after the first sentence, one talker (p50)": self.first_sound_p50,
            "first sound after the first sentence, four talkers (p95)": self.first_sound_busy_p95,
            "last message after breaking in (p95)": self.final_p95,
            "workers free after breaking in (p95)": self.free_p95,
        }
        table = Table("figure", "measured", box=None)
        for name, value in rows.items():
            table.add_row(name, f"{value * 1000:.0f} ms")
        return table

    def as_dict(self) -> dict[str, float]:
        """For machines."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class _Turn:
    """One text that was broken off, seconds."""

    first_sound_s: float
    final_s: float
    free_s: float | None


def run(url: str | None, rounds: int) -> Talked:
    """Measure the server at `url` (with /v1), or one of our own that is started and ended for it."""
    if url:
        return asyncio.run(_measure(url, rounds))
    with own_server() as (own_url, _, _):
        return asyncio.run(_measure(own_url, rounds))


async def _measure(url: str, rounds: int) -> Talked:
    texts, root = Texts(seed=time.time_ns()), httpx.URL(url.rstrip("/").removesuffix("/v1"))
    await _talk(root, texts, 1, looks=False)  # what is done once is done before the clock starts
    alone = await _talk(root, texts, rounds, looks=True)
    together = await asyncio.gather(*(_talk(root, texts, max(rounds // 2, 1), looks=False) for _ in range(4)))
    busy = [turn for turns in together for turn in turns]
    return Talked(
        first_sound_p50=median(turn.first_sound_s for turn in alone),
        first_sound_busy_p95=percentile([turn.first_sound_s for turn in busy], 0.95),
        final_p95=percentile([turn.final_s for turn in (*alone, *busy)], 0.95),
        free_p95=percentile([turn.free_s for turn in alone if turn.free_s is not None], 0.95),
    )


async def _talk(root: httpx.URL, texts: Texts, turns: int, *, looks: bool) -> list[_Turn]:
    """So many turns on one socket; with `looks` it is watched when the workers are free."""
    async with opened(root) as socket, httpx.AsyncClient(base_url=root, trust_env=False) as client:
        return [await _turn(socket, texts, str(n), client if looks else None) for n in range(turns)]


async def _turn(socket: TalkSocket, texts: Texts, name: str, client: httpx.AsyncClient | None) -> _Turn:
    first, rest = f"{texts.reply()} ", texts.page(400)
    written_at: list[float] = []

    def note(characters: int) -> None:
        if characters >= len(first.rstrip()) and not written_at:
            written_at.append(time.perf_counter())

    written = asyncio.create_task(socket.write(name, first + rest, note))
    await _find(socket, name, "audio")
    heard_at = time.perf_counter()
    written.cancel()
    await socket.say(text="And ", context_id=name)
    began = time.perf_counter()
    await socket.say(context_id=name, close_context=True)
    await _find(socket, name, "isFinal")
    final_s = time.perf_counter() - began
    first_sound_s = heard_at - (written_at or [heard_at])[0]
    return _Turn(first_sound_s, final_s, await _free_s(client, began) if client else None)


async def _find(socket: TalkSocket, name: str, field: str) -> None:
    """Wait for a message of this context that has something in this field."""
    while True:
        message = await socket.message()
        if "error" in message:
            raise ConnectionError(message["message"])
        if message["contextId"] == name and message[field]:
            return


async def _free_s(client: httpx.AsyncClient, began: float) -> float:
    while True:
        queue = (await client.get("/status")).raise_for_status().json()["queue"]
        if not queue["jobs"] + queue["running"]:
            return time.perf_counter() - began
        await asyncio.sleep(_LOOK_S)
