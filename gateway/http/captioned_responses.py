"""Response bodies of JSON that carries speech and the times of its words, as Kokoro-FastAPI sends them."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

from gateway.http.responses import PIECE_BYTES, AudioResponse, NewWords

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gateway.speech.record import RequestRecord
    from gateway.speech.synthesis import Speech

_GROUP: Final = 3
"""Bytes that base64 writes without padding: what is written in parts is cut between them."""


class CaptionedLines(AudioResponse):
    """Sends a JSON object a line, each with some of the audio and the words that begin in it.

    Words too many for one line, as they are from the cache, go on in lines without audio. Lives as long as one
    response. A fault on the way cuts the connection, as it does with plain audio.
    """

    def __init__(self, speech: Speech, record: RequestRecord, text: str, *, is_timed: bool) -> None:
        super().__init__(speech, record)
        self._audio_format = speech.content_type
        self._text = text
        self._is_timed = is_timed
        self.headers["content-type"] = "application/json"
        del self.headers["content-length"]

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The lines."""
        new = NewWords(self._speech, self._text)
        async for piece in super().pieces():
            audio = b64encode(piece).decode()
            for words in new.take() if self._is_timed else ():
                yield _json(self._object(audio, words)) + b"\n"
                audio = ""
            if audio:
                yield _json(self._object(audio, [])) + b"\n"

    def _object(self, audio: str, words: list[dict[str, Any]]) -> dict[str, Any]:
        told = words if self._is_timed else None
        return {"audio": audio, "audio_format": self._audio_format, "timestamps": told}


class CaptionedObject(CaptionedLines):
    """Sends one JSON object of all of the audio, written as that is made. Lives as long as one response."""

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The object in parts."""
        rest = b""
        yield b'{"audio":"'
        async for piece in self._speech.body:
            for start in range(0, len(piece), PIECE_BYTES):
                rest += piece[start : start + PIECE_BYTES]
                whole = len(rest) - len(rest) % _GROUP
                yield b64encode(rest[:whole])
                rest = rest[whole:]
        yield b64encode(rest) + b'","audio_format":' + _json(self._audio_format) + b',"timestamps":'
        if not self._is_timed:
            yield b"null}"
            return
        before = b"["
        for words in NewWords(self._speech, self._text).take():
            yield before + _json(words)[1:-1]
            before = b","
        yield b"]}" if before == b"," else b"[]}"


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
