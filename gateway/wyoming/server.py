"""Listens for Wyoming's clients: a bounded number of connections, and an end to each. Knows no event."""

from __future__ import annotations

import asyncio
import logging
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from wyoming.error import Error

from gateway.wyoming.conversation import WyomingConversation
from gateway.wyoming.discovery import announced
from gateway.wyoming.info import info
from gateway.wyoming.wire import EVENT_BYTES, EventWire

if TYPE_CHECKING:
    import socket
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator, Mapping

    from wyoming.event import Event

    from gateway.speech.voices import Voice
    from gateway.talk.host import Host

logger = logging.getLogger(__name__)

MOST_CONNECTIONS: Final = 64
"""Each is one text being spoken, or a question what there is; a house has a few."""

INACTIVITY_S: Final = 60.0
"""A language model that calls a tool writes nothing meanwhile."""

PATH: Final = "wyoming"
"""What the log has in place of a route."""


@asynccontextmanager
async def listening(listener: socket.socket, host: Host, voices: Mapping[str, Voice]) -> AsyncIterator[None]:
    """Serve Wyoming's clients on this socket while the context is open."""
    door = _Door(host, voices)
    server = await asyncio.start_server(door.serve, sock=listener, limit=EVENT_BYTES)
    address, port = listener.getsockname()[:2]
    logger.info("wyoming_started", extra={"host": address, "port": port})
    try:
        async with announced(address, port):
            yield
    finally:
        server.close()
        await door.close()


class _Door:
    """The open connections. Lives as long as the listener."""

    def __init__(self, host: Host, voices: Mapping[str, Voice]) -> None:
        self._host = host
        self._voices = voices
        self._info = info(voices).event()
        self._open: set[asyncio.Task[None]] = set()

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve one connection to its end."""
        task = asyncio.current_task()
        assert task is not None
        is_full = len(self._open) >= MOST_CONNECTIONS
        self._open.add(task)
        wire = EventWire(reader, writer, self._host.settings.stall_timeout_s)
        try:
            if is_full:
                logger.warning("connection_refused", extra={"connections": len(self._open) - 1})
                await wire.send(_full())
            else:
                await self._conversation(wire).run()
                await wire.leave()
        except ConnectionError:
            pass  # of one that is told that there is no place
        except asyncio.CancelledError:
            pass  # by `close`; asyncio of Python 3.11 logs a handler that is cancelled as a fault
        finally:
            self._open.discard(task)
            wire.close()

    async def close(self) -> None:
        """End what is still open."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _conversation(self, wire: EventWire) -> WyomingConversation:
        return WyomingConversation(
            self._voices,
            self._info,
            host=self._host,
            wire=wire,
            path=PATH,
            request_id=f"req_{uuid.uuid4().hex}",
            key=None,
            inactivity_s=INACTIVITY_S,
        )


def _full() -> Event:
    return Error(text="The server has as many connections as it takes.", code="overloaded").event()
