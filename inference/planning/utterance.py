"""Utterance: one text on its way to audio. Segments run on several workers at once and come back in order.

Puts plan and pool together; knows no audio format and no HTTP.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from inference.planning.segments import Packer
from inference.planning.sentences import PARAGRAPH_END, batches

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from inference.planning.segments import Segment
    from inference.pool.lease import Lease
    from inference.pool.pool import Answer
    from inference.protocol import Audio

    Speak: TypeAlias = Callable[
        [str, tuple[tuple[str, float], ...], float, float], Awaitable[tuple[Audio, Answer | None]]
    ]
    """Phonemes, voice, speed and deadline to audio; without an answer if no worker had to speak it."""

SECONDS_PER_TOKEN: Final = 1 / 15
"""Kokoro speaks about 15 tokens a second at speed 1."""

BYTES_PER_SAMPLE: Final = 2


@dataclass(frozen=True)
class Pace:
    """How far synthesis may run ahead of its listener, and how soon it must start."""

    look_ahead_s: float = 30.0
    """Most audio that is spoken or being spoken but not yet taken, seconds."""

    slack_s: float = 0.0
    """Added to every deadline of a request whose client waits for the whole audio."""


@dataclass(frozen=True)
class Spoken:
    """A segment as audio, with the pause after it."""

    segment: Segment
    pcm: bytes
    answer: Answer | None
    """How the pool came by it; None if it was there already."""

    inference_ms: float


class Utterance:
    """One text being spoken, by `speak` if given, else by the lease. Lives as long as its response body."""

    def __init__(
        self, lease: Lease, sample_rate: int, speed: float, pace: Pace, speak: Speak | None = None
    ) -> None:
        self.phoneme_times: list[tuple[float, float]] = []
        """When each batch went to the text worker and came back, on the clock of `perf_counter`."""

        self.segments = 0
        """Segments submitted so far."""

        self.tokens = 0
        """Tokens submitted so far."""

        self._lease = lease
        self._speak_segment: Speak = speak or lease.speak
        self._sample_rate = sample_rate
        self._speed = speed
        self._pace = pace
        self._playing_since = time.monotonic()
        """Since when the listener would have played without a pause, on the clock of `monotonic`."""

        self._played_s = 0.0
        self._planned_s = 0.0
        self._ahead_s = 0.0
        self._taken = asyncio.Event()
        self._jobs: asyncio.Queue[asyncio.Task[Spoken] | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[Spoken]] = set()

    @property
    def phonemes_ms(self) -> float:
        """Time in the text worker so far, queue included."""
        return sum(ended - began for began, ended in self.phoneme_times) * 1000

    async def speak(
        self, text: str, language: str, voice: tuple[tuple[str, float], ...]
    ) -> AsyncGenerator[Spoken, None]:
        """The audio of `text`, segment by segment; nothing at all for a text without a speakable character.

        Closing this drops all that has not started.

        Raises:
            InferenceError: a segment could not be spoken; what came before it stands.
        """
        producer = asyncio.create_task(self._produce(text, language, voice))
        try:
            while job := await self._jobs.get():
                spoken = await job
                self._play(spoken)
                yield spoken
                self._ahead_s -= self._estimate_s(spoken.segment)
                self._taken.set()
            await producer
        finally:
            for task in (producer, *self._tasks):
                task.cancel()
            await asyncio.gather(producer, *self._tasks, return_exceptions=True)

    def close(self) -> None:
        """Give the pool back what was admitted; call it however the utterance ended."""
        self._lease.close()

    def _play(self, spoken: Spoken) -> None:
        """Follow the listener, who plays at once what is handed over and waits where nothing is there to play."""
        waited_s = time.monotonic() - self._playing_since - self._played_s
        if waited_s > 0:
            self._playing_since += waited_s
            self._lease.postpone(waited_s)
        self._played_s += len(spoken.pcm) / BYTES_PER_SAMPLE / self._sample_rate

    async def _produce(self, text: str, language: str, voice: tuple[tuple[str, float], ...]) -> None:
        """Submit segments as soon as they are planned: the first alone, none further ahead than the pace allows."""
        try:
            async with aclosing(self._plan(text, language)) as plan:
                async for segment in plan:
                    if segment.index == 1 and self._tasks and not self._pace.slack_s:
                        # Beside other work the first takes up to twice as long (488 against 329 ms for a chat reply).
                        await asyncio.wait(self._tasks)
                    while self._ahead_s > self._pace.look_ahead_s:
                        self._taken.clear()
                        await self._taken.wait()
                    self._submit(segment, voice)
        finally:
            self._jobs.put_nowait(None)

    async def _plan(self, text: str, language: str) -> AsyncGenerator[Segment, None]:
        packer = Packer(self._lease.limits)
        for batch in batches(text):
            began = time.perf_counter()
            reply, _ = await self._lease.phonemes(batch, language, self._deadline(self._planned_s))
            self.phoneme_times.append((began, time.perf_counter()))
            for sentence, phonemes in zip(batch, reply.phonemes, strict=True):
                for segment in packer.feed(phonemes, ends_paragraph=sentence.endswith(PARAGRAPH_END)):
                    yield segment
        for segment in packer.finish():
            yield segment

    def _submit(self, segment: Segment, voice: tuple[tuple[str, float], ...]) -> None:
        deadline = self._deadline(self._planned_s)
        task = asyncio.create_task(self._speak(segment, voice, deadline))
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        self._jobs.put_nowait(task)
        length = self._estimate_s(segment)
        self.segments += 1
        self.tokens += len(segment.phonemes)
        self._planned_s += length
        self._ahead_s += length

    def _forget(self, task: asyncio.Task[Spoken]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # the listener may have gone before it could be told

    def _deadline(self, offset_s: float) -> float:
        """When the listener will have played the first `offset_s` seconds; now for the first segment."""
        return self._playing_since + self._pace.slack_s + offset_s

    async def _speak(self, segment: Segment, voice: tuple[tuple[str, float], ...], deadline: float) -> Spoken:
        self._lease.reserved_s = 0.0
        audio, answer = await self._speak_segment(segment.phonemes, voice, self._speed, deadline)
        pause = bytes(round(segment.pause_s / self._speed * self._sample_rate) * BYTES_PER_SAMPLE)
        actual = len(audio.pcm) / BYTES_PER_SAMPLE / self._sample_rate
        self._planned_s += actual - self._estimate_s(segment)
        return Spoken(segment, audio.pcm + pause, answer, audio.elapsed_ms)

    def _estimate_s(self, segment: Segment) -> float:
        return len(segment.phonemes) * SECONDS_PER_TOKEN / self._speed
