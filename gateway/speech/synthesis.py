"""The use case: request -> cache -> inference -> shaping -> encoder -> bytes, in this order and only here.

Knows no HTTP; what it raises before the first bytes becomes an answer elsewhere.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from gateway.audio.encoders import ENCODERS, SAMPLE_BYTES, SAMPLE_RATE
from gateway.audio.shaping import shape
from gateway.speech.cache import Response
from gateway.speech.record import Phase
from gateway.speech.reuse import Recall
from gateway.speech.single_flight import Flights
from inference import JobTimeout, Limits, Pace, Utterance

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from gateway.audio.encoders import Encoder
    from gateway.audio.shaping import Chain
    from gateway.settings import Settings
    from gateway.speech.cache import Cache
    from gateway.speech.record import RequestRecord
    from gateway.speech.request import SpeechRequest
    from inference import Answer, Audio, Lease, Pool, Spoken

SLOWEST: Final = 0.5
FASTEST: Final = 2.0
"""Speeds that the engine speaks well; beyond them its audio is stretched, with the pitch kept."""

SILENCE_S: Final = 0.25
"""What a text without a speakable character sounds like, seconds."""

WHOLE_SLACK_S: Final = 5.0
"""A client that waits for the whole audio can wait this much longer when others are listening, seconds."""

FRAMES_PER_SECOND: Final = 40
"""The model makes its audio in frames of 25 ms, which are told as output tokens."""

FIRST_TOKENS: Final = Limits().first
"""Tokens of a first segment, which is what a request is admitted for."""

_INLINE: Final = frozenset({"pcm", "wav"})
"""Formats whose encoder only passes bytes on: a thread would cost more than the work."""


@dataclass
class Speech:
    """Speech on its way out. Lives as long as one response body."""

    content_type: str
    length: int | None
    """Bytes of the body, when the whole audio is known before the header."""

    body: Body
    """Closing it drops all that has not been spoken."""

    usage: Callable[[], dict[str, int]]
    """Tokens, once the body has ended."""


class Body:
    """Bytes whose first are there already. Lives as long as one response body."""

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes, None]) -> None:
        self._first: bytes | None = first
        self._rest = rest

    def __aiter__(self) -> Body:
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
    recall: Recall
    utterance: Utterance
    shaping: Chain
    deadline: float
    """When the request must be done, on the loop's clock."""

    encoder: Encoder | None = None
    playing_since: float | None = None
    spoken_s: float = 0.0
    inferred_s: float = 0.0
    usage: dict[str, int] = field(default_factory=dict)


class Synthesis:
    """Speaks requests. Lives as long as the application; `close` frees its encoder threads."""

    def __init__(self, pool: Pool, settings: Settings, cache: Cache) -> None:
        self._pool = pool
        self._settings = settings
        self._cache = cache
        self._sharing: Flights[tuple[Audio, Answer]] = Flights()
        # Two: on a small machine more would only take cores from the workers.
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="encode")

    def close(self) -> None:
        """Free the encoder threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def speak(self, request: SpeechRequest, record: RequestRecord, cache_control: str = "") -> Speech:
        """Speak a request, or send again what was spoken; returns once its first bytes are there.

        `cache_control` is what its header of that name allows the cache.

        Raises:
            InferenceError: it is refused, or cannot be spoken.
        """
        recall = Recall(self._cache, self._sharing, request, cache_control)
        if held := recall.response():
            return await self._again(request, record, held)
        usage: dict[str, int] = {}
        body = self._bytes(request, record, recall, usage)
        try:
            first = await anext(body)
        except BaseException:
            await body.aclose()
            raise
        content_type = ENCODERS[request.response_format].content_type
        length = None if request.stream else len(first)
        return Speech(content_type, length, Body(first, body), lambda: usage)

    async def _again(self, request: SpeechRequest, record: RequestRecord, held: Response) -> Speech:
        """A response that is there already, in one piece; its lease has a drain wait until it is sent."""
        record.cache, record.segments, record.audio_s = "hit", held.segments, held.audio_s
        body = _sent(self._pool.lease(record.request_id or "", tokens=0), held.data)
        usage = _usage(held.tokens, held.audio_s)
        content_type = ENCODERS[request.response_format].content_type
        return Speech(content_type, len(held.data), Body(await anext(body), body), lambda: usage)

    async def _bytes(
        self, request: SpeechRequest, record: RequestRecord, recall: Recall, usage: dict[str, int]
    ) -> AsyncGenerator[bytes, None]:
        """The encoded audio; in one piece when the client does not want it streamed."""
        order = self._order(request, record, recall)
        try:
            async with aclosing(self._pieces(order)) as pieces:
                if not request.stream:
                    yield await self._encode(order, b"".join([pcm async for pcm, _ in pieces]), is_last=True)
                    return
                async for pcm, is_last in pieces:
                    if data := await self._encode(order, pcm, is_last):
                        yield data
        finally:
            self._end(order, usage)

    def _order(self, request: SpeechRequest, record: RequestRecord, recall: Recall) -> _Order:
        engine_speed = min(max(request.speed, SLOWEST), FASTEST)
        shaping = shape(
            tempo=request.speed / engine_speed,
            gain=request.volume_multiplier,
            sample_rate=request.sample_rate,
        )
        lease = self._pool.lease(record.request_id or "", min(len(request.input), FIRST_TOKENS))
        pace = Pace(slack_s=0.0 if request.stream else WHOLE_SLACK_S)
        speak = partial(_timed, record, partial(recall.speak, lease))
        utterance = Utterance(lease, SAMPLE_RATE, engine_speed, pace, speak)
        deadline = asyncio.get_running_loop().time() + self._settings.request_timeout_s
        return _Order(request, record, recall, utterance, shaping, deadline)

    async def _pieces(self, order: _Order) -> AsyncGenerator[tuple[bytes, bool], None]:
        """Shaped PCM, and whether it is the last."""
        request = order.request
        language = request.lang_code or request.voice.language
        async with aclosing(order.utterance.speak(request.input, language, request.voice.parts)) as segments:
            while spoken := await self._next(segments, order):
                _note(order, spoken)
                is_last = spoken.segment.is_last
                pcm = order.shaping.feed(spoken.pcm)
                yield (pcm + order.shaping.finish() if is_last else pcm), is_last
        if not order.record.segments:
            silence = bytes(round(SILENCE_S * SAMPLE_RATE) * SAMPLE_BYTES)
            yield order.shaping.feed(silence) + order.shaping.finish(), True

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
        ended = time.perf_counter()
        order.record.trail.phases.append(Phase("encode", started, ended))
        order.record.encode_ms = (order.record.encode_ms or 0) + (ended - started) * 1000
        order.recall.collect(data)
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
        whole = order.recall.collected
        if whole is not None:
            record, tokens = order.record, order.utterance.tokens
            data = encoder.exact(whole)
            order.recall.keep(Response(data, record.segments or 0, tokens, record.audio_s or 0.0))

    def _end(self, order: _Order, usage: dict[str, int]) -> None:
        order.utterance.close()
        order.shaping.close()
        if order.encoder is not None:
            order.encoder.close()
        order.record.trail.phases += (Phase("phonemes", *times) for times in order.utterance.phoneme_times)
        usage.update(_usage(order.utterance.tokens, order.record.audio_s or 0))


async def _timed(
    record: RequestRecord, speak: Callable[..., Awaitable[tuple[Audio, Answer | None]]], *segment: Any
) -> tuple[Audio, Answer | None]:
    """Speak a segment, and write down when."""
    began = time.perf_counter()
    try:
        return await speak(*segment)
    finally:
        record.trail.phases.append(Phase("segment", began, time.perf_counter()))


async def _sent(lease: Lease, data: bytes) -> AsyncGenerator[bytes, None]:
    """The data, under a lease until they have been taken or dropped."""
    try:
        yield data
    finally:
        lease.close()


def _usage(tokens: int, audio_s: float) -> dict[str, int]:
    heard = round(audio_s * FRAMES_PER_SECOND)
    return {"input_tokens": tokens, "output_tokens": heard, "total_tokens": tokens + heard}


def _feed(encoder: Encoder, pcm: bytes, is_last: bool) -> bytes:
    return encoder.feed(pcm) + encoder.finish() if is_last else encoder.feed(pcm)


def _note(order: _Order, spoken: Spoken) -> None:
    """Write down what a segment cost, and whether it came before the listener ran out of audio."""
    record, now = order.record, time.perf_counter()
    length_s = len(spoken.pcm) / SAMPLE_BYTES / SAMPLE_RATE
    record.segments = (record.segments or 0) + 1
    record.cache = order.recall.verdict(is_done=spoken.segment.is_last)
    record.phonemes_ms = order.utterance.phonemes_ms
    record.audio_s = (record.audio_s or 0) + length_s
    if spoken.answer is not None:
        _note_inference(order, spoken, spoken.answer, length_s)
    order.playing_since = order.playing_since or now
    late = now > order.playing_since + order.spoken_s
    record.underruns = (record.underruns or 0) + (late and order.spoken_s > 0)
    if late:
        order.playing_since = now - order.spoken_s  # the listener waited, and plays on from here
    order.spoken_s += length_s


def _note_inference(order: _Order, spoken: Spoken, answer: Answer, length_s: float) -> None:
    """Write down what a worker did for a segment; the real-time factor is that of the segments it spoke."""
    record = order.record
    record.provider = answer.provider
    record.worker_pids = sorted({*(record.worker_pids or ()), answer.pid})
    record.retries = (record.retries or 0) + answer.attempts - 1
    if spoken.segment.index == 0:
        record.queue_ms = answer.waited_s * 1000
    record.inference_ms = (record.inference_ms or 0) + spoken.inference_ms
    order.inferred_s += length_s
    record.rtf = record.inference_ms / 1000 / order.inferred_s
