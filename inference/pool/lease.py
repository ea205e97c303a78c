"""Lease: one request's claim on the pool, through which it has its jobs done. Knows no queue and no worker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from inference.errors import EngineFailed, ProtocolError, UnsupportedLanguage
from inference.protocol import Audio, Failure, PhonemeJob, Phonemes, SpeechJob

if TYPE_CHECKING:
    from inference.pool.pool import Answer, Pool
    from inference.protocol import Reply, Role

_PHONEMES_COST_S: Final = 0.005
"""A batch of sentences: espeak takes 0.25 ms for one."""

R = TypeVar("R")


class Lease:
    """One request's claim on the pool. Lives as long as its response body."""

    def __init__(self, pool: Pool, request_id: str, reserved_s: float) -> None:
        self.request_id = request_id
        self.reserved_s = reserved_s
        """Work that was admitted but is not yet in the queue, seconds."""

        self.limits = pool.config.limits
        """How long the segments of its text may be."""

        self.closed = asyncio.Event()
        self._pool = pool
        self._speakers: tuple[Role, ...] = ("express", "speech")

    async def phonemes(
        self, texts: tuple[str, ...], language: str, deadline: float
    ) -> tuple[Phonemes, Answer]:
        """Phonemise texts of one language.

        Raises:
            UnsupportedLanguage: no phonemizer for it is installed.
            InferenceError: the text worker failed.
        """
        job = PhonemeJob(self.request_id, texts, language)
        answer = await self._pool.submit(job, ("text",), deadline, _PHONEMES_COST_S, self)
        reply = _expect(Phonemes, answer.reply)
        if len(reply.phonemes) != len(texts):
            raise ProtocolError("the text worker answered other texts")
        return reply, answer

    async def speak(
        self, phonemes: str, voice: tuple[tuple[str, float], ...], speed: float, deadline: float
    ) -> tuple[Audio, Answer]:
        """Speak one segment; the first may be spoken by the express worker, which is kept for such.

        Raises:
            InferenceError: the engine failed, or two workers died with it.
        """
        self.reserved_s = 0.0
        speakers, self._speakers = self._speakers, ("speech",)
        job = SpeechJob(self.request_id, phonemes, voice, speed)
        cost_s = len(phonemes) * self._pool.seconds_per_token
        answer = await self._pool.submit(job, speakers, deadline, cost_s, self)
        return _expect(Audio, answer.reply), answer

    def hurry(
        self, phonemes: str, voice: tuple[tuple[str, float], ...], speed: float, deadline: float
    ) -> None:
        """Have a segment that another lease waits for spoken by this deadline, if that is earlier."""
        self._pool.hurry(SpeechJob(self.request_id, phonemes, voice, speed), deadline)

    def postpone(self, seconds: float) -> None:
        """The listener had to wait: what is queued for it is due so much later, and others come first."""
        self._pool.postpone(self, seconds)

    def close(self) -> None:
        """Give the claim back."""
        self.reserved_s = 0.0
        self.closed.set()
        self._pool.release(self)


def _expect(kind: type[R], reply: Reply) -> R:
    if isinstance(reply, Failure):
        raise (UnsupportedLanguage if reply.kind == "language" else EngineFailed)(reply.message)
    if not isinstance(reply, kind):
        raise ProtocolError(f"a worker answered {type(reply).__name__} where {kind.__name__} was due")
    return reply
