"""Talkers for benchmarks: texts written token by token on a socket, and broken off once they are heard.

Measures from outside: from the last character of the first sentence to its first sound, and from breaking in to the
last message and to workers that are free again. Knows the messages of one socket; knows nothing of how it is served.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import httpx
from rich.table import Table
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage

from gateway.observe.percentile import percentile
from gateway.tools.bench import own_server
from gateway.tools.listeners import Texts

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator

TOKENS_PER_SECOND: Final = 30
TOKEN_CHARS: Final = 4
"""As language models write."""

_TARGET: Final = "/v1/text-to-speech/af_heart/multi-stream-input?output_format=pcm_24000&auto_mode=false"
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
    async with _opened(root) as socket, httpx.AsyncClient(base_url=root, trust_env=False) as client:
        return [await _turn(socket, texts, str(n), client if looks else None) for n in range(turns)]


async def _turn(socket: _Socket, texts: Texts, name: str, client: httpx.AsyncClient | None) -> _Turn:
    first, rest = f"{texts.reply()} ", texts.page(400)
    written = asyncio.create_task(_write(socket, name, first, rest))
    await socket.find(name, "audio")
    heard_at = time.perf_counter()
    written.cancel()
    (sentence_at,) = [at for at in socket.sentences.values() if at] or [heard_at]
    socket.sentences.clear()
    await socket.say(text="And ", context_id=name)
    began = time.perf_counter()
    await socket.say(context_id=name, close_context=True)
    await socket.find(name, "isFinal")
    final_s = time.perf_counter() - began
    return _Turn(heard_at - sentence_at, final_s, await _free_s(client, began) if client else None)


async def _write(socket: _Socket, name: str, first: str, rest: str) -> None:
    text, began = first + rest, time.perf_counter()
    for number, start in enumerate(range(0, len(text), TOKEN_CHARS), 1):
        end = start + TOKEN_CHARS
        await socket.say(text=text[start:end], context_id=name)
        if start < len(first.rstrip()) <= end:
            socket.sentences[name] = time.perf_counter()
        await asyncio.sleep(max(began + number / TOKENS_PER_SECOND - time.perf_counter(), 0))


async def _free_s(client: httpx.AsyncClient, began: float) -> float:
    while True:
        queue = (await client.get("/status")).raise_for_status().json()["queue"]
        if not queue["jobs"] + queue["running"]:
            return time.perf_counter() - began
        await asyncio.sleep(_LOOK_S)


@asynccontextmanager
async def _opened(root: httpx.URL) -> AsyncIterator[_Socket]:
    reader, writer = await asyncio.open_connection(root.host, root.port)
    socket = _Socket(reader, writer)
    try:
        await socket.shake_hands(root.host)
        yield socket
    finally:
        writer.close()


class _Socket:
    """The client's side of one WebSocket. Lives as long as a talker."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.sentences: dict[str, float] = {}
        """When the first sentence of a turn had been written."""

        self._reader = reader
        self._writer = writer
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._parts: list[str] = []

    async def shake_hands(self, host: str) -> None:
        """Open it."""
        self._writer.write(self._protocol.send(Request(host=host, target=_TARGET)))
        async for event in self._events():
            if not isinstance(event, AcceptConnection):
                raise ConnectionError(f"no socket: {event}")
            return

    async def say(self, **fields: Any) -> None:
        """Send a message."""
        self._writer.write(self._protocol.send(TextMessage(json.dumps(fields))))
        await self._writer.drain()

    async def find(self, name: str, field: str) -> None:
        """Wait for a message of this context that has something in this field."""
        async for event in self._events():
            if isinstance(event, Ping):
                self._writer.write(self._protocol.send(event.response()))
            elif isinstance(event, CloseConnection):
                raise ConnectionError(f"closed with {event.code}")
            elif isinstance(event, TextMessage):
                self._parts.append(event.data)
                if event.message_finished and self._taken(name, field):
                    return

    def _taken(self, name: str, field: str) -> bool:
        message = json.loads("".join(self._parts))
        self._parts.clear()
        if "error" in message:
            raise ConnectionError(message["message"])
        return message["contextId"] == name and bool(message[field])

    async def _events(self) -> AsyncIterator[Any]:
        while True:
            for event in self._protocol.events():
                yield event
            data = await self._reader.read(1 << 16)
            self._protocol.receive_data(data or None)
