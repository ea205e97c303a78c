"""The door of a replica: what our own server promises and Ray's does not, for the requests that come through Ray.

A client that does not read is given up, and there are only so many requests at once. Knows ASGI; knows no Ray.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from gateway.http.error_statuses import BUSY
from gateway.http.request_errors import ClientStalled
from gateway.server.http1 import error_body

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gateway.settings import Settings


class Door:
    """Brings requests to an application whose lifespan has begun. Lives as long as the replica."""

    def __init__(self, app: ASGIApp, state: dict[str, Any], settings: Settings) -> None:
        self._app = app
        self._state = state
        self._most = settings.max_connections
        self._stall_s = settings.stall_timeout_s
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or Ray's word that it begins and ends, of which we know."""
        if scope["type"] == "lifespan":
            await _follow_lifespan(receive, send)
        elif self._inside >= self._most and scope["type"] == "http":
            await _refuse(send)
        else:
            await self._let_in(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _without_id(message["headers"], scope["headers"])
            try:
                async with asyncio.timeout(self._stall_s):
                    await send(message)
            except TimeoutError as error:
                raise ClientStalled(f"nothing was read for {self._stall_s:g} s") from error

        scope["state"] = dict(self._state)
        self._inside += 1
        try:
            await self._app(scope, receive, send_in_time)
        finally:
            self._inside -= 1


async def _follow_lifespan(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _refuse(send: Send) -> None:
    body = error_body(BUSY, "server_error", "overloaded")
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", b"5"),
        (b"access-control-allow-origin", b"*"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _without_id(
    headers: list[tuple[bytes, bytes]], asked: list[tuple[bytes, bytes]]
) -> list[tuple[bytes, bytes]]:
    """Ray adds the id that the request came with to every reply; the same one twice would be read as one of two."""
    ids = {value for name, value in asked if name == b"x-request-id"}
    return [pair for pair in headers if not (pair[0] == b"x-request-id" and pair[1] in ids)]
