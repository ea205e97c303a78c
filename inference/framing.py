"""Messages as frames of a byte stream, and back. Knows no socket: bytes in, messages out.

A frame is a big-endian 32-bit length and one message in MessagePack, which holds its tag, its fields by name, and
samples as the bytes they are.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import msgspec

from inference.errors import ProtocolError
from inference.protocol import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FRAME_BYTES: Final = 1 << 26
"""About 23 minutes of PCM; the model speaks at most half a minute at once."""

_LENGTH: Final = struct.Struct("!I")
_MESSAGES: Final[msgspec.msgpack.Decoder[Message]] = msgspec.msgpack.Decoder(Message)


def encode(message: Message) -> bytes:
    """One frame."""
    body = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(body)) + body


class Decoder:
    """Cuts a byte stream into messages. Lives as long as one connection."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Every message that `data` completes.

        Raises:
            ProtocolError: a frame is too long, or holds no known message; it says which field is wrong.
        """
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._buffer)
            if size > MAX_FRAME_BYTES:
                raise ProtocolError(f"frame of {size} bytes is over the limit")
            end = _LENGTH.size + size
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            yield _message(body)

    @property
    def is_empty(self) -> bool:
        """True between frames: the stream may end here."""
        return not self._buffer


def _message(body: bytes) -> Message:
    try:
        return _MESSAGES.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ProtocolError(f"no message: {error}") from error
