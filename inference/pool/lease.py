"""Lease: one request's claim on the pool, through which it has its jobs done. Knows no queue and no worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from inference.errors import EngineFailed, ProtocolError, UnsupportedLanguage
from inference.protocol import Audio, Failure, PhonemeJob, Phonemes, SpeechJob

if TYPE_CHECKING:
    from inference.pool.pool import Answer, Pool
    from inference.protocol import Reply, Role, Unit

_PHONEMES_COST_S: Final = 0.005
"""A batch of sentences: espeak takes 0.25 ms for one."""

R = TypeVar("R")


class Lease:
    """One request's claim on the pool. Lives as long as its response body."""

    def __init__(self, pool: Pool, request_id: str, reserved_s: float) -> None:
        self.request_id = request_id
        self.limits = pool.limits
        """How long the segments of its text may be."""

        self._pool = pool
        self._reserved_s = reserved_s
        self._is_first_due = True

    @property
    def reserved_s(self) -> float:
        """Work that was admitted for the first segment and is not yet in the queue, seconds."""
        return self._reserved_s if self._is_first_due else 0.0

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

    async def speak(self, unit: Unit, deadline: float) -> tuple[Audio, Answer]:
        """Speak a unit; the first may be spoken by the express worker, which is kept for such.

        Raises:
            InferenceError: the engine failed, or two workers died with it.
        """
        roles: tuple[Role, ...] = ("express", "speech") if self._is_first_due else ("speech",)
        self.begin()
        cost_s = self._pool.cost.of(len(unit.phonemes))
        answer = await self._pool.submit(SpeechJob(self.request_id, unit), roles, deadline, cost_s, self)
        return _expect(Audio, answer.reply), answer

    def begin(self) -> None:
        """The listener's first segment is in the queue, or was found spoken: nothing is reserved for it any more."""
        self._is_first_due = False

    def hurry(self, unit: Unit, deadline: float) -> None:
        """Have a unit that another lease waits for spoken by this deadline, if that is earlier."""
        self._pool.hurry(unit, deadline)

    def postpone(self, seconds: float) -> None:
        """The listener had to wait: what is queued for it is due so much later, and others come first."""
        self._pool.postpone(self, seconds)

    def close(self) -> None:
        """Give the claim back."""
        self.begin()
        self._pool.release(self)


def _expect(kind: type[R], reply: Reply) -> R:
    if isinstance(reply, Failure):
        raise (UnsupportedLanguage if reply.kind == "language" else EngineFailed)(reply.message)
    if not isinstance(reply, kind):
        raise ProtocolError(f"a worker answered {type(reply).__name__} where {kind.__name__} was due")
    return reply
