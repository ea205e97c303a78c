"""The use case: request -> cache -> inference -> shaping -> encoder -> bytes, in this order and only here.

Knows no HTTP; what it raises before the first bytes becomes an answer elsewhere.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.audio.encoders import ENCODERS
from gateway.audio.pcm import SAMPLE_BYTES, seconds, silence
from gateway.audio.shaping import shape
from gateway.speech.cache import HeldResponse
from gateway.speech.reuse import Reuse, Use
from gateway.speech.single_flight import Flights
from inference import JobTimeout, Limits, Manner, Pace, Utterance

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from gateway.audio.encoders import Encoder
    from gateway.audio.shaping import Chain
    from gateway.settings import Settings
    from gateway.speech.cache import Cache
    from gateway.speech.in_flight import InFlight, Place
    from gateway.speech.record import RequestRecord
    from gateway.speech.request import SpeechRequest
    from inference import Answer, Audio, Pool, Spoken

SLOWEST: Final = 0.5
FASTEST: Final = 2.0
"""Speeds that the engine speaks well; beyond them its audio is stretched, with the pitch kept."""

SILENCE_S: Final = 0.25
"""What a text without a speakable character sounds like, seconds."""

WHOLE_SLACK_S: Final = 5.0
"""A client that waits for the whole audio can wait this much longer when others are listening, seconds."""

FRAMES_PER_SECOND: Final = 40
"""The model makes its audio in frames of 25 ms, which are told as output tokens."""

_INLINE: Final = frozenset({"pcm", "wav"})
"""Formats whose encoder only passes bytes on: a thread would cost more than the work."""


@dataclass
class Speech:
    """Speech on its way out. Lives as long as one response body."""

    content_type: str
    length: int | None
    """Bytes of the body, when the whole audio is known before the header."""

    body: ByteStream
    """Closing it drops all that has not been spoken."""

    usage: Callable[[], dict[str, int]]
    """Tokens so far: of all of it, once the body has ended."""


class ByteStream:
    """Bytes whose first are there already. Lives as long as one response body."""

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes, None]) -> None:
        self._first: bytes | None = first
        self._rest = rest

    def __aiter__(self) -> ByteStream:
        return self

    async def __anext__(self) -> bytes:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return await anext(self._rest)

    async def aclose(self) -> None:
        """Drop what has not been taken."""
        self._first = None
        await self._rest.aclose()


@dataclass
class _Order:
    """One request being spoken. Lives as long as its response body."""

    request: SpeechRequest
    record: RequestRecord
    reuse: Reuse
    utterance: Utterance
    shaping: Chain
    place: Place
    deadline: float
    """When the request must be done, on the loop's clock."""

    encoder: Encoder | None = None

    def usage(self) -> dict[str, int]:
        """Tokens spoken and frames heard so far."""
        return _usage(self.utterance.tokens, self.utterance.playback.heard_s)


class Synthesis:
    """Speaks requests. Lives as long as the application; `close` frees its encoder threads."""

    def __init__(self, pool: Pool, settings: Settings, cache: Cache, in_flight: InFlight) -> None:
        self._pool = pool
        self._limits = Limits.for_cost(pool.config.cost)
        self._in_flight = in_flight
        self._settings = settings
        self._cache = cache
        self._sharing: Flights[tuple[Audio, Answer]] = Flights()
        # Two: on a small machine more would only take cores from the workers.
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="encode")

    def close(self) -> None:
        """Free the encoder threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def stream(self, request: SpeechRequest, record: RequestRecord, use: Use | None = None) -> Speech:
        """Speak a request, or send again what was spoken; returns once its first bytes are there.

        Raises:
            InferenceError: it is refused, or cannot be spoken.
        """
        reuse = Reuse(self._cache, self._sharing, request, use or Use())
        if held := reuse.response():
            return await self._again(request, record, held)
        order = self._order(request, record, reuse)
        body = self._bytes(order)
        try:
            first = await anext(body)
        except BaseException:
            await body.aclose()
            raise
        content_type = ENCODERS[request.response_format].content_type
        length = None if request.stream else len(first)
        return Speech(content_type, length, ByteStream(first, body), order.usage)

    async def _again(self, request: SpeechRequest, record: RequestRecord, held: HeldResponse) -> Speech:
        """A response that is there already, in one piece: it needs no worker and waits for nobody."""
        record.found(held)
        body = _sent(self._in_flight.admit(0), held.data)
        usage = _usage(held.tokens, held.audio_s)
        content_type = ENCODERS[request.response_format].content_type
        return Speech(content_type, len(held.data), ByteStream(await anext(body), body), lambda: usage)

    async def _bytes(self, order: _Order) -> AsyncGenerator[bytes, None]:
        """The encoded audio; in one piece when the client does not want it streamed."""
        try:
            async with aclosing(self._pieces(order)) as pieces:
                if not order.request.stream:
                    yield await self._encode(order, b"".join([pcm async for pcm, _ in pieces]), is_last=True)
                    return
                async for pcm, is_last in pieces:
                    if data := await self._encode(order, pcm, is_last):
                        yield data
        finally:
            self._end(order)

    def _order(self, request: SpeechRequest, record: RequestRecord, reuse: Reuse) -> _Order:
        engine_speed = min(max(request.speed, SLOWEST), FASTEST)
        shaping = shape(
            tempo=request.speed / engine_speed,
            gain=request.volume_multiplier,
            sample_rate=request.sample_rate,
        )
        language = request.lang_code or request.voice.language
        manner = Manner(language, request.voice.parts, engine_speed, request.speed / engine_speed)
        lease = self._pool.lease(record.request_id or "", min(len(request.input), self._limits.first))
        pace = Pace(slack_s=0.0 if request.stream else WHOLE_SLACK_S)
        utterance = Utterance(lease, manner, pace, partial(reuse.audio, lease), self._limits)
        deadline = asyncio.get_running_loop().time() + self._settings.request_timeout_s
        place = self._in_flight.admit(0)
        return _Order(request, record, reuse, utterance, shaping, place, deadline)

    async def _pieces(self, order: _Order) -> AsyncGenerator[tuple[bytes, bool], None]:
        """Shaped PCM, and whether it is the last."""
        record = order.record
        async with aclosing(order.utterance.segments(order.request.input)) as segments:
            while spoken := await self._next(segments, order):
                is_last = spoken.segment.is_last
                record.spoken(spoken, order.reuse.verdict(is_done=is_last))
                pcm = order.shaping.feed(spoken.pcm)
                yield self._handed_over(order, pcm + order.shaping.finish() if is_last else pcm), is_last
        if not record.segments:
            pcm = order.shaping.feed(silence(SILENCE_S)) + order.shaping.finish()
            yield self._handed_over(order, pcm), True

    def _handed_over(self, order: _Order, pcm: bytes) -> bytes:
        order.utterance.hand_over(seconds(len(pcm) // SAMPLE_BYTES, order.request.sample_rate))
        order.record.heard(order.utterance.playback)
        return pcm

    async def _next(self, segments: AsyncGenerator[Spoken, None], order: _Order) -> Spoken | None:
        try:
            async with asyncio.timeout_at(order.deadline):
                return await anext(segments, None)
        except TimeoutError as error:
            raise JobTimeout(f"the request took more than {self._settings.request_timeout_s:g} s") from error

    async def _encode(self, order: _Order, pcm: bytes, is_last: bool) -> bytes:
        """Bytes of the container; the total is known to its header when the first piece is the last."""
        request = order.request
        started = time.perf_counter()
        if order.encoder is None:
            total = len(pcm) // SAMPLE_BYTES if is_last else None
            order.encoder = ENCODERS[request.response_format](request.sample_rate, total)
        if request.response_format in _INLINE:
            data = _feed(order.encoder, pcm, is_last)
        else:
            data = await self._in_thread(partial(_feed, order.encoder, pcm, is_last))
        order.record.encoded(started, time.perf_counter())
        order.reuse.collect(data)
        if is_last:
            self._keep(order, order.encoder)
        return data

    async def _in_thread(self, work: Callable[[], bytes]) -> bytes:
        """The result of `work`; whoever is cancelled here waits for its end, for the encoder is closed next."""
        done = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            return await asyncio.shield(done)
        finally:
            if not done.done():
                await asyncio.wait({done})

    def _keep(self, order: _Order, encoder: Encoder) -> None:
        """Hold the response, now that it is whole."""
        whole = order.reuse.collected
        if whole is not None:
            record, tokens = order.record, order.utterance.tokens
            data = encoder.exact(whole)
            order.reuse.keep(HeldResponse(data, record.segments or 0, tokens, record.audio_s or 0.0))

    def _end(self, order: _Order) -> None:
        order.utterance.close()
        order.place.close()
        order.shaping.close()
        if order.encoder is not None:
            order.encoder.close()
        order.record.worked(order.utterance.phoneme_times, order.utterance.segment_times)


async def _sent(place: Place, data: bytes) -> AsyncGenerator[bytes, None]:
    """The data, in flight until they have been taken or dropped."""
    with place:
        yield data


def _usage(tokens: int, audio_s: float) -> dict[str, int]:
    heard = round(audio_s * FRAMES_PER_SECOND)
    return {"input_tokens": tokens, "output_tokens": heard, "total_tokens": tokens + heard}


def _feed(encoder: Encoder, pcm: bytes, is_last: bool) -> bytes:
    return encoder.feed(pcm) + encoder.finish() if is_last else encoder.feed(pcm)
