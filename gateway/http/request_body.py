"""The body of each request, read whole within its limits, and whether its client has left. Knows bytes only."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from gateway.http.middleware import HttpMiddleware
from gateway.http.request_errors import BodyTooLarge, BodyTooSlow
from gateway.speech.errors import RequestError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gateway.settings import Settings

READ_ON: Final = 16
"""Up to so many times the limit is read and discarded, so that the client is still there to read the 413."""


class RequestBody(HttpMiddleware):
    """Reads the request's body within its limits, then runs the app until it is done or the client has left.

    The body is read before anyone asks for it, so that a refusal for another reason leaves the connection fit
    for the next request; what is wrong with the body is raised to whoever asks. Whoever answers stands behind
    this: Hypercorn 0.18 waits for ever with a response while more than ten pieces of a body lie unread.
    Lives as long as the application.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        super().__init__(app)
        self.limit = settings.max_body_bytes
        self.timeout_s = settings.body_timeout_s

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await self._read(receive)
        if body is None:
            scope["state"]["record"].left()
            return
        leaving = asyncio.create_task(_left(receive))
        exchange = _Exchange(body, leaving, send)
        work = asyncio.ensure_future(self.app(scope, exchange.receive, exchange.send))
        try:
            await asyncio.wait((work, leaving), return_when=asyncio.FIRST_COMPLETED)
            if exchange.is_over:  # the server says goodbye after a whole response too
                await asyncio.wait((work,))
            elif not work.done():
                scope["state"]["record"].left()
        finally:
            work.cancel()
            leaving.cancel()
            await asyncio.wait((work, leaving))
        if not work.cancelled():
            work.result()

    async def _read(self, receive: Receive) -> bytes | RequestError | None:
        """The body, what is wrong with it, or None when the client left."""
        body, size = bytearray(), 0
        try:
            async with asyncio.timeout(self.timeout_s):
                more = True
                while more and size <= READ_ON * self.limit:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    more = message.get("more_body", False)
                    size += len(message.get("body", b""))
                    body += message.get("body", b"") if size <= self.limit else b""
        except TimeoutError:
            return BodyTooSlow(f"The body of your request did not arrive within {self.timeout_s:g} seconds.")
        if size > self.limit:
            return BodyTooLarge(f"The body of your request is larger than {self.limit} bytes.")
        return bytes(body)


class _Exchange:
    """A request whose body has been read, and its response, as the app sees them. Lives as long as the app is at it."""

    def __init__(self, body: bytes | RequestError, leaving: asyncio.Task[None], send: Send) -> None:
        self.is_over = False
        """The last of the response has been sent."""

        self._body = body
        self._leaving = leaving
        self._send = send
        self._is_taken = False

    async def receive(self) -> Message:
        """The body, once; raises what is wrong with it."""
        if isinstance(self._body, RequestError):
            raise self._body
        if self._is_taken:  # whoever asks again watches for the client's leaving, and would without an end
            await asyncio.wait((self._leaving,))
            return {"type": "http.disconnect"}
        self._is_taken = True
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def send(self, message: Message) -> None:
        """The next of the response."""
        self.is_over = message["type"] == "http.response.body" and not message.get("more_body")
        await self._send(message)
        # The server returns at once while the socket takes bytes, and when the client has left: without a pause here a
        # body that is ready would hold the event loop.
        await asyncio.sleep(0)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
