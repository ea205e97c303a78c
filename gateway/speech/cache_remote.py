"""RemoteCache: what other gateways have spoken, on a server that they share. Knows no request and no protocol.

Speech never waits for the server for longer than a limit, and not at all for one that has missed it again and again;
what goes wrong on the way there and back is a miss.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from gateway.settings import without_secrets
from gateway.speech.cache_server import CONNECTIONS, CacheServer
from gateway.speech.cache_values import Unusable, Values
from gateway.speech.cache_writes import Writes, Written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Mapping

    from gateway.settings import Settings
    from gateway.speech.cache import Entry, HeldResponse, HeldSegment, Kind
    from gateway.speech.cache_values import Reading

Lookup = Literal["hit", "miss", "late", "failed", "unusable", "skipped"]
"""What becomes of looking something up. Late: not there within the limit; failed: for another reason; unusable: a value
that is none of ours; skipped: the server is left alone, or too many ask at once."""

RemoteEvent = Literal[Lookup, Written]

LIMIT_S: Final = 0.02
"""Longest wait for an answer, and for the first of a value."""

MOST_MISSED: Final = 3
"""A server that has missed the limit so often in a row, or answered with an error, is left alone. What it is late with
while it answers others does not count: this process was busy then."""

REST_S: Final = 5.0
"""For how long. Then it is asked for nothing, literally, and no request waits for that."""

MOST_ASKED: Final = 4 * CONNECTIONS
"""Entries that are looked up at once: a hundred take this process 20 ms, and seem late by no fault of the server."""

_CONNECT_S: Final = 2.0
_GOODBYE_S: Final = 1.0
"""Longest time for what waits to be written when the application ends."""

_FIRST_BYTES: Final = 1 << 20
"""Of a value, asked for at once: 20 s of pcm, 9 ms at a gigabit a second, 1.1 ms of the event loop. What is longer
takes another question, and from 2 MiB on a thread; when pieces were of 256 KiB, 7 s of pcm took both, and thrice as
long."""

_REST_BYTES_S: Final = 80 << 20
"""How fast the rest has to come, with what the first has left of the limit: 38 ms more for the largest response."""

_QUICK_BYTES: Final = 64 << 10
"""Of figures that become an entry on the event loop: 2,600 words, 2 ms."""

_TURNS: Final = 10
"""Of the event loop: what is in the socket needs five of them until it is an answer."""

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RemoteStatus:
    """The remote cache as an operator sees it."""

    server: str
    """Its URL, without user and password."""

    is_answering: bool
    queued: int
    """Entries that wait to be written, and the one that is."""

    events: Mapping[tuple[Kind, RemoteEvent], int]
    """How often each has happened."""


class RemoteCache:
    """Segments and whole responses on a server. Lives as long as the application, in its event loop.

    Nothing is asked for or written but while `running`, and while the server answers.

    Raises:
        RemoteCacheUnavailable: the client of the server is not installed, or cannot use the URL.
    """

    def __init__(self, url: str, secret: str, ttl_s: float) -> None:
        """`secret` is what gateways that share entries have in common, and may be empty."""
        self._shown = without_secrets(url)
        self._server = CacheServer(url)
        self._values = Values(secret)
        self._ttl_s = ttl_s
        self._writes = Writes(self._write, self._count)
        self._events: Counter[tuple[Kind, RemoteEvent]] = Counter()
        self._is_answering = False
        self._missed = 0
        self._answers = 0
        self._lost = asyncio.Event()
        self._asked: dict[bytes, asyncio.Task[Any]] = {}

    @classmethod
    def of(cls, settings: Settings) -> RemoteCache | None:
        """The one that is asked for, if any may be; RemoteCacheUnavailable as above."""
        if settings.cache_url is None or not settings.cache_ttl_s:
            return None
        secret = settings.cache_secret.get_secret_value() if settings.cache_secret else ""
        return cls(settings.cache_url.get_secret_value(), secret, settings.cache_ttl_s)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep in touch with the server; at the end, what waits to be written gets a second."""
        tasks = [asyncio.create_task(self._keep_in_touch()), asyncio.create_task(self._writes.run())]
        try:
            yield
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE_S):
                    await self._writes.drained()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, *self._asked.values(), return_exceptions=True)
            with suppress(Exception):  # whatever goes wrong with a server that is left
                async with asyncio.timeout(_GOODBYE_S):
                    await self._server.close()

    async def get(self, kind: type[Entry], key: bytes, limit_s: float = LIMIT_S) -> Entry | None:
        """What is there under a key of this kind, if the server says so in time; asked once for all who ask now."""
        event: Lookup = "skipped"
        found: Entry | None = None
        if self._is_answering and (key in self._asked or len(self._asked) < MOST_ASKED):
            event, found = await asyncio.shield(self._asking(kind, key, limit_s))
        self._events[kind.kind, event] += 1
        return found

    def put(self, key: bytes, entry: HeldSegment | HeldResponse) -> None:
        """Have an entry written some time, if the server keeps up."""
        if self._is_answering:
            self._writes.put(key, entry)
        else:
            self._count(entry, "dropped")

    def status(self) -> RemoteStatus:
        """The remote cache at this moment."""
        return RemoteStatus(self._shown, self._is_answering, len(self._writes), dict(self._events))

    def _asking(
        self, kind: type[Entry], key: bytes, limit_s: float
    ) -> asyncio.Task[tuple[Lookup, Entry | None]]:
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(self._look_up(kind, key, limit_s))
            self._asked[key].add_done_callback(lambda _: self._asked.pop(key))
        return self._asked[key]

    async def _look_up(self, kind: type[Entry], key: bytes, limit_s: float) -> tuple[Lookup, Entry | None]:
        event: Lookup
        found, reason, answers = None, "", self._answers
        try:
            found = await self._read(kind, key, limit_s)
            event = "miss" if found is None else "hit"
        except Unusable:
            event = "unusable"
        except TimeoutError:
            event, reason = "late", f"no answer within {LIMIT_S * 1000:g} ms"
        except Exception as error:  # the library's, and the server's behind it
            event, reason = "failed", type(error).__name__
        if not reason:
            self._missed, self._answers = 0, self._answers + 1
        elif answers == self._answers:
            self._missed += 1
            if self._missed == MOST_MISSED:
                self._lose(reason)
        return event, found

    async def _read(self, kind: type[Entry], key: bytes, limit_s: float) -> Entry | None:
        name, reading = self._values.name(key), self._values.reading(kind, key)
        began = time.monotonic()
        first = await _within(limit_s, self._server.read(name, 0, _FIRST_BYTES))
        if not first:
            return None
        reading.feed(first)
        rest = b""
        if missing := reading.missing:
            rest_s = began + limit_s - time.monotonic() + missing / _REST_BYTES_S
            rest = await _within(rest_s, self._server.read(name, len(first), len(first) + missing + 1))
        if len(rest) > _FIRST_BYTES or reading.figures_bytes > _QUICK_BYTES:
            return await asyncio.to_thread(_made, reading, rest)
        return _made(reading, rest)

    async def _write(self, key: bytes, entry: HeldSegment | HeldResponse) -> None:
        value = await asyncio.to_thread(self._values.value, key, entry)
        await self._server.write(self._values.name(key), value, self._ttl_s)

    async def _keep_in_touch(self) -> None:
        """Find out when the server answers: first, and again some time after it was lost."""
        while True:
            try:
                await _within(_CONNECT_S, self._server.connect())
                await _within(LIMIT_S, self._server.connect())
            except Exception as error:  # the same
                self._lose(type(error).__name__)
            else:
                self._missed, self._is_answering = 0, True
                self._lost.clear()
                logger.info("remote_cache_answers", extra={"server": self._shown})
                await self._lost.wait()
            await asyncio.sleep(REST_S)

    def _lose(self, reason: str) -> None:
        """Leave the server alone; said once, until it answers again."""
        if not self._lost.is_set():
            advice = "speech goes on without it; `kokoro-gateway doctor` asks the server"
            said = {"server": self._shown, "reason": reason, "advice": advice}
            logger.warning("remote_cache_lost", extra=said)
        self._is_answering = False
        self._lost.set()

    def _count(self, entry: HeldSegment | HeldResponse, event: RemoteEvent) -> None:
        self._events[entry.kind, event] += 1


def _made(reading: Reading[Entry], rest: bytes) -> Entry:
    if rest:
        reading.feed(rest)
    return reading.entry()


async def _within(seconds: float, answer: Coroutine[Any, Any, T]) -> T:
    """What comes within this time; what came while this process had no CPU has come.

    Raises:
        TimeoutError: it has not come.
    """
    asking = asyncio.ensure_future(answer)
    try:
        await asyncio.wait({asking}, timeout=seconds)
        for _ in range(_TURNS):
            if asking.done():
                return asking.result()
            await asyncio.sleep(0)
        raise TimeoutError
    finally:
        asking.cancel()
