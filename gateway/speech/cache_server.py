"""CacheServer: a server of Redis's kind (Redis, Valkey), as far as a cache needs one. Knows neither entries nor limits.

The library is loaded only where there is such a server.
"""

from __future__ import annotations

import asyncio
import importlib
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from redis.asyncio import Redis

CONNECTIONS: Final = 5
"""Four answer 10,000 look-ups a second between them while one carries a large value; and 1,000 gateways stay below the
10,000 connections that a server takes unless told otherwise."""

_CONNECT_S: Final = 2.0

_LONGEST_S: Final = 365 * 86_400
"""For which a value is kept: a server counts milliseconds, and refuses some numbers of them."""

_NOTHING: Final = b"kokoro-gateway:nothing"
"""What nobody writes."""


class RemoteCacheUnavailable(Exception):
    """A remote cache was asked for, and this installation or the URL cannot be used for it."""


class CacheServer:
    """Connections to one server, made when they are needed and kept. Lives as long as the application.

    Every method but `close` raises what the library or the operating system does: it is for the caller to say what
    that is worth. Cancelling one closes its connection, so that no answer is taken for that to a later question.

    Raises:
        RemoteCacheUnavailable: the library is not installed, or makes nothing of the URL.
    """

    def __init__(self, url: str) -> None:
        try:
            library: Any = importlib.import_module("redis.asyncio")
        except ImportError as error:
            raise RemoteCacheUnavailable(
                "KOKORO_CACHE_URL needs the client of Redis: install kokoro-gateway[redis]"
            ) from error
        url = re.sub("^valkey", "redis", url, flags=re.IGNORECASE)  # the library knows its own name only
        # RESP 2 and no introduction: two questions fewer on each new connection, and every server knows it.
        options = {"protocol": 2, "driver_info": None, "socket_connect_timeout": _CONNECT_S}
        try:
            pool = library.BlockingConnectionPool.from_url(
                url, **options, max_connections=CONNECTIONS, timeout=None
            )
            pool.make_connection()
        except (ValueError, TypeError):
            message = "KOKORO_CACHE_URL has an option that the client of Redis does not know, or a wrong value for one"
            raise RemoteCacheUnavailable(message) from None  # what they say may hold the password
        self._client: Redis = library.Redis.from_pool(pool)

    async def connect(self) -> None:
        """Open all connections, and ask on each for what is asked for later: who lets us in must let us read."""
        if any(await asyncio.gather(*(self.read(_NOTHING, 0, 1) for _ in range(CONNECTIONS)))):
            raise ValueError("what nobody wrote is there")

    async def read(self, name: bytes, start: int, end: int) -> bytes:
        """So much of a value; nothing if there is no such value, or it ends before that."""
        piece: object = await self._client.getrange(name, start, end - 1)
        if not isinstance(piece, bytes):
            raise TypeError("what the server answers is no value")
        return piece

    async def write(self, name: bytes, value: bytes, ttl_s: float) -> None:
        """Have a value kept for so long."""
        await self._client.set(name, value, px=max(round(min(ttl_s, _LONGEST_S) * 1000), 1))

    async def eviction(self) -> str:
        """What the server does when it is full, by the name of its policy; nothing if it does not tell."""
        told = await self._client.info("memory")
        return str(told.get("maxmemory_policy", ""))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
