"""Lease: one request's claim on the pool, through which it has its jobs done. Knows no queue and no worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from inference.errors import EngineFailed, ProtocolError, UnsupportedLanguage
from inference.protocol import Audio, Failure, PhonemeJob, Phonemes, SpeechJob

if TYPE_CHECKING:
    from inference.pool.job import Answer
    from inference.protocol import Job, Reply, Role, Unit

R = TypeVar("R")

LATER_TEXT: Final = 1
"""Rank of text behind a first batch: whoever hears nothing yet goes first, so no text holds up all the others."""


class Lessor(Protocol):
    """What a lease needs of its pool."""

    async def submit(
        self,
        message: Job,
        roles: tuple[Role, ...],
        *,
        deadline: float,
        cost_s: float,
        listener: object,
        rank: int = 0,
    ) -> Answer:
        """Have one job done."""

    def cost_s(self, tokens: int) -> float:
        """Estimated seconds of a worker's time."""

    def hurry(self, unit: Unit, deadline: float) -> None:
        """Have a unit that waits spoken by this deadline, if that is earlier."""

    def postpone(self, listener: object, seconds: float) -> None:
        """Give all that waits for a listener a later deadline."""

    def release(self, lease: Lease) -> None:
        """Forget a lease."""


class Lease:
    """One request's claim on the pool. Lives as long as its response body."""

    def __init__(self, pool: Lessor, request_id: str, reserved_s: float) -> None:
        self.request_id = request_id
        self._pool = pool
        self._reserved_s = reserved_s
        self._is_first_due = True

    @property
    def reserved_s(self) -> float:
        """Work that was admitted for the first segment and is not yet in the queue, seconds."""
        return self._reserved_s if self._is_first_due else 0.0

    async def phonemes(
        self, texts: tuple[str, ...], language: str, deadline: float, *, cost_s: float, is_first: bool
    ) -> tuple[Phonemes, Answer]:
        """Phonemise texts of one language, about `cost_s` seconds of work.

        Raises:
            UnsupportedLanguage: no phonemizer for it is installed.
            InferenceError: the text worker failed.
        """
        job = PhonemeJob(self.request_id, texts, language)
        rank = 0 if is_first else LATER_TEXT
        answer = await self._pool.submit(
            job, ("text",), deadline=deadline, cost_s=cost_s, listener=self, rank=rank
        )
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
        answer = await self._pool.submit(
            SpeechJob(self.request_id, unit),
            roles,
            deadline=deadline,
            cost_s=self._pool.cost_s(len(unit.phonemes)),
            listener=self,
        )
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
