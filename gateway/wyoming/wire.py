"""Events on one connection, within limits: the package reads whatever length it is told. Knows no event's meaning."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

from wyoming.event import Event, async_write_event

from gateway.talk.errors import BadMessage, MessageTooLong

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

EVENT_BYTES: Final = 64 << 10
"""Most bytes of an event's line, of its data and of its payload, each."""


class EventWire:
    """The events of one connection. Lives as long as that is open."""

    def __init__(self, reader: StreamReader, writer: StreamWriter, stall_s: float) -> None:
        """`reader` takes lines of EVENT_BYTES; `stall_s` is how long a client may leave unread what was sent."""
        self._reader = reader
        self._writer = writer
        self._stall_s = stall_s

    async def receive(self) -> Event | None:
        """See `Wire.receive`."""
        try:
            line = await self._reader.readline()
            if not line:
                return None
            head = _object(line)
            data = head.get("data") or {}
            if length := _length(head, "data_length"):
                data = data | _object(await self._reader.readexactly(length))
            if length := _length(head, "payload_length"):
                await self._reader.readexactly(length)  # no event that a client sends for speech has one
            return Event(str(head["type"]), data)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise BadMessage(
                "This is no event: one line of JSON with a type, and what it says follows."
            ) from error

    async def send(self, message: Event) -> None:
        """See `Wire.send`."""
        try:
            async with asyncio.timeout(self._stall_s):
                await async_write_event(message, self._writer)
        except (
            TimeoutError,
            RuntimeError,
        ) as error:  # the second is uvloop's word for a connection that is closed
            raise ConnectionResetError from error


def _object(data: bytes) -> dict[str, Any]:
    found = json.loads(data)
    if not isinstance(found, dict):
        raise TypeError
    return found


def _length(head: dict[str, Any], name: str) -> int:
    length = head.get(name) or 0
    if not isinstance(length, int) or length < 0:
        raise TypeError
    if length > EVENT_BYTES:
        raise MessageTooLong(f"An event has at most {EVENT_BYTES} bytes.")
    return length
