"""Entries of the cache as values that a server keeps, and back; under names that hold no text.

Knows neither server nor request. What was not written by a gateway of the same kind, under the same name and with the
same secret, whole and unchanged, is no entry: the sound of a stranger's value is not played, nor is it looked at.
"""

from __future__ import annotations

import hmac
import struct
from hashlib import blake2b
from typing import Annotated, Final, Generic, cast

import msgspec

from gateway.speech.cache import Entry, HeldResponse, HeldSegment
from inference import HeardWord

VERSION: Final = 1
"""Of the form of names and values: those of another are never met. Raise it when either changes."""

MOST_BYTES: Final = 6 << 20
"""Of a value: what the cache holds of one response, and 100,000 words of it."""

_DIGEST_BYTES: Final = 32
_LENGTHS: Final = struct.Struct(">II")
HEAD_BYTES: Final = _DIGEST_BYTES + _LENGTHS.size
"""What a value begins with: the digest of all the rest, and how long figures and sound are."""

Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 31)]
Seconds = Annotated[float, msgspec.Meta(ge=0, lt=1 << 31)]


class Unusable(Exception):
    """A value that is no entry: damaged, cut off, somebody else's or too large."""


class _Segment(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """Figures of a segment, in the order in which they are written."""

    cut: Count
    frames: tuple[Count, ...]


class _Response(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """Figures of a response."""

    segments: Count
    tokens: Count
    audio_s: Seconds
    words: tuple[tuple[Count, Count, Seconds, Seconds], ...]


class Values:
    """Names and values of gateways that share a secret, which may be empty. Lives as long as the application.

    Names are digests. A digest hides a long text, but whoever sees the name can try the short ones; with a secret, only
    whoever knows that can, and only they can write a value that is taken for an entry.
    """

    def __init__(self, secret: str) -> None:
        self._secret = blake2b(secret.encode(), digest_size=64).digest() if secret else b""

    def name(self, key: bytes) -> bytes:
        """What the server knows a key of the cache by."""
        return b"kokoro-gateway:%d:" % VERSION + self._digest(b"name", key).hexdigest().encode()

    def value(self, key: bytes, entry: HeldSegment | HeldResponse) -> bytes:
        """The value of an entry; takes 3 ms for 4 MiB, most of it in the digest."""
        figures = msgspec.msgpack.encode(_figures(entry))
        lengths = _LENGTHS.pack(len(figures), len(entry.data))
        digest = self._digest(b"value", key)
        for part in (lengths, figures, entry.data):
            digest.update(part)
        return b"".join((digest.digest(), lengths, figures, entry.data))

    def reading(self, kind: type[Entry], key: bytes) -> Reading[Entry]:
        """What takes the value of a key piece by piece, and makes an entry of this kind of it."""
        return Reading(kind, self._digest(b"value", key))

    def _digest(self, use: bytes, key: bytes) -> blake2b:
        """Of what is found under a key: it ties one to the other, so that no value passes for another one's."""
        return blake2b(key, digest_size=_DIGEST_BYTES, key=self._secret, person=use + bytes([VERSION]))


class Reading(Generic[Entry]):
    """One value being read. Lives until its entry is there, or the value proves to be none."""

    def __init__(self, kind: type[Entry], digest: blake2b) -> None:
        self._kind: type[Entry] = kind
        self._digest = digest
        self._claimed = b""
        """What the value says that its digest is."""

        self._taken = 0
        self._whole = HEAD_BYTES
        self._figures_end = HEAD_BYTES
        self._figures = b""
        self._sound: list[memoryview] = []

    @property
    def missing(self) -> int:
        """How many bytes the value still has, by what it says itself."""
        return self._whole - self._taken

    @property
    def figures_bytes(self) -> int:
        """How long the figures are that have come: to make an entry takes as long as they are."""
        return len(self._figures)

    def feed(self, piece: bytes) -> None:
        """Take the next piece, of any length from HEAD_BYTES on; takes 1 ms for 1 MiB.

        Raises:
            Unusable: the value is none of ours.
        """
        start = 0
        if not self._taken:
            self._begin(piece)
            start = _DIGEST_BYTES
        view = memoryview(piece)
        self._digest.update(view[start:])
        self._figures += view[max(HEAD_BYTES - self._taken, 0) : max(self._figures_end - self._taken, 0)]
        self._sound.append(view[max(self._figures_end - self._taken, 0) :])
        self._taken += len(piece)
        if self.missing < 0:
            raise Unusable

    def entry(self) -> Entry:
        """What was read.

        Raises:
            Unusable: it is not what was written, or not all of it.
        """
        if self.missing or not hmac.compare_digest(self._digest.digest(), self._claimed):
            raise Unusable
        try:
            return _entry(self._kind, b"".join(self._sound), self._figures)
        except msgspec.MsgspecError as error:
            raise Unusable from error

    def _begin(self, piece: bytes) -> None:
        if len(piece) < HEAD_BYTES:
            raise Unusable
        self._claimed = piece[:_DIGEST_BYTES]
        figures, sound = _LENGTHS.unpack_from(piece, _DIGEST_BYTES)
        self._figures_end += figures
        self._whole += figures + sound
        if self._whole > MOST_BYTES:
            raise Unusable


def _figures(entry: HeldSegment | HeldResponse) -> _Segment | _Response:
    """All of an entry but its sound."""
    if isinstance(entry, HeldSegment):
        return _Segment(entry.cut, entry.frames)
    words = tuple((word.start, word.end, word.start_s, word.end_s) for word in entry.words)
    return _Response(entry.segments, entry.tokens, entry.audio_s, words)


def _entry(kind: type[Entry], sound: bytes, figures: bytes) -> Entry:
    held: HeldSegment | HeldResponse
    if kind is HeldSegment:
        segment = msgspec.msgpack.decode(figures, type=_Segment)
        held = HeldSegment(sound, segment.cut, segment.frames)
    else:
        response = msgspec.msgpack.decode(figures, type=_Response)
        words = tuple(HeardWord(*word) for word in response.words)
        held = HeldResponse(sound, response.segments, response.tokens, response.audio_s, words)
    return cast("Entry", held)
