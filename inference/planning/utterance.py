"""Utterance: one text on its way to audio. Segments run on several workers at once and come back in order.

Puts plan, playback and rendering together; knows no audio format and no HTTP.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from inference.planning.playback import Pace, Playback
from inference.planning.rendering import Piece, render
from inference.planning.segments import Packer
from inference.planning.word_times import WordClock
from inference.pronunciations import Pronunciations
from inference.protocol import FASTEST, SAMPLE_BYTES, SAMPLE_RATE, SLOWEST, TOKENS_PER_SECOND, Audio, Unit

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from inference.planning.segments import Segment
    from inference.planning.text import Stretch, Text
    from inference.planning.word_times import HeardWord
    from inference.pool.lease import Lease
    from inference.protocol import Sentence, TextJob, VoiceParts

    Speak: TypeAlias = Callable[[Unit, float, bool], AsyncGenerator[Piece, None]]
    """A unit, when it is due, and whether a listener has nothing to hear until then; to its sound, piece by piece."""

Times: TypeAlias = list[tuple[float, float]]
"""When each piece of work began and ended, on the clock of `perf_counter`."""


_HURRY_S: Final = 3.0
"""With less than this left to hear, a sentence of a growing text is spoken without waiting for one to go with it."""


@dataclass(frozen=True)
class Manner:
    """How a text is spoken."""

    language: str
    voice: VoiceParts
    speed: float = 1.0
    """Of the engine."""

    tempo: float = 1.0
    """How many times as fast as that the audio is played: it is stretched by who takes it."""

    is_timed: bool = False
    """It is wanted to know when each word is heard."""

    pronunciations: Pronunciations = field(default_factory=Pronunciations)
    """Words that are to be said otherwise."""


@dataclass(frozen=True)
class Spoken:
    """A piece of a segment's sound, with the pause after the segment where it ends."""

    segment: Segment
    piece: Piece
    pause: bytes
    words: tuple[HeardWord, ...] = ()
    """Those that begin in it, where that is wanted and the graph tells."""

    characters: int = 0
    """How much of the text has been spoken with it, or will never be: known where a segment ends and no other is
    planned yet."""

    @property
    def pcm(self) -> bytes:
        """All of it."""
        return self.piece.audio.pcm + self.pause

    @property
    def is_last(self) -> bool:
        """It ends the text."""
        return self.segment.is_last and self.piece.is_last


@dataclass(frozen=True)
class _Speaking:
    """A segment being spoken. Lives until its last piece is taken."""

    task: asyncio.Task[None]
    pieces: asyncio.Queue[Spoken | None]
    """Ends with None, however the task ends."""


class Utterance:
    """One text being spoken, by `speak` if given, else rendered under the lease. Lives as long as its response body."""

    def __init__(
        self,
        lease: Lease,
        manner: Manner,
        pace: Pace | None = None,
        speak: Speak | None = None,
    ) -> None:
        self.playback = Playback(pace)
        self.phoneme_times: Times = []
        """Of each stretch in the text worker, queue included."""

        self.segment_times: Times = []
        """Of each segment, queue included."""

        self.submitted = 0
        """Segments submitted so far."""

        self.tokens = 0
        """Tokens submitted so far."""

        self._lease = lease
        self.manner = manner
        self._is_waited_for_whole = bool(pace and pace.slack_s)
        self._speak_unit: Speak = speak or partial(render, lease)
        self._planned = (0, 0)
        """So many segments hold all that is spoken of so many characters."""

        self._has_moved = asyncio.Event()
        self._has_begun = asyncio.Event()
        self._order: asyncio.Queue[_Speaking | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()

    async def segments(self, text: Text) -> AsyncGenerator[Spoken, None]:
        """The sound of `text`, piece by piece; nothing at all for a text without a speakable character.

        Whoever takes a piece calls `hand_over` for it, or no more than the look-ahead will come. Closing this drops
        all that has not started.

        Raises:
            InferenceError: a segment could not be spoken; what came before it stands.
        """
        producer = asyncio.create_task(self._produce(text))
        try:
            clock = WordClock(self.manner.tempo)
            while speaking := await self._order.get():
                while spoken := await speaking.pieces.get():
                    words = clock.words(spoken.segment, spoken.piece, spoken.pause)
                    yield replace(spoken, words=words, characters=self._characters(spoken))
                await speaking.task
            await producer
        finally:
            for task in (producer, *self._tasks):
                task.cancel()
            await asyncio.gather(producer, *self._tasks, return_exceptions=True)

    def hand_over(self, seconds: float) -> None:
        """The listener has been given so much sound, as it is heard."""
        if waited_s := self.playback.hand_over(seconds):
            self._lease.postpone(waited_s)
        self._has_moved.set()

    def close(self) -> None:
        """Give the pool back what was admitted; call it however the utterance ended."""
        self._lease.close()

    async def _produce(self, text: Text) -> None:
        """Submit segments as they are planned: the others once the first is heard, none far ahead of the listener."""
        try:
            async with aclosing(self._plan(text)) as plan:
                async for segment in plan:
                    if segment.index == 1 and not self._is_waited_for_whole:
                        # Beside other work the first takes up to twice as long (488 against 329 ms for a chat reply).
                        await self._has_begun.wait()
                    while self.playback.is_far_ahead:
                        self._has_moved.clear()
                        await self._has_moved.wait()
                    self._submit(segment)
        finally:
            self._order.put_nowait(None)

    async def _plan(self, text: Text) -> AsyncGenerator[Segment, None]:
        packer = Packer()
        while stretch := await text.stretch(self._patience_s if packer.is_holding else None):
            for sentence in await self._read(text, stretch):
                fed = packer.feed(
                    sentence.phonemes,
                    ends_paragraph=sentence.ends_paragraph,
                    speed=sentence.speed,
                    asked_s=sentence.pause_s,
                    words=[word.moved(characters=stretch.start) for word in sentence.words],
                )
                for segment in fed:
                    yield segment
            if text.is_growing and (text.takes_flush() or not self._patience_s):
                for segment in packer.flush():
                    yield segment
            if not packer.is_holding:
                self._planned = (self.submitted, text.characters_read)
        for segment in packer.finish():
            yield segment
        self._planned = (self.submitted, text.characters_read)

    def _characters(self, spoken: Spoken) -> int:
        segments, characters = self._planned
        return characters if spoken.piece.is_last and spoken.segment.index == segments - 1 else 0

    async def _read(self, text: Text, stretch: Stretch) -> tuple[Sentence, ...]:
        if not stretch.text:
            return ()
        began = time.perf_counter()
        reading, _ = await self._lease.read(
            self._job(stretch),
            self.playback.due,
            cost_s=stretch.cost_s,
            is_first=not self.phoneme_times,
        )
        self.phoneme_times.append((began, time.perf_counter()))
        text.read(stretch, reading.taken, reading.context)
        return reading.sentences

    def _job(self, stretch: Stretch) -> TextJob:
        manner = self.manner
        return stretch.job(
            self._lease.request_id, manner.language, manner.pronunciations, is_timed=manner.is_timed
        )

    @property
    def _patience_s(self) -> float:
        """How long a sentence of a growing text may wait for others to go with it."""
        return max(self.playback.left_s - _HURRY_S, 0.0)

    def _submit(self, segment: Segment) -> None:
        pieces: asyncio.Queue[Spoken | None] = asyncio.Queue()
        task = asyncio.create_task(self._speak(segment, self.playback.due, pieces))
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        self._order.put_nowait(_Speaking(task, pieces))
        self.submitted += 1
        self.tokens += len(segment.phonemes)
        self.playback.plan(self._estimate_s(segment))

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # the listener may have gone before it could be told

    async def _speak(self, segment: Segment, due: float, pieces: asyncio.Queue[Spoken | None]) -> None:
        began, spoken_s = time.perf_counter(), 0.0
        unit = Unit(segment.phonemes, self.manner.voice, self._speed(segment))
        is_waited_for = segment.index == 0 and not self._is_waited_for_whole
        pause_s = self._pause_s(segment)
        pause = bytes(round(pause_s * SAMPLE_RATE) * SAMPLE_BYTES)
        try:
            spoken = self._speak_unit(unit, due, is_waited_for) if unit.phonemes else _silent()
            async with aclosing(spoken) as rendered:
                async for piece in rendered:
                    spoken_s += piece.audio.seconds
                    if piece.is_last:  # before it is heard: nothing more may come that would wake who plans
                        self._correct(segment, spoken_s + pause_s)
                    pieces.put_nowait(Spoken(segment, piece, pause if piece.is_last else b""))
                    self._has_begun.set()
        finally:
            self.segment_times.append((began, time.perf_counter()))
            self._has_begun.set()
            pieces.put_nowait(None)

    def _correct(self, segment: Segment, spoken_s: float) -> None:
        """It is known how long a segment is."""
        self.playback.plan(spoken_s / self.manner.tempo - self._estimate_s(segment))
        self._has_moved.set()

    def _speed(self, segment: Segment) -> float:
        """What the engine is asked for: as the writer wishes, within what it speaks well."""
        if segment.speed == 1:
            return self.manner.speed
        return min(max(self.manner.speed * segment.speed, SLOWEST), FASTEST)

    def _pause_s(self, segment: Segment) -> float:
        """Silence after a segment, before the audio is stretched."""
        return segment.asked_s * self.manner.tempo or segment.pause_s / self._speed(segment)

    def _estimate_s(self, segment: Segment) -> float:
        """How long a segment is heard, before it is spoken."""
        spoken_s = len(segment.phonemes) / TOKENS_PER_SECOND / self._speed(segment)
        return (spoken_s + self._pause_s(segment)) / self.manner.tempo


async def _silent() -> AsyncGenerator[Piece, None]:
    """The sound of a segment without phonemes."""
    yield Piece(Audio(b"", elapsed_ms=0.0), None, is_last=True)
