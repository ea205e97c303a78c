"""The client's side of ElevenLabs' `multi-stream-input`: a text goes out token by token, messages come back.

Knows the messages of one socket; knows nothing of how it is served.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator, Callable

    import httpx
    from wsproto.events import Event

Message: TypeAlias = dict[str, Any]

TOKENS_PER_SECOND: Final = 30
TOKEN_CHARS: Final = 4
"""As language models write."""

_TARGET: Final = "/v1/text-to-speech/af_heart/multi-stream-input?output_format=pcm_24000&auto_mode=false"


class SocketClosed(ConnectionError):
    """The server has closed the socket, or it was lost."""


@asynccontextmanager
async def opened(root: httpx.URL) -> AsyncIterator[TalkSocket]:
    """A socket of the server at `root` (without /v1), for as long as this is open.

    Raises:
        ConnectionError: it is not to be had.
    """
    reader, writer = await asyncio.open_connection(root.host, root.port)
    socket = TalkSocket(reader, writer)
    try:
        await socket.shake_hands(root.host)
        yield socket
    finally:
        writer.close()


class TalkSocket:
    """One open socket. Lives as long as a talker stays on it."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._came: deque[Event] = deque()
        self._parts: list[str] = []

    async def shake_hands(self, host: str) -> None:
        """Open it."""
        self._writer.write(self._protocol.send(Request(host=host, target=_TARGET)))
        event = await self._event()
        if not isinstance(event, AcceptConnection):
            raise SocketClosed(f"no socket: {event}")

    async def say(self, **fields: Any) -> None:
        """Send a message."""
        self._writer.write(self._protocol.send(TextMessage(json.dumps(fields))))
        await self._writer.drain()

    async def write(self, name: str, text: str, note: Callable[[int], None] = lambda _: None) -> None:
        """Write a text as a language model does; `note` is told how many characters have been sent."""
        began = time.perf_counter()
        for number, start in enumerate(range(0, len(text), TOKEN_CHARS), 1):
            end = start + TOKEN_CHARS
            await self.say(text=text[start:end], context_id=name)
            note(end)
            await asyncio.sleep(max(began + number / TOKENS_PER_SECOND - time.perf_counter(), 0))

    async def message(self) -> Message:
        """The next message; cancelling this loses none.

        Raises:
            SocketClosed: there is none any more.
        """
        while True:
            event = await self._event()
            if isinstance(event, Ping):
                self._writer.write(self._protocol.send(event.response()))
            elif isinstance(event, CloseConnection):
                raise SocketClosed(f"closed with {event.code}")
            elif isinstance(event, TextMessage):
                self._parts.append(event.data)
                if event.message_finished:
                    whole = "".join(self._parts)
                    self._parts.clear()
                    message: Message = json.loads(whole)
                    return message

    async def _event(self) -> Event:
        while not self._came:
            data = await self._reader.read(1 << 16)
            self._protocol.receive_data(data or None)
            self._came += self._protocol.events()
        return self._came.popleft()
