"""Response bodies that carry speech: raw audio, or server-sent events. Knows bytes and ASGI; knows no codec."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import aclosing
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import StreamingResponse

from gateway.speech.captions import timestamps

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from starlette.types import Receive, Scope, Send

    from gateway.speech.record import RequestRecord
    from gateway.speech.synthesis import Speech

UNBUFFERED: Final = {"cache-control": "no-cache", "x-accel-buffering": "no"}
"""Headers that keep proxies from collecting the stream before they pass it on."""

EVENT_BYTES: Final = 24 << 10
"""Most audio in one event: as base64 on one line, half of the 64 KiB that some clients' readers take at once."""

EVENT_WORDS: Final = 200
"""Most words in one event: 20 to 30 KiB."""

PIECE_BYTES: Final = 256 << 10
"""Most bytes given to the server at once: it copies them, and each piece has the stall time to be read."""


class AudioResponse(StreamingResponse):
    """Sends a body of speech as it is made, and closes it however the response ends.

    Lives as long as one response. What the body raises passes through: the server then cuts the connection, so
    that no client takes half of the audio for the whole.
    """

    def __init__(self, speech: Speech, record: RequestRecord) -> None:
        length = {} if speech.length is None else {"content-length": str(speech.length)}
        super().__init__(speech.body, media_type=speech.content_type, headers=UNBUFFERED | length)
        self._speech = speech
        self._record = record

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response. Does not watch for the client's leaving: `RequestBody` cancels this then."""
        async with aclosing(self._speech.body), aclosing(self.pieces()) as pieces:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            async for piece in pieces:
                await self._send(piece, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body's bytes as the client gets them, in pieces that even a slow one reads in its time."""
        async for piece in self._speech.body:
            for start in range(0, len(piece), PIECE_BYTES):
                yield piece[start : start + PIECE_BYTES]

    async def _send(self, piece: bytes, send: Send) -> None:
        began = perf_counter()
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        self._record.sent(piece, began)


class EventStream(AudioResponse):
    """Sends the same bytes as `speech.audio.delta` events, with one `speech.audio.done` behind them.

    Where it was asked when words are heard, `speech.audio.words` tells it before the sound that they begin in.
    Lives as long as one response. `sample_bytes` is the size of what must not be parted between two events.
    """

    def __init__(self, speech: Speech, record: RequestRecord, sample_bytes: int = 1, text: str = "") -> None:
        super().__init__(speech, record)
        self.headers["content-type"] = "text/event-stream"
        del self.headers["content-length"]
        self._sample_bytes = sample_bytes
        self._text = text

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Events, each on one line."""
        rest = b""
        words = NewWords(self._speech, self._text)
        async for piece in self._speech.body:
            for told in words.take():
                yield _event(type="speech.audio.words", words=told)
            rest += piece
            whole = len(rest) - len(rest) % self._sample_bytes
            for start in range(0, whole, EVENT_BYTES):
                part = rest[start : min(start + EVENT_BYTES, whole)]
                yield _event(type="speech.audio.delta", audio=b64encode(part).decode())
            rest = rest[whole:]
        if rest:
            yield _event(type="speech.audio.delta", audio=b64encode(rest).decode())
        yield _event(type="speech.audio.done", usage=self._speech.usage())


class NewWords:
    """The words of speech that have not been told. Lives as long as its response."""

    def __init__(self, speech: Speech, text: str) -> None:
        self._speech = speech
        self._text = text
        self._told = 0

    def take(self) -> Iterator[list[dict[str, Any]]]:
        """Those of the sound that has been made, a line's worth at a time."""
        while words := self._speech.words[self._told : self._told + EVENT_WORDS]:
            self._told += len(words)
            yield timestamps(self._text, words)


def _event(**fields: object) -> bytes:
    return f"data: {json.dumps(fields, separators=(',', ':'))}\n\n".encode()
