"""Reply: one request on its way to bytes: its text is spoken, handed over, shaped and encoded, in this order and here.

Knows no HTTP, and no other request.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Final, TypeVar

from gateway.audio.encoders import ENCODERS
from gateway.audio.pcm import seconds, silence
from gateway.audio.pipeline import Pipeline, cut
from gateway.audio.shaping import shape
from gateway.speech.alignment import delayed
from gateway.speech.cache import HeldResponse
from gateway.speech.handover import Handover
from inference import JobTimeout, Text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Iterator
    from concurrent.futures import Executor

    from gateway.speech.cache_use import CacheUse
    from gateway.speech.record import RequestRecord
    from gateway.speech.reply_memory import Place
    from gateway.speech.request import SpeechRequest
    from inference import HeardWord, Spoken, Utterance

Part = TypeVar("Part", bytes, memoryview)

SILENCE_S: Final = 0.25
"""How long a text without a speakable character is heard, at any speed: to some clients less than 0.1 s is a fault."""

FRAMES_PER_SECOND: Final = 40
"""The model makes its audio in frames of 25 ms, which are told as output tokens."""


class Reply:
    """One request being spoken. Lives as long as its response body, whose end closes it."""

    def __init__(
        self,
        request: SpeechRequest,
        record: RequestRecord,
        cache_use: CacheUse,
        utterance: Utterance,
        place: Place,
        threads: Executor,
        timeout_s: float,
    ) -> None:
        """`timeout_s` is how long from now all of it may take to be spoken."""
        self.length: int | None = None
        """Bytes of the body, once its first are there, if all of it was made before them."""

        self.words: Final[list[HeardWord]] = []
        """When each is heard, if that was asked for: those of the sound that has been made."""

        self._request = request
        self._record = record
        self._cache_use = cache_use
        self._utterance = utterance
        self._place = place
        self._threads = threads
        self._timeout_s = timeout_s
        self._deadline = asyncio.get_running_loop().time() + timeout_s
        self._shaping = shape(
            tempo=utterance.manner.tempo, gain=request.volume_multiplier, sample_rate=request.sample_rate
        )
        self._handover = Handover(utterance, record, self._shaping, request.sample_rate)
        self._pipeline: Pipeline | None = None
        self._delay_s = seconds(ENCODERS[request.response_format].delay, request.sample_rate)
        self._is_all_spoken = False

    def usage(self) -> dict[str, int]:
        """Tokens spoken and frames heard so far."""
        return usage(self._utterance.tokens, self._utterance.playback.heard_s)

    async def streamed(self) -> AsyncGenerator[bytes, None]:
        """The bytes as they are made.

        Raises:
            InferenceError: the rest cannot be spoken.
        """
        with closing(self):
            async with aclosing(self._pieces()) as pieces, aclosing(self._encoded(pieces)) as parts:
                async for part in parts:
                    yield part

    async def whole(self) -> AsyncGenerator[bytes, None]:
        """The bytes once all is spoken. What is held meanwhile is the encoded audio.

        Where the format adds nothing but size it is what the engine spoke: slow speech in a WAV of 48 kHz is four times
        as large, and its length is known beforehand.

        Raises:
            InferenceError: it cannot be spoken.
            RepliesFull: it has become longer than it looked, and there is no room for it.
        """
        with closing(self):
            async with aclosing(self._pieces()) as pieces:
                if ENCODERS[self._request.response_format].is_transparent:
                    parts = self._encoded(_taken(await self._held(pieces)))
                    self.length = self._begun_pipeline().encoder.size()
                else:
                    encoded = await self._held(self._encoded(pieces))
                    encoded[0] = self._begun_pipeline().encoder.exact(encoded[0])
                    self.length = sum(map(len, encoded))
                    parts = _taken(encoded)
            async with aclosing(parts):
                async for part in parts:
                    yield part

    def close(self) -> None:
        """Give back what the reply holds."""
        self._utterance.close()
        self._place.close()
        self._shaping.close()
        if self._pipeline is not None:
            self._pipeline.close()
        self._record.worked(self._utterance.phoneme_times, self._utterance.segment_times)

    async def _pieces(self) -> AsyncGenerator[memoryview, None]:
        """What the engine spoke, in pieces that are encoded at once; never nothing."""
        async with aclosing(self._utterance.segments(Text(self._request.input))) as segments:
            while spoken := await self._in_time(anext(segments, None)):
                self._is_all_spoken = spoken.is_last
                self._record.phonemised(self._utterance.phoneme_times)
                verdict = self._cache_use.verdict(is_done=self._is_all_spoken)
                self._record.spoken(spoken, verdict, self._cache_use.tier)
                self.words.extend(delayed(spoken.words, self._delay_s))
                for piece in self._handed_over(spoken.piece.audio.pcm, spoken.pause):
                    yield piece
        if not self._record.segments:
            self._is_all_spoken = True
            for piece in self._handed_over(silence(SILENCE_S * self._utterance.manner.tempo)):
                yield piece

    async def _in_time(self, segment: Awaitable[Spoken | None]) -> Spoken | None:
        try:
            async with asyncio.timeout_at(self._deadline):
                return await segment
        except TimeoutError as error:
            raise JobTimeout(f"the request took more than {self._timeout_s:g} s") from error

    def _handed_over(self, *pcm: bytes) -> Iterator[memoryview]:
        """The same in pieces, once the listener's clock knows how much more will be heard."""
        self._handover.give(sum(map(len, pcm)))
        for part in pcm:
            yield from cut(part)

    async def _encoded(self, pieces: AsyncIterable[memoryview]) -> AsyncGenerator[bytes, None]:
        """Bytes of the container, which goes to the cache once it is whole."""
        async for piece in pieces:
            if part := await self._begun_pipeline().feed(piece):
                self._cache_use.collect(part)
                yield part
        if part := await self._begun_pipeline().finish():
            self._cache_use.collect(part)
            yield part
        if collected := self._cache_use.collected:
            data = self._begun_pipeline().encoder.exact(collected)
            facts = self._record.segments or 0, self._utterance.tokens, self._utterance.playback.heard_s
            self._cache_use.keep(HeldResponse(data, *facts, tuple(self.words)))

    def _begun_pipeline(self) -> Pipeline:
        """What makes the bytes; its header says how many there will be, if all is spoken when the first are made."""
        if self._pipeline is None:
            total = self._handover.samples if self._is_all_spoken else None
            request = self._request
            encoder = ENCODERS[request.response_format](request.sample_rate, total, request.kilobits)
            self._pipeline = Pipeline(self._shaping, encoder, self._threads, self._record.encoded)
        return self._pipeline

    async def _held(self, parts: AsyncIterable[Part]) -> deque[Part]:
        """All of them, while there is room for them."""
        held: deque[Part] = deque()
        held_bytes = 0
        async for part in parts:
            held.append(part)
            held_bytes += len(part)
            self._place.hold(held_bytes)
        return held


def usage(tokens: int, heard_s: float) -> dict[str, int]:
    """What was spoken and heard, as OpenAI counts it."""
    frames = round(heard_s * FRAMES_PER_SECOND)
    return {"input_tokens": tokens, "output_tokens": frames, "total_tokens": tokens + frames}


async def _taken(parts: deque[Part]) -> AsyncGenerator[Part, None]:
    """Each of them, and none is held longer than it is needed."""
    while parts:
        yield parts.popleft()
