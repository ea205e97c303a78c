"""Turn: one text that is heard while it is written, on its way to bytes. Knows no socket and no message.

What `reply` is for a text that is there, this is for one that grows: it is sent at the pace at which it is heard, for
whoever listens may break in at any moment.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Final

from gateway.audio.encoders import ENCODERS
from gateway.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE, seconds
from gateway.audio.pipeline import Pipeline, cut
from gateway.audio.shaping import shape
from gateway.speech.alignment import Aligner, delayed
from gateway.speech.errors import ReplyTooLarge
from gateway.speech.handover import Handover
from inference import Pace, Text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from concurrent.futures import Executor

    from gateway.speech.alignment import Alignment
    from gateway.speech.cache_use import CacheUse
    from gateway.speech.record import RequestRecord
    from gateway.speech.reply_memory import Place
    from gateway.speech.request import SpeechRequest
    from inference import Spoken, Utterance


@dataclass(frozen=True)
class Lead:
    """How far a turn may be ahead of its listener, seconds of sound."""

    planned_s: float
    """Beyond what was sent: with less than that, a segment may begin, of 7 s as a rule."""

    sent_s: float
    """Before it can be heard."""


AS_HEARD: Final = Lead(planned_s=1.0, sent_s=3.0)
"""For who may break in, or leave without a word: no more than about 10 s are spoken that nobody hears."""

AS_MADE: Final = Lead(planned_s=Pace().look_ahead_s, sent_s=inf)
"""For who takes what comes and keeps it."""

PIECE_S: Final = 0.75
"""Sound that is sent at once. The strictest client takes 1 MiB: 5 s of pcm at 48 kHz in base64."""

_SPOKEN_BYTES: Final = 512 << 10
"""What a turn may hold: a segment as it was spoken, and its text."""

_STAGES_BYTES: Final = 1280 << 10
"""Of what shapes and encodes that: 0.2 MB for telephones, 0.8 for mp3 at 22.05 kHz, 1.2 at 44.1 and for Opus."""

UNHEARD_BYTES: Final = 16 << 10
"""The same of one that has not been heard yet: only its text, and what waits for more of it."""


@dataclass(frozen=True)
class Sound:
    """Some of the sound of a turn."""

    data: bytes
    """As the format has it: one stream, of which this is the next part."""

    alignment: Alignment | None = None
    """When the characters are heard that begin to be told with it, where that is wanted."""


def heard_bytes(request: SpeechRequest) -> int:
    """What a turn may hold from its first sound on."""
    is_as_spoken = ENCODERS[request.response_format].is_transparent and request.tempo == 1
    stages_bytes = 0 if is_as_spoken and request.sample_rate == SAMPLE_RATE else _STAGES_BYTES
    return _SPOKEN_BYTES + stages_bytes


class Turn:
    """One text being spoken while it is written. Lives until its sound has been taken or dropped."""

    def __init__(
        self,
        request: SpeechRequest,
        record: RequestRecord,
        cache_use: CacheUse,
        utterance: Utterance,
        place: Place,
        threads: Executor,
        lead: Lead,
    ) -> None:
        self._text: Final = Text(is_whole=False)
        self._record = record
        self._cache_use = cache_use
        self._utterance = utterance
        self._place = place
        self._heard_bytes = heard_bytes(request)
        self._make = partial(_Making, request, record, utterance, threads)
        self._making: _Making | None = None
        """From the first sound on: an encoder takes up to a megabyte, and any client may open contexts."""

        self._delay_s = seconds(ENCODERS[request.response_format].delay, request.sample_rate)
        self._lead = lead
        self._aligner = Aligner()
        self._written = ""

    def append(self, text: str) -> None:
        """The text goes on: joined as it is to what came before, or after a space where that was flushed."""
        is_apart = self._written[-1:].isspace() or text[:1].isspace()
        if self._text.is_flushed and self._written and not is_apart:
            text = f" {text}"
        self._written += text
        self._text.append(text)

    def flush(self) -> None:
        """All there is so far is to be spoken now."""
        self._text.flush()

    def rest(self) -> None:
        """The writer has paused: if the text ends like a sentence, it is one."""
        self._text.rest()

    def end(self) -> None:
        """Nothing follows."""
        self._text.end()

    @property
    def is_ended(self) -> bool:
        """Nothing follows."""
        return not self._text.is_growing

    @property
    def is_silent(self) -> bool:
        """Nothing that was written is still to be heard."""
        return self._text.is_read and self.is_heard

    @property
    def is_heard(self) -> bool:
        """All the sound has been sent of what was read so far."""
        return self._utterance.playback.ahead_s < PIECE_S / 10

    async def sounds(self, *, gives_way: bool = False) -> AsyncGenerator[Sound, None]:
        """The sound as it is made, no sooner than it is of use; closing this drops all that has not been taken.

        One that gives way ends where memory is short and it has long been silent.

        Raises:
            RepliesFull: there is no room for what the next sound takes.
            InferenceError: the rest cannot be spoken.
        """
        owed: Alignment | None = None
        async with aclosing(self._utterance.segments(self._text)) as segments:
            async for spoken in segments:
                self._place.hold(self._heard_bytes)
                making = self._making = self._making or self._make()
                self._told(spoken)
                if alignment := self._aligned(spoken, making.handover):
                    owed = owed + alignment if owed else alignment
                async with aclosing(self._encoded(spoken.pcm, making)) as parts:
                    async for data in parts:
                        yield Sound(data, owed)
                        owed = None
                if spoken.piece.is_last and self.is_heard:
                    if held := await making.rest():
                        yield Sound(held, owed)
                        owed = None
                    if gives_way:
                        self._place.offer(self.end)
        made = self._making
        if made and made.handover.samples and (rest := await made.pipeline.finish()):
            yield Sound(rest, owed)

    def hold(self, held_bytes: int) -> None:
        """Whoever takes the sound keeps so much of it.

        Raises:
            RepliesFull: there is no room for that now.
            ReplyTooLarge: there never is.
        """
        if self._heard_bytes + held_bytes > self._place.most_bytes:
            raise ReplyTooLarge
        self._place.hold(self._heard_bytes + held_bytes)

    def close(self) -> None:
        """Give back what the turn holds; call it however the turn ended."""
        self._utterance.close()
        self._place.close()
        if self._making:
            self._making.pipeline.close()
        self._record.worked(self._utterance.phoneme_times, self._utterance.segment_times)

    def _told(self, spoken: Spoken) -> None:
        self._record.phonemised(self._utterance.phoneme_times)
        self._record.spoken(spoken, self._cache_use.verdict(is_done=spoken.is_last), self._cache_use.tier)

    def _aligned(self, spoken: Spoken, handover: Handover) -> Alignment | None:
        """Of the sound that comes now: it goes out with the first of it."""
        end_s = handover.seconds_with(len(spoken.pcm)) + self._delay_s
        words = delayed(spoken.words, self._delay_s)
        return self._aligner.align(
            self._written, words, end_s, ends_speech=spoken.piece.is_last, until=spoken.characters
        )

    async def _encoded(self, pcm: bytes, making: _Making) -> AsyncGenerator[bytes, None]:
        for piece in cut(pcm, round(PIECE_S * self._utterance.manner.tempo * SAMPLE_RATE) * SAMPLE_BYTES):
            await self._listener()
            making.handover.give(len(piece))
            if data := await making.pipeline.feed(piece):
                yield data

    async def _listener(self) -> None:
        """Wait until the listener can have heard nearly all that was sent."""
        playback = self._utterance.playback
        sent_ahead_s = playback.left_s - playback.ahead_s
        await asyncio.sleep(max(sent_ahead_s - self._lead.sent_s, 0))


class _Making:
    """What makes the sound of a turn. Lives from its first sound to its end."""

    def __init__(
        self, request: SpeechRequest, record: RequestRecord, utterance: Utterance, threads: Executor
    ) -> None:
        rate = request.sample_rate
        self._shape = partial(
            shape, tempo=utterance.manner.tempo, gain=request.volume_multiplier, sample_rate=rate
        )
        shaping, encoder = self._shape(), ENCODERS[request.response_format](rate, kilobits=request.kilobits)
        self._shapes = not shaping.is_empty
        self.pipeline: Final = Pipeline(shaping, encoder, threads, record.encoded)
        self.handover: Final = Handover(utterance, record, shaping, rate, is_written=False)

    async def rest(self) -> bytes:
        """What is held back of the sound: at a tempo of 4, 0.3 s, in which words may end."""
        return await self.pipeline.rest(self._shape()) if self._shapes else b""
