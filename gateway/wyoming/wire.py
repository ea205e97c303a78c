"""Events on one connection, within limits: the package reads whatever length it is told. Knows no event's meaning."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from wyoming.event import Event, async_write_event

from gateway.talk.errors import BadMessage, MessageTooLong

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

EVENT_BYTES: Final = 64 << 10
"""Most bytes of an event's line, of its data and of its payload, each."""

LINGER_S: Final = 5.0
"""How long a client gets to read our last words and close too."""

_LOOK_S: Final = 0.1


class EventWire:
    """The events of one connection. Lives as long as that is open."""

    def __init__(self, reader: StreamReader, writer: StreamWriter, stall_s: float) -> None:
        """`reader` takes lines of EVENT_BYTES; `stall_s` is how long a client may leave unread what was sent."""
        self._reader = reader
        self._writer = writer
        self._stall_s = stall_s
        # Whatever is sent is with the kernel before the next event is: what is left at the end nobody reads.
        writer.transport.set_write_buffer_limits(high=0)

    async def leave(self) -> None:
        """Say no more, and hear the client out for a moment: closing over what it is still sending would be a reset,
        and our last words be lost on their way.
        """
        transport = self._writer.transport
        if transport.is_closing() or transport.get_write_buffer_size():
            return
        with suppress(OSError):  # its time is over, or it has left
            self._writer.write_eof()
            async with asyncio.timeout(LINGER_S):
                while await self._reader.read(EVENT_BYTES):
                    pass

    def close(self) -> None:
        """Let go of the connection, and at once of a client that has not read: else it would stay as long as that."""
        if self._writer.transport.get_write_buffer_size():
            self._writer.transport.abort()
        else:
            self._writer.close()

    async def receive(self) -> Event | None:
        """See `Wire.receive`."""
        try:
            line = await self._reader.readline()
            if not line:
                return None
            head = _object(json.loads(line))
            data = _object(head.get("data") or {})
            if length := _length(head, "data_length"):
                data |= _object(json.loads(await self._reader.readexactly(length)))
            if length := _length(head, "payload_length"):
                await self._reader.readexactly(length)  # no event that a client sends for speech has one
            return Event(_text(head["type"]), data)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise BadMessage(
                "This is no event: one line of JSON with a type, and what it says follows."
            ) from error

    async def left(self) -> None:
        """Wait until a client that sends no more takes no more either."""
        wire = self._writer.get_extra_info("socket")
        while True:
            await asyncio.sleep(_LOOK_S)
            if self._writer.is_closing() or wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                return

    async def send(self, message: Event) -> None:
        """See `Wire.send`."""
        try:
            async with asyncio.timeout(self._stall_s):
                await async_write_event(message, self._writer)
        # The second is uvloop's word for a connection that is closed.
        except (TimeoutError, RuntimeError) as error:
            raise ConnectionResetError from error


def _object(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise TypeError
    return found


def _text(found: Any) -> str:
    if not isinstance(found, str):
        raise TypeError
    return found


def _length(head: dict[str, Any], name: str) -> int:
    length = head.get(name) or 0
    if type(length) is not int or length < 0:  # a bool is an int, too
        raise TypeError
    if length > EVENT_BYTES:
        raise MessageTooLong(f"An event has at most {EVENT_BYTES} bytes.")
    return length
