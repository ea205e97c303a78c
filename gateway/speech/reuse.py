"""Recall: how one request uses the cache: its whole response, its segments, and what others are having spoken just now.

Knows the keys; knows no HTTP but the Cache-Control header, and no codec.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gateway.speech.cache import Response, Segment
from inference import Audio

if TYPE_CHECKING:
    from gateway.speech.cache import Cache
    from gateway.speech.request import SpeechRequest
    from gateway.speech.single_flight import Flights
    from inference import Answer, Lease

    Sharing = Flights[tuple[Audio, Answer]]


@dataclass(frozen=True)
class Use:
    """What a request lets the cache do for it."""

    look: bool
    """Answer from what is held or under way."""

    keep: bool
    """Hold what is spoken."""

    @classmethod
    def allowed(cls, cache_control: str) -> Use:
        """As a request's Cache-Control header says; `no-store` rules out both, `no-cache` only to look."""
        directives = {directive.strip().lower() for directive in cache_control.split(",")}
        keep = "no-store" not in directives
        return cls(look=keep and "no-cache" not in directives, keep=keep)


class Recall:
    """One request's way to the cache. Lives as long as its response body."""

    def __init__(self, cache: Cache, sharing: Sharing, request: SpeechRequest, cache_control: str) -> None:
        self._cache = cache
        self._sharing = sharing
        self._use = Use.allowed(cache_control) if cache.is_on else Use(look=False, keep=False)
        self._voice = request.voice.canonical
        self._language = request.lang_code or request.voice.language
        self._key = cache.key(
            "response",
            request.input,
            self._voice,
            self._language,
            request.speed,
            request.response_format,
            request.sample_rate,
            request.volume_multiplier,
        )
        self._spoken = 0
        self._held = 0
        self._parts: list[bytes] = []
        self._room = cache.max_bytes if self._use.keep else 0

    def response(self) -> Response | None:
        """The whole response, if it is held."""
        return self._cache.get(Response, self._key) if self._use.look else None

    def collect(self, part: bytes) -> None:
        """Take a part of the response, to hold it once it is whole."""
        self._room -= len(part)
        if self._room > 0:
            self._parts.append(part)
        else:
            self._parts.clear()

    @property
    def collected(self) -> bytes | None:
        """All parts; None when the response is too large to be held, or must not be."""
        return b"".join(self._parts) if self._room > 0 else None

    def keep(self, response: Response) -> None:
        """Hold the whole response."""
        self._cache.put(self._key, response)

    def verdict(self, *, is_done: bool) -> Literal["hit", "miss", "partial"] | None:
        """What the cache has held of the audio so far; None when it was not to be used."""
        if not self._use.keep:
            return None
        if not self._held:
            return "miss"
        return "hit" if is_done and not self._spoken else "partial"

    async def speak(
        self, lease: Lease, phonemes: str, voice: tuple[tuple[str, float], ...], speed: float, deadline: float
    ) -> tuple[Audio, Answer | None]:
        """Speak one segment, or find it spoken: then without a worker's answer.

        Raises:
            InferenceError: it is not held and could not be spoken.
        """
        if not self._use.keep:
            return await lease.speak(phonemes, voice, speed, deadline)
        key = self._cache.key("segment", phonemes, self._voice, self._language, speed)

        async def speak() -> tuple[Audio, Answer]:
            spoken, answer = await lease.speak(phonemes, voice, speed, deadline)
            self._cache.put(key, Segment(spoken.pcm))
            return spoken, answer

        if not self._use.look:
            self._cache.count("segment", "miss")
            self._spoken += 1
            return await speak()
        if key in self._sharing:
            self._cache.count("segment", "shared")
            self._held += 1
            lease.hurry(phonemes, voice, speed, deadline)
            audio, _ = await self._sharing.join(key, speak)
            return audio, None
        if held := self._cache.get(Segment, key):
            self._held += 1
            return Audio(held.data, elapsed_ms=0.0), None
        self._spoken += 1
        return await self._sharing.join(key, speak)
