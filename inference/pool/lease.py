"""Lease: one request's claim on the pool, through which it has its jobs done. Knows no queue and no worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from inference.errors import (
    EngineFailed,
    InferenceError,
    InvalidPronunciation,
    ProtocolError,
    UnsupportedLanguage,
)
from inference.pool.cost import FIRST_WORK, score_work, window_work
from inference.protocol import Audio, Failure, Reading, Score, SpeechJob

if TYPE_CHECKING:
    from inference.pool.job import Answer
    from inference.protocol import Job, JobReply, Role, TextJob, Unit, WindowJob

R = TypeVar("R")

_FIRST_WINDOW_S: Final = 2.0
"""Of the first window of a unit, with its context: by so much work the score is due before the sound."""

LATER_TEXT: Final = 1
"""Rank of text behind a first stretch: whoever hears nothing yet goes first, so no text holds up all the others."""


class Lessor(Protocol):
    """What a lease needs of its pool."""

    async def submit(
        self,
        message: Job,
        role: Role,
        *,
        due: float,
        cost_s: float,
        listener: object,
        rank: int = 0,
        is_first: bool = False,
        offset_s: float = 0,
    ) -> Answer:
        """Have one job done, which is due so much later than its unit."""

    @property
    def is_staged(self) -> bool:
        """Whether the engine makes a score before the sound."""

    def cost_s(self, work: float) -> float:
        """Estimated seconds of a worker's time, for work in tokens."""

    def hurry(self, unit: Unit, due: float) -> None:
        """Have a unit that waits spoken by then, if that is earlier."""

    def postpone(self, listener: object, seconds: float) -> None:
        """Give all that waits for a listener a later deadline."""

    def reserve(self, lease: Lease) -> None:
        """Take note of what a lease has reserved by now."""

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
        """Work that was admitted for the first sound and is not yet in the queue, seconds."""
        return self._reserved_s if self._is_first_due else 0.0

    async def read(
        self, stretch: TextJob, due: float, *, cost_s: float, is_first: bool
    ) -> tuple[Reading, Answer]:
        """Have a stretch of a text read, about `cost_s` seconds of work.

        Raises:
            UnsupportedLanguage: no phonemizer for its language is installed.
            InvalidPronunciation: words of its own make it so long that it is too much work.
            InferenceError: the text worker failed.
        """
        rank = 0 if is_first else LATER_TEXT
        self._reserve(len(stretch.text))
        answer = await self._pool.submit(stretch, "text", due=due, cost_s=cost_s, listener=self, rank=rank)
        reply = _expect(Reading, answer.reply)
        if not int(stretch.is_all) <= reply.taken <= len(stretch.text):
            raise ProtocolError("the text worker answered another text")
        self._reserve(reply.taken)
        return reply, answer

    async def score(self, unit: Unit, due: float) -> tuple[Score | Audio, Answer]:
        """The score of a unit whose sound is due then, or its sound where the engine speaks units at once.

        Raises:
            InferenceError: the engine failed, or two workers died with it.
        """
        job, is_first = SpeechJob(self.request_id, unit), self._is_first_due
        work, offset_s = float(len(unit.phonemes)), 0.0
        if self._pool.is_staged:
            work = score_work(work)
            if not is_first:  # a first score is due with its window: who asked first is heard first
                offset_s = -self._pool.cost_s(window_work(_FIRST_WINDOW_S))
        else:
            self.begin()
        answer = await self._pool.submit(
            job,
            "speech",
            due=due,
            cost_s=self._pool.cost_s(work),
            listener=self,
            is_first=is_first,
            offset_s=offset_s,
        )
        reply = answer.reply
        return (reply if isinstance(reply, Score) else _expect(Audio, reply)), answer

    async def sound(self, window: WindowJob, due: float, offset_s: float) -> tuple[Audio, Answer]:
        """The sound of a window that begins `offset_s` after that of its unit, which is due then.

        Raises:
            InferenceError: the engine failed, or two workers died with it.
        """
        is_first, cost_s = self._is_first_due, self._pool.cost_s(window_work(window.seconds))
        self.begin()
        answer = await self._pool.submit(
            window,
            "speech",
            due=due,
            cost_s=cost_s,
            listener=self,
            is_first=is_first,
            offset_s=offset_s,
        )
        return _expect(Audio, answer.reply), answer

    def _reserve(self, tokens: int) -> None:
        """So much of the text is there: nobody waits for what is yet to be written."""
        self._reserved_s = self._pool.cost_s(min(tokens, FIRST_WORK))
        self._pool.reserve(self)

    def begin(self) -> None:
        """The listener's first sound is in the queue, or was found spoken: nothing is reserved for it any more."""
        self._is_first_due = False
        self._pool.reserve(self)

    def hurry(self, unit: Unit, due: float) -> None:
        """Have a unit that another lease waits for spoken by then, if that is earlier."""
        self._pool.hurry(unit, due)

    def postpone(self, seconds: float) -> None:
        """The listener had to wait: what is queued for it is due so much later, and others come first."""
        self._pool.postpone(self, seconds)

    def close(self) -> None:
        """Give the claim back."""
        self.begin()
        self._pool.release(self)


def _error(failure: Failure) -> InferenceError:
    """What a worker could not do, as it was raised there."""
    if failure.kind == "language":
        return UnsupportedLanguage(failure.message)
    if failure.kind == "pronunciations":
        return InvalidPronunciation(0, failure.message)
    return EngineFailed(failure.message)


def _expect(kind: type[R], reply: JobReply) -> R:
    if isinstance(reply, Failure):
        raise _error(reply)
    if not isinstance(reply, kind):
        raise ProtocolError(f"a worker answered {type(reply).__name__} where {kind.__name__} was due")
    return reply
