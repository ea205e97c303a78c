"""Context: one text of a conversation, from its first words to its last sound. Knows no wire and no message."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from time import perf_counter
from typing import TYPE_CHECKING, Final, Protocol

from gateway.speech.errors import TextTooLong
from gateway.speech.record import RequestRecord
from gateway.speech.request import speakable

if TYPE_CHECKING:
    from gateway.speech.request import SpeechRequest
    from gateway.speech.turn import Lead, Sound, Turn
    from gateway.talk.host import Host

REST_S: Final = 0.3
"""A writer who pauses for so long after what may end a sentence has ended it: `3.` of `3.14` comes in one breath."""

_STOP_TURNS: Final = 10
"""Of the loop, which what is dropped has to be gone before that is told: the next text is not to be refused for it. An
encoder in a thread may take longer, and then holds no place in the queue."""


class Conversing(Protocol):
    """What a context needs of its conversation."""

    method: str
    lead: Lead
    gives_way: bool
    path: str
    request_id: str
    key: int | None

    async def heard(self, context: Context, sound: Sound) -> None:
        """Some of its sound is to be sent."""

    async def ended(self, context: Context) -> None:
        """All of its sound has been sent, or no more of it is wanted."""

    async def failed(self, context: Context, error: Exception) -> None:
        """The rest of it cannot be spoken."""


class Context:
    """One text that is heard while it is written. Lives from its opening until its last message."""

    def __init__(
        self, name: str | None, order: SpeechRequest, host: Host, conversation: Conversing, *, is_auto: bool
    ) -> None:
        """With `is_auto` each message ends a sentence, if it ends like one."""
        self.name: Final = name
        self.touched = self.written = asyncio.get_running_loop().time()
        """When the client last spoke of it, and when it last wrote some of it, on the clock of the loop."""

        self._order = order
        self._host = host
        self._conversation = conversation
        self._is_auto = is_auto
        self._is_flushed = False
        """It was flushed, and nothing has been written since."""

        self._is_stopped = False
        self._half = ""
        """Of a character outside the basic plane, which JavaScript's clients cut in two."""

        self._turn: Turn | None = None
        self._record = RequestRecord()
        self._task: asyncio.Task[None] | None = None
        self._rest: asyncio.TimerHandle | None = None

    @property
    def has_begun(self) -> bool:
        """There is text, and a line of the log will tell of it."""
        return self._turn is not None

    @property
    def is_ending(self) -> bool:
        """No more text is taken."""
        return self._is_stopped or (self._turn is not None and self._turn.is_ended)

    @property
    def is_over(self) -> bool:
        """Nothing is done for it any more."""
        return self._task is None or self._task.done()

    @property
    def is_silent(self) -> bool:
        """It has said all that it was given."""
        return self._turn is None or (self._is_flushed and self._turn.is_silent)

    @property
    def is_waiting(self) -> bool:
        """It has said all that it can before its client says more."""
        return self.is_silent or (not self._is_flushed and self._turn is not None and self._turn.is_heard)

    def touch(self) -> None:
        """The client still thinks of it."""
        self.touched = asyncio.get_running_loop().time()

    def append(self, text: str) -> None:
        """It goes on.

        Raises:
            TextTooLong: all of it together has more characters than a request may.
            InferenceError: it is the beginning, and the pool has no place for it.
        """
        text, self._half = _whole(self._half + text)
        text = speakable(text)
        if self.is_ending or not (self._turn or text.strip()):
            return
        self._check_length(len(text))
        turn = self._turn or self._begin()
        self._record.written(text, keep_text=self._host.settings.log_text)
        turn.append(text)
        self.written = asyncio.get_running_loop().time()
        self._is_flushed = self._is_flushed and not text.strip()  # a space keeps a context alive, by habit
        if self._is_auto:
            turn.rest()
        else:
            self._rest_later(turn)

    def flush(self) -> None:
        """All there is so far is to be spoken now."""
        self._is_flushed = True
        self.written = asyncio.get_running_loop().time()
        if self._turn and not self.is_ending:
            self._turn.flush()

    def rest(self) -> None:
        """A sentence may have ended here."""
        if self._turn and not self.is_ending:
            self._turn.rest()

    async def close(self) -> None:
        """The client wants no more than what it has flushed: if it has flushed all, the rest is still spoken."""
        if self._is_flushed or self.is_ending:
            await self.finish()
        else:
            await self.stop()

    async def finish(self) -> None:
        """Nothing follows: what is there is still spoken."""
        if self._turn is None:
            await self._conversation.ended(self)
        elif not self.is_ending:
            self._turn.end()

    async def stop(self) -> None:
        """The client breaks in: what is left is dropped."""
        self._is_stopped = True
        if self._task and not self._task.done():
            self._record.interrupted()
            self._task.cancel()
            await _dropped(self._task)
        await self._conversation.ended(self)

    async def drop(self, fault: Exception | None, *, has_left: bool) -> None:
        """The socket closes: for a fault that ends all its contexts, since the client has left, or cut from here."""
        if self._task is None:
            return
        if not (self._task.done() or self._record.outcome):
            if fault:
                self._record.failed(fault, self._host.tell(fault).outcome)
            elif has_left:
                self._record.left()
            self._task.cancel()
        await asyncio.wait({self._task})

    def _check_length(self, more: int) -> None:
        most, written = self._host.settings.max_input_chars, (self._record.characters or 0) + more
        if written > most:
            raise TextTooLong(f"The text has {written} characters by now, and at most {most} are taken.")

    def _begin(self) -> Turn:
        conversation = self._conversation
        record = RequestRecord(conversation.request_id, conversation.method, key=conversation.key)
        record.ordered(self._order, keep_text=self._host.settings.log_text)
        turn = self._host.synthesis.turn(self._order, record, conversation.lead)
        self._turn, self._record = turn, record
        self._task = asyncio.create_task(self._speak(turn))
        self._task.add_done_callback(lambda _: self._close(turn))
        return turn

    async def _speak(self, turn: Turn) -> None:
        try:
            async with aclosing(turn.sounds(gives_way=self._conversation.gives_way)) as sounds:
                async for sound in sounds:
                    began = perf_counter()
                    await self._conversation.heard(self, sound)
                    self._record.sent(sound.data, began)
        except ConnectionError:
            self._record.left()
        except Exception as error:  # whatever it is, the client is told
            self._record.failed(error, self._host.tell(error).outcome)
            await self._conversation.failed(self, error)
        else:
            self._record.sent_whole()
            await self._conversation.ended(self)

    def _close(self, turn: Turn) -> None:
        """However it ended, and also if it was cancelled before it began."""
        if self._rest:
            self._rest.cancel()
        turn.close()
        self._host.write(self._record, self._conversation.path)

    def _rest_later(self, turn: Turn) -> None:
        if self._rest:
            self._rest.cancel()
        self._rest = asyncio.get_running_loop().call_later(REST_S, turn.rest)


async def _dropped(task: asyncio.Task[None]) -> None:
    """Wait for a moment until it has ended, and what is done about that."""
    for _ in range(_STOP_TURNS):
        is_done = task.done()
        await asyncio.sleep(0)
        if is_done:
            return


def _whole(text: str) -> tuple[str, str]:
    """What there is without half a character at its end, and that."""
    end = len(text) - ("\ud800" <= text[-1:] <= "\udbff")
    return text[:end], text[end:]
