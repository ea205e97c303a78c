"""CacheUse: how one request uses the cache: its whole response, its units, and what others are having spoken just now.

Knows the keys; knows no HTTP and no codec.
"""

from __future__ import annotations

import time
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final

from gateway.speech.cache import Entry, HeldResponse, HeldSegment
from gateway.speech.cache_remote import LIMIT_S
from inference import Audio, Piece, render

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gateway.speech.cache import Cache
    from gateway.speech.cache_remote import RemoteCache
    from gateway.speech.record import Tier, Verdict
    from gateway.speech.request import SpeechRequest
    from gateway.speech.shared_work import SharedWork
    from inference import Lease, Pronunciation, Unit

    Sharing = SharedWork[Piece]


_LARGEST_RESPONSE: Final = 4 << 20
"""Five minutes of mp3. What is longer is put together again from its segments, which are held as well."""


@dataclass(frozen=True)
class AllowedUse:
    """What a request lets the cache do for it."""

    may_read: bool = True
    """Answer from what is held or under way."""

    may_store: bool = True
    """Hold what is spoken."""


class CacheUse:
    """One request's way to the cache. Lives as long as its response body."""

    def __init__(
        self,
        cache: Cache,
        sharing: Sharing,
        request: SpeechRequest,
        use: AllowedUse,
        words: tuple[Pronunciation, ...] = (),
        remote: RemoteCache | None = None,
    ) -> None:
        """`words` are those of its text that are said otherwise."""
        self._cache = cache
        self._remote = remote
        self._remote_s = LIMIT_S
        """How much longer the request may wait for the remote cache."""

        self._sharing = sharing
        self._use = use if cache.is_on or remote else AllowedUse(may_read=False, may_store=False)
        self._key = _response_key(cache, request, words)
        self._spoken = 0
        self._found = 0
        self._parts: list[bytes] = []
        most = _LARGEST_RESPONSE if remote else min(cache.max_bytes, _LARGEST_RESPONSE)
        self.room = most if self._use.may_store else 0
        """Bytes that may still be collected."""

        self.tier: Tier | None = None
        """Where anything was found: in the remote cache, if that had any of it."""

    async def response(self) -> HeldResponse | None:
        """The whole response, if it is held here, or else in the remote cache and had from there in time."""
        if not self._use.may_read:
            return None
        if held := self._cache.get(HeldResponse, self._key):
            self.tier = "local"
            return held
        return await self._brought(HeldResponse, self._key)

    def collect(self, part: bytes) -> None:
        """Take a part of the response, to hold it once it is whole."""
        self.room -= len(part)
        if self.room > 0:
            self._parts.append(part)
        else:
            self._parts.clear()

    @property
    def collected(self) -> bytes | None:
        """All parts; None when the response is too large to be held, or must not be."""
        return b"".join(self._parts) if self.room > 0 else None

    def keep(self, response: HeldResponse) -> None:
        """Hold the whole response, here and in the remote cache: once, however many hear it as it is spoken."""
        is_known = self._use.may_read and self._key in self._cache
        self._cache.put(self._key, response)
        if self._remote and not is_known:
            self._remote.put(self._key, response)

    def verdict(self, *, is_done: bool) -> Verdict | None:
        """What the cache has held of the audio so far; None when it was not to be used."""
        if not self._use.may_store:
            return None
        if not self._found:
            return "miss"
        return "hit" if is_done and not self._spoken else "partial"

    def render(
        self, lease: Lease, unit: Unit, due: float, is_waited_for: bool
    ) -> AsyncGenerator[Piece, None]:
        """A unit as it is held, as others are having it spoken, or else spoken: only then with a worker's answer.

        Raises:
            InferenceError: it is not held and could not be spoken.
        """
        if not self._use.may_store:
            return render(lease, unit, due, is_waited_for)
        key = self._cache.key("segment", unit.phonemes, *unit.voice, unit.speed)
        start = partial(self._spoken_and_held, key, lease, unit, due, is_waited_for)
        if not self._use.may_read:
            self._cache.count("segment", "miss")
            return start()
        if key in self._sharing:
            self._cache.count("segment", "shared")
            self._note_found("local")
            lease.begin()
            lease.hurry(unit, due)
            return _found(self._sharing.join(key, start))
        if held := self._cache.get(HeldSegment, key):
            self._note_found("local")
            lease.begin()
            return _whole(held)
        return self._sharing.join(key, start)

    async def _spoken_and_held(
        self, key: bytes, lease: Lease, unit: Unit, due: float, is_waited_for: bool
    ) -> AsyncGenerator[Piece, None]:
        """Only the segment that a listener waits for is on the server: the others can be spoken while it is heard."""
        if is_waited_for and self._use.may_read and (held := await self._brought(HeldSegment, key)):
            lease.begin()
            yield _piece(held)
            return
        self._spoken += 1
        sound: list[Audio] = []
        async with aclosing(render(lease, unit, due, is_waited_for)) as pieces:
            async for piece in pieces:
                sound.append(piece.audio)
                yield piece
        held = HeldSegment(b"".join(audio.pcm for audio in sound), sound[0].cut, sound[0].frames)
        self._cache.put(key, held)
        if is_waited_for and self._remote:
            self._remote.put(key, held)

    async def _brought(self, kind: type[Entry], key: bytes) -> Entry | None:
        """What the remote cache has under a key, which is held here from now on."""
        if self._remote is None or self._remote_s < LIMIT_S / 2:
            return None
        began = time.monotonic()
        found = await self._remote.get(kind, key, self._remote_s)
        self._remote_s -= time.monotonic() - began
        if found:
            self._cache.put(key, found)
            self._note_found("remote")
        return found

    def _note_found(self, tier: Tier) -> None:
        self._found += 1
        self.tier = "remote" if "remote" in (tier, self.tier) else tier


def _response_key(cache: Cache, request: SpeechRequest, words: tuple[Pronunciation, ...]) -> bytes:
    """The key of all that can be heard of a request."""
    return cache.key(
        "response",
        request.input,
        request.voice.canonical,
        request.language,
        request.speed,
        request.response_format,
        request.sample_rate,
        request.kilobits or 0,
        request.volume_multiplier,
        request.timestamps or "",
        *chain.from_iterable(words),
    )


async def _found(pieces: AsyncGenerator[Piece, None]) -> AsyncGenerator[Piece, None]:
    """What a worker does for others."""
    async with aclosing(pieces):
        async for piece in pieces:
            yield replace(piece, answer=None)


async def _whole(held: HeldSegment) -> AsyncGenerator[Piece, None]:
    """What was spoken before."""
    yield _piece(held)


def _piece(held: HeldSegment) -> Piece:
    return Piece(Audio(held.data, 0.0, held.cut, held.frames), None, is_last=True)
