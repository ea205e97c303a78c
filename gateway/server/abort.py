"""Makes a response that broke off look broken where Hypercorn would let it end like a whole one.

Knows Hypercorn's streams from inside: ASGI has no word for "reset". Knows no speech.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import TYPE_CHECKING, Any

from h2.errors import ErrorCodes
from hypercorn.protocol.http_stream import HTTPStream

from gateway.http.responses import ClientStalled

if TYPE_CHECKING:
    from asyncio import StreamWriter

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

RESET_AT_CLOSE = struct.pack("ii", 1, 0)


class Cut:
    """Stands around the whole app, next to the server. Lives as long as the application.

    For HTTP/1.1 Hypercorn closes the connection, and the last chunk is missing. HTTP/1.0 knows the end of a body
    by the end of the connection, so that is reset; in HTTP/2 Hypercorn 0.18 would leave the stream open for ever.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or whatever else ASGI brings."""
        has_begun = False

        async def send_noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_noted)
        except Exception as error:
            stream = getattr(send, "__self__", None)
            if not has_begun or not isinstance(stream, HTTPStream):
                raise
            # and say no more: the cause is in the log by now
            await _reset(stream, scope["http_version"], is_stalled=isinstance(error, ClientStalled))


async def _reset(stream: HTTPStream, http_version: str, *, is_stalled: bool) -> None:
    protocol: Any = stream.send.__self__  # type: ignore[attr-defined]
    if http_version == "2":
        protocol.connection.reset_stream(stream.stream_id, ErrorCodes.INTERNAL_ERROR)
        await protocol._flush()
        await protocol._window_updated(
            stream.stream_id
        )  # wakes the sending task, which then forgets the stream
    elif http_version == "1.0" or is_stalled:  # a polite close would wait for the bytes that nobody reads
        writer = protocol.send.__self__.writer
        reset(writer)
        # uvloop closes only a moment later, and Hypercorn would still get to say a polite end before that
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def reset(writer: StreamWriter) -> None:
    """End a connection by a TCP reset, which no client takes for the end of a response."""
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    writer.transport.abort()
