"""HTTP/1.1 on one connection, as Hypercorn's protocol and h11 read and write it, with what we want otherwise.

HTTP/2 is refused: in clear text no client that we know of needs it, and Hypercorn's lets one slow client cut the
streams of others, and one that reads nothing stay for ever. Knows bytes and messages; knows no socket.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import h11
from hypercorn.events import Closed, RawData
from hypercorn.protocol.events import EndBody, Response, StreamClosed
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.protocol.ws_stream import ASGIWebsocketState, WSStream

from gateway.http.error_replies import ErrorDetail, ErrorEnvelope

if TYPE_CHECKING:
    from hypercorn.events import Event
    from hypercorn.protocol.events import Event as StreamEvent

STATUS_LINE_START: Final = b"HTTP/1.1 "
"""What every reply begins with, whatever it will say, and whatever version the client speaks."""

_BROKEN: Final = b"\x88\x02" + (1002).to_bytes(2, "big")
"""The closing frame of who met a fault in the other side's frames (RFC 6455, 5.5.1 and 7.4.1)."""

WRONG_VERSION: Final = 505
_GONE: Final = 1006
"""What the app is told of a client that has not taken leave (RFC 6455, 7.4.1)."""

_MESSAGES: Final = {
    WRONG_VERSION: "This server speaks HTTP/1.1 only.",
    431: "The headers of your request are too large.",
    501: "The transfer coding of your request is not implemented.",
}
_MALFORMED: Final = "Your request is not valid HTTP/1.1."
_NO_HANDSHAKE: Final = (
    "Your request is no handshake of a WebSocket (RFC 6455, 4.2.1), or more came before its reply."
)


def error_body(message: str, kind: str, code: str | None = None) -> bytes:
    """An error as clients of the API read it, for answers that are given before there is a request."""
    detail = ErrorDetail(message=message, type=kind, param=None, code=code)
    return json.dumps(ErrorEnvelope(error=detail).model_dump()).encode()


class Http1(H11Protocol):
    """Requests and replies of one connection, in their order. Lives as long as the connection."""

    @property
    def awaits_reply(self) -> bool:
        """True while a request that came whole waits for its reply, though the client will send no more."""
        return self.stream is not None and self.connection.their_state is h11.CLOSED

    @property
    def is_socket(self) -> bool:
        """True from the handshake of a WebSocket to its end."""
        return isinstance(self.stream, WSStream)

    @property
    def is_receiving(self) -> bool:
        """True from the headers of a request to the end of its body."""
        return self.connection.their_state is h11.SEND_BODY

    @property
    def owes_reply(self) -> bool:
        """True from a request to the first byte of its reply."""
        return self.connection.our_state is h11.SEND_RESPONSE

    @property
    def may_look_whole(self) -> bool:
        """True while a close would look like the end of the reply: HTTP/1.0 has no other mark for it."""
        connection = self.connection
        return (
            isinstance(connection, h11.Connection)
            and connection.our_state is h11.SEND_BODY
            and connection.their_http_version == b"1.0"
        )

    async def handle(self, event: Event) -> None:
        """See `H11Protocol.handle`; a socket that Hypercorn has closed for a message that is too long has ended.

        So has one whose handshake it has refused by itself: for what it asks, or for bytes before it was answered.
        """
        await super().handle(event)
        if self._socket_state == "LOCAL_CLOSING" and self._is_open_to_app:
            await self.stream_send(StreamClosed(STREAM_ID))
        if isinstance(self.stream, WSStream) and self.stream.closed:
            await self._leave(self.stream)

    async def stream_send(self, event: StreamEvent) -> None:
        """See `H11Protocol.stream_send`; whoever breaks the protocol of WebSockets is told, before it is cut off."""
        if isinstance(event, StreamClosed) and self._socket_state == "OPEN":
            await self.send(RawData(_BROKEN))
        if isinstance(event, Response) and isinstance(self.stream, WSStream) and _is_wordless(event):
            self.stream.closed = True  # before anything is awaited: its app may be about to accept
            await self._send_error_response(event.status_code, message=_NO_HANDSHAKE)
        elif not isinstance(event, EndBody) or self.connection.our_state is h11.SEND_BODY:
            await super().stream_send(event)

    @property
    def _socket_state(self) -> str:
        """Of the WebSocket's two sides; empty before its handshake and without one."""
        connection = getattr(self.stream, "connection", None)
        return connection.state.name if connection else ""

    @property
    def _is_open_to_app(self) -> bool:
        return isinstance(self.stream, WSStream) and self.stream.state is ASGIWebsocketState.CONNECTED

    async def _leave(self, refused: WSStream) -> None:
        """Close, and tell the app that waits for the client of a refused handshake: Hypercorn does neither."""
        self.stream = None
        if refused.app_put:
            await refused.app_put({"type": "websocket.disconnect", "code": _GONE})
        await self.send(Closed())

    async def _check_protocol(self, event: h11.Request) -> None:
        """Change to no other protocol; here Hypercorn would to HTTP/2."""

    async def _create_stream(self, request: h11.Request) -> None:
        if not request.http_version.startswith(b"1."):
            await self._send_error_response(WRONG_VERSION, has_body=request.method != b"HEAD")
            await self.send(Closed())
            return
        request = _without_extensions(request)
        names = {name for name, _ in request.headers}
        if names >= {b"content-length", b"transfer-encoding"}:
            # Whoever stands before us may have taken the other one for the length (RFC 9112, 6.1).
            self.keep_alive_requests = self.config.keep_alive_max_requests
        await super()._create_stream(request)
        if isinstance(self.stream, HTTPStream) and isinstance(self.connection, h11.Connection):
            # An upgrade that is not made is none: h11 would stop reading, and the client's leaving go unnoticed.
            self.connection._cstate.pending_switch_proposals.clear()

    async def _send_error_response(
        self, status_code: int, *, has_body: bool = True, message: str = _MALFORMED
    ) -> None:
        body = error_body(_MESSAGES.get(status_code, message), "invalid_request_error")
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            (b"access-control-allow-origin", b"*"),
            *self.config.response_headers("h11"),
        ]
        await self._send_h11_event(h11.Response(status_code=status_code, headers=headers))
        if has_body:
            await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())


def _is_wordless(response: Response) -> bool:
    return response.status_code >= HTTPStatus.BAD_REQUEST and (b"content-length", b"0") in response.headers


def _without_extensions(request: h11.Request) -> h11.Request:
    """Offers of a WebSocket's client are not taken up: 64 KiB of its compressed bytes are 64 MB of text.

    Sound in base64 gains nothing by compression either.
    """
    return h11.Request(
        method=request.method,
        target=request.target,
        headers=[pair for pair in request.headers if pair[0] != b"sec-websocket-extensions"],
        http_version=request.http_version,
    )
