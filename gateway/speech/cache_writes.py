"""Writes: what waits to be written to the remote cache, in the background and within bounds. Knows no server."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

Written = Literal["written", "dropped", "refused"]
"""What becomes of an entry; dropped: there was no room or no time for it."""

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from gateway.speech.cache import HeldResponse, HeldSegment

    Write: TypeAlias = Callable[[bytes, HeldSegment | HeldResponse], Awaitable[None]]
    Count: TypeAlias = Callable[[HeldSegment | HeldResponse, Written], None]

MOST_BYTES: Final = 16 << 20
"""Waiting at once: an hour of mp3, which most often the cache of this gateway holds as well."""

LIMIT_S: Final = 1.0
"""Longest time for writing one entry."""

REST_S: Final = 5.0
"""Nothing is written for so long after something could not be: a server that is full refuses after it has read all."""

logger = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    key: bytes
    entry: HeldSegment | HeldResponse


class Writes:
    """Entries on their way to a server, one after the other. Lives as long as the application, in its event loop.

    `write` writes one, and may raise whatever it likes: then it is refused. `count` is told what becomes of each.
    """

    def __init__(self, write: Write, count: Count) -> None:
        self._write = write
        self._count = count
        self._waiting: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._keys: set[bytes] = set()
        """Of what waits or is being written: many who hear the same have it written once."""

        self._bytes = 0
        self._rests_until = 0.0
        self._is_refused = False

    def __len__(self) -> int:
        """Entries that wait or are being written: with none left, all of them are there."""
        return len(self._keys)

    def put(self, key: bytes, entry: HeldSegment | HeldResponse) -> None:
        """Have an entry written when its turn comes, or drop it."""
        if key in self._keys:
            return
        if self._bytes + entry.size > MOST_BYTES or time.monotonic() < self._rests_until:
            self._count(entry, "dropped")
            return
        self._keys.add(key)
        self._bytes += entry.size
        self._waiting.put_nowait(_Waiting(key, entry))

    async def run(self) -> None:
        """Write what waits, until cancelled."""
        while True:
            key, entry = await self._waiting.get()
            try:
                async with asyncio.timeout(LIMIT_S):
                    await self._write(key, entry)
            except TimeoutError:
                self._failed(entry, "dropped", f"it took longer than {LIMIT_S:g} s")
            except Exception as error:  # a library's, and the server's behind it: the entry is not written
                self._failed(entry, "refused", type(error).__name__)
            else:
                self._count(entry, "written")
                self._is_refused = False
            finally:
                self._done(key, entry)

    async def drained(self) -> None:
        """Wait until nothing waits any more."""
        await self._waiting.join()

    def _failed(self, entry: HeldSegment | HeldResponse, event: Written, reason: str) -> None:
        self._count(entry, event)
        self._rests_until = time.monotonic() + REST_S
        while not self._waiting.empty():
            key, dropped = self._waiting.get_nowait()
            self._count(dropped, "dropped")
            self._done(key, dropped)
        if not self._is_refused:
            self._is_refused = True
            advice = "see whether the server is full or read-only: `kokoro-gateway doctor`"
            logger.warning("remote_cache_refuses", extra={"reason": reason, "advice": advice})

    def _done(self, key: bytes, entry: HeldSegment | HeldResponse) -> None:
        self._keys.discard(key)
        self._bytes -= entry.size
        self._waiting.task_done()
