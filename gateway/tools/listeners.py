"""Listeners for benchmarks: new texts, past every cache, heard as a person would hear them. Knows HTTP and PCM only."""

from __future__ import annotations

import asyncio
import random
import time
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from gateway.audio.pcm import SAMPLE_BYTES, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx

_AUDIBLE: Final = 328
"""1 % of full scale: below it a listener hears nothing, and a WAV header is no sound."""

_HICCUP_S: Final = 0.02
"""A gap of playback shorter than this is not counted: it is the jitter of the measuring process."""

_NO_CACHE: Final = {"Cache-Control": "no-store"}
"""Texts never repeat, but parts of them may."""

_PARTS: Final[list[list[str]]] = tomllib.loads(
    (files("gateway.tools") / "data" / "texts.toml").read_text("utf-8")
)["parts"]
"""Of a sentence, in order, each with the choices there are."""


class Texts:
    """Sentences that never repeat, so that no cache answers. Lives as long as one run."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - sentences are no secrets
        self._said: set[str] = set()

    def sentence(self) -> str:
        """One new sentence of about 95 characters, 7 s of speech."""
        return self._new(_PARTS)

    def reply(self) -> str:
        """One new sentence of about 50 characters."""
        return self._new(_PARTS[:3])

    def _new(self, parts: Sequence[Sequence[str]]) -> str:
        while True:
            words = " ".join(self._random.choice(part) for part in parts)
            text = f"{words}, number {self._random.randrange(10_000)}."
            if text not in self._said:
                self._said.add(text)
                return text[0].upper() + text[1:]

    def page(self, characters: int) -> str:
        """New sentences, of so many characters in all or a few more."""
        text = self.sentence()
        while len(text) < characters:
            text += f" {self.sentence()}"
        return text


@dataclass(frozen=True)
class Heard:
    """What one listener heard."""

    first_s: float
    """Seconds from the request to the first audible sample."""

    total_s: float
    """Seconds from the request to the end."""

    audio_s: float
    """Seconds of audio."""

    underruns: int
    """Times that a player which starts at once had nothing to play."""


async def listen(client: httpx.AsyncClient, url: str, text: str, voice: str = "af_heart") -> Heard:
    """Have a text spoken and listen to it.

    Raises:
        httpx.HTTPError: it was refused or cut.
    """
    body = {"model": "tts-1", "input": text, "voice": voice, "response_format": "pcm"}
    started = time.perf_counter()
    player = Player()
    async with client.stream("POST", f"{url}/audio/speech", json=body, headers=_NO_CACHE) as response:
        response.raise_for_status()
        async for piece in response.aiter_raw():
            player.take(piece, time.perf_counter())
    first_s = (player.audible_at or time.perf_counter()) - started
    return Heard(first_s, time.perf_counter() - started, player.received_s, player.underruns)


class Player:
    """Plays PCM from the first audible sample on, and counts how often it ran dry. Lives as long as one response."""

    def __init__(self) -> None:
        self.audible_at: float | None = None
        self.received_s = 0.0
        self.underruns = 0
        self._silent_s = 0.0
        self._stalled_s = 0.0
        self._half = b""

    def take(self, piece: bytes, now: float) -> None:
        """A piece has come, at this time of `perf_counter`."""
        if self.audible_at is None:
            self._look_for_sound(piece, now)
        else:
            dry_s = (now - self.audible_at - self._stalled_s) - (self.received_s - self._silent_s)
            if dry_s > _HICCUP_S:
                self.underruns += 1
                self._stalled_s += dry_s
        self.received_s += seconds(len(piece)) / SAMPLE_BYTES

    def _look_for_sound(self, piece: bytes, now: float) -> None:
        samples = memoryview((self._half + piece)[: (len(self._half + piece)) // 2 * 2]).cast("h")
        self._half = (self._half + piece)[len(samples) * 2 :]
        quiet = next((n for n, sample in enumerate(samples) if abs(sample) > _AUDIBLE), None)
        if quiet is not None:
            self.audible_at = now
            self._silent_s = self.received_s + seconds(quiet)


async def crowd(
    client: httpx.AsyncClient, url: str, listeners: int, each: int, text: Callable[[], str]
) -> list[Heard]:
    """So many listeners at once, each hearing so many texts one after the other."""

    async def one() -> list[Heard]:
        return [await listen(client, url, text()) for _ in range(each)]

    return [heard for all_ in await asyncio.gather(*(one() for _ in range(listeners))) for heard in all_]
