"""The use case: a request is answered from the cache, or admitted and spoken. Knows no HTTP.

What it raises before the first bytes becomes an answer elsewhere. How the bytes are made is in `reply`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.audio.encoders import ENCODERS
from gateway.speech.cache_use import AllowedUse, CacheUse
from gateway.speech.errors import InvalidField, RepliesFull
from gateway.speech.reply import Reply, usage
from gateway.speech.reply_size import reply_bytes
from gateway.speech.shared_work import SharedWork
from gateway.speech.turn import UNHEARD_BYTES, Turn, heard_bytes
from inference import Manner, Pace, Utterance

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from gateway.settings import Settings
    from gateway.speech.cache import Cache, HeldResponse
    from gateway.speech.cache_remote import RemoteCache
    from gateway.speech.lexicon import Lexicon
    from gateway.speech.record import RequestRecord
    from gateway.speech.reply_memory import Place, RepliesInFlight
    from gateway.speech.request import SpeechRequest
    from gateway.speech.turn import Lead
    from inference import Backend, HeardWord, Piece

WHOLE_SLACK_S: Final = 5.0
"""A client that waits for the whole audio can wait this much longer when others are listening, seconds."""


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

    words: Sequence[HeardWord] = ()
    """When each word is heard, if that was asked for; grows with the body, whose bytes a word precedes."""


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


class Synthesis:
    """Speaks requests. Lives as long as the application; `close` frees its encoder threads."""

    def __init__(
        self,
        pool: Backend,
        settings: Settings,
        cache: Cache,
        in_flight: RepliesInFlight,
        lexicon: Lexicon,
        remote: RemoteCache | None = None,
    ) -> None:
        self._pool = pool
        self._settings = settings
        self._cache = cache
        self._remote = remote
        self._in_flight = in_flight
        self._lexicon = lexicon
        self._sharing: SharedWork[Piece] = SharedWork()
        # Two: on a small machine more would only take cores from the workers.
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="encode")

    def close(self) -> None:
        """Free the encoder threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def stream(
        self, request: SpeechRequest, record: RequestRecord, use: AllowedUse | None = None
    ) -> Speech:
        """Speak a request, or send again what was spoken; returns once its first bytes are there.

        Raises:
            InferenceError: it is refused, or cannot be spoken.
            InvalidField: its reply is wanted whole, and would take more memory than there is.
        """
        words = self._lexicon.with_own(request.pronunciations).found_in(request.input)
        cache_use = CacheUse(self._cache, self._sharing, request, use or AllowedUse(), words, self._remote)
        if held := await cache_use.response():  # before it is admitted: it needs no place in the queue
            record.found(held, cache_use.tier)
            return await self._again(request, held)
        is_whole = self._is_whole(request, cache_use)
        reply = self._admitted(request, record, cache_use, is_whole=is_whole)
        body = reply.whole() if is_whole else reply.streamed()
        try:
            first = await anext(body)
        except BaseException:
            await body.aclose()
            raise
        content_type = ENCODERS[request.response_format].content_type
        return Speech(content_type, reply.length, ByteStream(first, body), reply.usage, reply.words)

    async def _again(self, request: SpeechRequest, held: HeldResponse) -> Speech:
        """A response that is there already, in one piece: it needs no worker and waits for nobody."""
        body = _sent(self._in_flight.admit(len(held.data)), held.data)
        content_type = ENCODERS[request.response_format].content_type
        told = partial(usage, held.tokens, held.audio_s)
        return Speech(content_type, len(held.data), ByteStream(await anext(body), body), told, held.words)

    def _is_whole(self, request: SpeechRequest, cache_use: CacheUse) -> bool:
        """True if the reply is sent once all of it is there.

        FLAC is unless a stream is asked for: its header can then say the length, which many decoders need, and nobody
        plays it while it comes.

        Raises:
            InvalidField: the client wants that, and the reply would take more memory than there is for replies.
        """
        if request.stream or (request.stream is None and request.response_format != "flac"):
            return False
        if reply_bytes(request, cache_use.room, is_whole=True) <= self._in_flight.most_bytes:
            return True
        if request.stream is None:
            return False
        raise InvalidField(
            "Invalid 'stream': the audio of this text is too long to be sent in one piece. Ask for it as a stream, "
            "in a smaller format, or in parts.",
            param="stream",
            code="invalid_value",
        )

    def turn(self, request: SpeechRequest, record: RequestRecord, lead: Lead) -> Turn:
        """A turn that has its place in the queue for workers, and in memory; its sound is to be taken.

        Raises:
            InferenceError: it is refused.
        """
        cache_use = CacheUse(self._cache, self._sharing, request, AllowedUse(), remote=self._remote)
        held_bytes = heard_bytes(request) if request.input else UNHEARD_BYTES
        utterance, place = self._claim(
            request, record, cache_use, len(request.input), held_bytes, Pace(look_ahead_s=lead.planned_s)
        )
        return Turn(request, record, cache_use, utterance, place, self._threads, lead)

    def _admitted(
        self, request: SpeechRequest, record: RequestRecord, cache_use: CacheUse, *, is_whole: bool
    ) -> Reply:
        """A reply that has its place in the queue for workers, and in memory."""
        pace = Pace(slack_s=WHOLE_SLACK_S if is_whole else 0.0)
        held_bytes = reply_bytes(request, cache_use.room, is_whole=is_whole)
        utterance, place = self._claim(request, record, cache_use, len(request.input), held_bytes, pace)
        timeout_s = self._settings.request_timeout_s
        return Reply(request, record, cache_use, utterance, place, self._threads, timeout_s)

    def _claim(
        self,
        request: SpeechRequest,
        record: RequestRecord,
        cache_use: CacheUse,
        tokens: int,
        held_bytes: int,
        pace: Pace,
    ) -> tuple[Utterance, Place]:
        lease = self._pool.lease(record.request_id, tokens)
        try:
            place = self._in_flight.admit(held_bytes)
        except RepliesFull:
            lease.close()
            raise
        manner = Manner(
            request.language,
            request.voice.parts,
            request.engine_speed,
            request.tempo,
            pronunciations=self._lexicon.with_own(request.pronunciations),
            is_timed=request.timestamps is not None,
        )
        return Utterance(lease, manner, pace, partial(cache_use.render, lease)), place


async def _sent(place: Place, data: bytes) -> AsyncGenerator[bytes, None]:
    """The data, in flight until they have been taken or dropped."""
    with place:
        yield data
