"""The door of a replica: what our own server promises and Ray's does not, for the requests that come through Ray.

A client that does not read is given up, and there are only so many requests at once. Knows ASGI; knows no Ray.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

from gateway.cluster.lifespan import follow_lifespan
from gateway.http.error_statuses import BUSY
from gateway.http.request_errors import ClientStalled
from gateway.server.http1 import error_body

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gateway.settings import Settings


_NOTICE_S: Final = 1.0
"""How long the application may take to notice by itself that its client has left."""


class Machines(Protocol):
    """Those of the fleet."""

    async def have(self, address: str) -> bool:
        """Whether an address is that of one of them."""


class Door:
    """Brings requests to an application whose lifespan has begun. Lives as long as the replica."""

    def __init__(
        self, app: ASGIApp, state: dict[str, Any], settings: Settings, machines: Machines | None
    ) -> None:
        self._app = app
        self._state = state
        self._most = settings.max_connections
        self._stall_s = settings.stall_timeout_s
        self._machines = machines
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or Ray's word that it begins and ends, of which we know."""
        if scope["type"] == "lifespan":
            await follow_lifespan(receive, send)
        elif self._machines and not await self._machines.have((scope.get("client") or ("",))[0]):
            await _turn_away(scope, send)
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
            await _let_finish(asyncio.ensure_future(self._app(scope, receive, send_in_time)))
        finally:
            self._inside -= 1


async def _let_finish(work: asyncio.Future[None]) -> None:
    """Wait for a request. Ray breaks it off when its client has left; the application hears of that too, and ends."""
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait({work}, timeout=_NOTICE_S)
        work.cancel()
        await asyncio.wait({work})
        raise


async def _turn_away(scope: Scope, send: Send) -> None:
    """A stranger, who has found the port that is meant for HAProxy."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


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
