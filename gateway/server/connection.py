"""One connection from its first byte to its last: whoever does not read is cut, whoever has left is noticed.

Hypercorn's own connection waits for ever for a client that does not read, and takes one that half-closes for one
that has left. Knows sockets and HTTP/1.1; knows no route and no speech.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.events import Closed, RawData, Updated
from hypercorn.typing import ConnectionState

from gateway.http.key_guard import is_stranger
from gateway.http.request_errors import ClientStalled
from gateway.server.http1 import STATUS_LINE_START, Http1

if TYPE_CHECKING:
    from hypercorn.asyncio.worker_context import WorkerContext
    from hypercorn.config import Config
    from hypercorn.events import Event
    from starlette.types import ASGIApp, Scope

KEEP_ALIVE_S: Final = 75.0
"""Longer than clients keep an idle connection (the openai client: 5 s; nginx: 60 s), so that none sends its
request into a connection that is being closed."""

LINGER_S: Final = 5.0
"""How long a client gets to read our last words and close too. Closing over bytes it is still sending would reset the
connection, and the reply be lost on its way."""

SIGN_OF_LIFE_S: Final = 20.0
"""How long the client of a WebSocket may be silent until it is asked for one, and then until it is given up."""

_PING: Final = b"\x89\x00"
"""A WebSocket's ping without a payload (RFC 6455, 5.5.2). Each frame is written in one piece, so it fits in between."""

_READ_BYTES: Final = 1 << 16
_SOCKET_BYTES: Final = 512
"""Taken at once of a WebSocket's: 85 pings, 10 ms of work."""

_LOOK_S: Final = 0.1
_RESET_AT_CLOSE: Final = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Shared:
    """What the connections of one server have in common. Lives as long as it serves."""

    app: ASGIApp
    state: dict[str, Any]
    config: Config
    context: WorkerContext
    first_request_s: float
    stall_s: float


class Connection:
    """A client's connection. Lives as long as it is open.

    Every byte to the client goes through `_write`, WebSocket frames too: nothing that we send outlives the stall time.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, shared: Shared) -> None:
        self._reader = reader
        self._writer = writer
        self._shared = shared
        self._tasks = TaskGroup(asyncio.get_running_loop())
        self._http = Http1(
            self._run_app,
            shared.config,
            shared.context,
            self._tasks,
            ConnectionState(shared.state),
            False,
            _address(writer, "peername"),
            _address(writer, "sockname"),
            self._send,
        )
        self._scope: Scope = {}
        """Of the request that is being served."""

        self._patience: asyncio.Timeout | None = None
        self._said_ahead = 0
        self._is_stalled = False
        self._is_idle = True
        self._turn_since = time.monotonic()
        # Whatever is sent is with the kernel before the next piece is: the stall time holds for the last one too.
        writer.transport.set_write_buffer_limits(high=0)

    @property
    def waiting_since(self) -> float | None:
        """Since when it waits for the client: for a request, the rest of one, or a key; None while a reply is due."""
        is_waiting = self._is_idle or self._http.is_receiving or is_stranger(self._scope)
        return self._turn_since if is_waiting else None

    def make_room(self) -> None:
        """Close at once: others need the place more than a client that has us wait for it."""
        self._writer.close()

    async def serve(self) -> None:
        """Serve requests until either side ends the connection."""
        try:
            await self._serve_requests()
            await self._leave()
        except* ClientStalled:  # in what Hypercorn says when the app has not
            self.reset()
        finally:
            self._drop()

    async def refuse(self, reply: bytes) -> None:
        """Say this, whatever the client wants, and close."""
        try:
            self._writer.write(reply)
            await self._leave()
        finally:
            self._drop()

    def reset(self) -> None:
        """End the connection by a TCP reset, which no client takes for the end of a reply."""
        if self._writer.is_closing():
            return
        with contextlib.suppress(OSError):
            wire = self._writer.get_extra_info("socket")
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        self._writer.transport.abort()

    async def _serve_requests(self) -> None:
        async with self._tasks:
            with contextlib.suppress(OSError):  # its time is over, or it has left
                async with asyncio.timeout(self._shared.first_request_s) as self._patience:
                    await self._read()
            self._patience = None
            await self._http.handle(Closed())

    async def _run_app(self, scope: Any, receive: Any, send: Any, sync_spawn: Any, call_soon: Any) -> None:
        """One request. What breaks off in its reply is cut where Hypercorn finds it unfinished."""
        self._scope = scope
        try:
            await self._shared.app(scope, receive, send)
        except Exception:
            if self._http.owes_reply and not self._is_stalled:  # otherwise the cause is in the log by now
                raise
        finally:
            self._scope = {}
        if self._is_stalled:
            self.reset()
            await self._give_up()

    async def _read(self) -> None:
        while data := await self._next():
            # Every frame of a WebSocket costs, however small: 64 KiB of them would hold the event loop for a second.
            size = _SOCKET_BYTES if self._http.is_socket else len(data)
            for start in range(0, len(data), size):
                await self._http.handle(RawData(data[start : start + size]))
                await asyncio.sleep(0)
        await self._http.handle(RawData(b""))
        if self._http.awaits_reply:
            await self._outlast_half_close()

    async def _next(self) -> bytes:
        """What the client sends next; on a WebSocket, one that is silent is asked whether it is still there."""
        was_asked = False
        while True:
            try:
                async with asyncio.timeout(SIGN_OF_LIFE_S if self._http.is_socket else None):
                    return await self._reader.read(_READ_BYTES)
            except TimeoutError:
                if was_asked or not self._http.is_socket:
                    raise
            was_asked = True
            await self._write(_PING)

    async def _outlast_half_close(self) -> None:
        """Stay while a client that sends no more still takes its reply.

        `shutdown` and `close` look the same from here until bytes reach the client: one that has closed answers them
        with a reset. So the start of the reply, which is the same whatever it will say, is sent ahead of the rest;
        otherwise speech that nobody waits for would be made up to its first byte.
        """
        if self._http.owes_reply and not self._writer.is_closing():
            self._writer.write(STATUS_LINE_START)
            self._said_ahead = len(STATUS_LINE_START)
        wire = self._writer.get_extra_info("socket")
        while self._http.awaits_reply and not self._writer.is_closing():
            if wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._writer.transport.abort()
            await asyncio.sleep(_LOOK_S)

    async def _send(self, event: Event) -> None:
        if isinstance(event, RawData):
            await self._write(event.data)
        elif isinstance(event, Updated):
            self._is_idle, self._turn_since = event.idle, time.monotonic()
            self._end_in(KEEP_ALIVE_S if event.idle else None)
        elif isinstance(event, Closed):
            if self._http.may_look_whole:
                self.reset()
            self._stop_reading()

    async def _give_up(self) -> None:
        """Nobody is there any more: whoever serves a request is told."""
        self._stop_reading()
        await self._http.handle(Closed())

    def _stop_reading(self) -> None:
        self._end_in(0)
        self._patience = None

    def _end_in(self, seconds: float | None) -> None:
        """Stop reading then; None: not before the next reply has been sent."""
        if self._patience is not None:
            now = asyncio.get_running_loop().time()
            self._patience.reschedule(None if seconds is None else now + seconds)

    async def _write(self, data: bytes) -> None:
        if self._is_stalled:
            raise ClientStalled("nothing was read")
        data, self._said_ahead = data[self._said_ahead :], 0
        try:
            self._writer.write(data)
            async with asyncio.timeout(self._shared.stall_s):
                await self._writer.drain()
        except TimeoutError as error:
            self._is_stalled = True
            raise ClientStalled(f"nothing was read for {self._shared.stall_s:g} s") from error
        except (ConnectionError, RuntimeError):  # uvloop's word for a connection that is closed
            await self._give_up()

    async def _leave(self) -> None:
        """Close our side, and read on until the client has closed its own."""
        self._is_idle, self._turn_since = True, 0  # the first to make room
        with contextlib.suppress(OSError):
            async with asyncio.timeout(LINGER_S):
                if not self._writer.is_closing():
                    self._writer.write_eof()
                while await self._reader.read(_READ_BYTES):
                    pass

    def _drop(self) -> None:
        if self._writer.transport.get_write_buffer_size():
            self.reset()
        else:
            self._writer.close()


def _address(writer: asyncio.StreamWriter, of: str) -> tuple[str, int] | None:
    found = writer.get_extra_info(of)
    return (found[0], found[1]) if found else None
