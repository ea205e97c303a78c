"""Conversation: what is said on one socket, until one side ends it. Knows contexts and clocks; knows no message.

Subclasses know a protocol: what its messages mean, and how sound, endings and errors are told.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from gateway.speech.errors import RequestError
from gateway.speech.record import RequestRecord
from gateway.speech.turn import AS_HEARD
from gateway.talk.context import Context
from gateway.talk.errors import GOING_AWAY, NORMAL, TooManyContexts, close_code
from inference import InferenceError, PoolClosed

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from gateway.speech.request import SpeechRequest
    from gateway.speech.turn import Lead, Sound
    from gateway.talk.host import Host, Wire

logger = logging.getLogger(__name__)

Received = TypeVar("Received")
Sent = TypeVar("Sent")

MOST_CONTEXTS: Final = 5
"""On one socket: one speaks, the others are about to end or to begin."""

INACTIVITY_S: Final = 20.0
"""How long a client may be silent that says nothing of it."""

LAST_WORDS_S: Final = 5.0
"""How long a client may write nothing of a text once the application is about to leave: a language model pauses."""

_LOOK_S: Final = 0.2


class Conversation(ABC, Generic[Received, Sent]):
    """What is said on one socket. Lives as long as that is open."""

    method: str = "GET"
    """Of its requests, as the log has it."""

    lead: Lead = AS_HEARD

    gives_way: bool = False
    """A context that has long been silent ends where memory is short; what its client says then begins a new one."""

    def __init__(
        self,
        host: Host,
        wire: Wire[Received, Sent],
        path: str,
        request_id: str,
        key: int | None,
        inactivity_s: float = INACTIVITY_S,
    ) -> None:
        """`key` is the number of the client's key, where keys are asked for."""
        self.path = path
        """Template of the route."""

        self.request_id = request_id
        self.key = key
        self._host = host
        self._wire = wire
        self._inactivity_s = inactivity_s
        self._contexts: dict[str | None, Context] = {}
        self._stopping: set[Context] = set()
        """Those that have ended while their work is about to."""

        self._over: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._farewell: int | None = None
        """The code to close with once all contexts have ended."""

        self._fault: Exception | None = None
        """The client is being told of it, and of nothing else any more."""

        self._is_deaf = False
        """What the client says now is of no use any more."""

        self._touched = asyncio.get_running_loop().time()

    @property
    def contexts(self) -> int:
        """How many are open."""
        return len(self._contexts)

    async def run(self) -> int | None:
        """Converse until one side ends it; the code to close with, None when the client has left."""
        work = (self._listen(), self._watch(), self._say_goodbye())
        tasks = [asyncio.create_task(self._guarded(each)) for each in work]
        self._host.conversations.add(self)
        try:
            return await self._over
        finally:
            self._host.conversations.discard(self)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for context in {*self._contexts.values(), *self._stopping}:
                await context.drop(self._fault, has_left=not self._over.cancelled())

    async def heard(self, context: Context, sound: Sound) -> None:
        """See `Conversing.heard`."""
        if not self._fault:
            await self._send(*self._tell_sound(context, sound))

    async def ended(self, context: Context) -> None:
        """See `Conversing.ended`."""
        if self._fault or self._contexts.get(context.name) is not context:
            return
        del self._contexts[context.name]
        self._stopping = {other for other in (*self._stopping, context) if not other.is_over}
        self._touched = asyncio.get_running_loop().time()
        with suppress(ConnectionError):
            await self._send(*self._tell_end(context))
        try:
            await self._go_on(context.name)
        except (RequestError, InferenceError) as error:
            await self.failed(None, error)
        self._leave_if_done()

    async def failed(self, context: Context | None, error: Exception) -> None:
        """See `Conversing.failed`; without a context, what the client sent last is at fault."""
        if self._fault:
            return
        self._fault = error
        if not any(each.has_begun for each in ([context] if context else self._contexts.values())):
            self._write(error)
        code, told = close_code(error), self._host.tell(error)
        with suppress(ConnectionError):
            await self._send(self._tell_error(context, told.word, told.message, code))
        self._end(code)

    @abstractmethod
    async def _take(self, message: Received) -> None:
        """Do what a message asks for.

        Raises:
            RequestError: it cannot be done.
            InferenceError: the pool has no place for it.
        """

    async def _go_on(self, name: str | None) -> None:
        """The context of this name has ended: what has waited for that is done, with the errors of `_take`."""

    @abstractmethod
    def _tell_sound(self, context: Context, sound: Sound) -> tuple[Sent, ...]: ...

    @abstractmethod
    def _tell_end(self, context: Context) -> tuple[Sent, ...]: ...

    @abstractmethod
    def _tell_error(self, context: Context | None, word: str, message: str, code: int) -> Sent: ...

    async def _open(self, name: str | None, order: SpeechRequest, *, is_auto: bool) -> Context:
        """A new context, for which one that has said all it was given makes room.

        Raises:
            TooManyContexts: none has.
            PoolClosed: the application is about to leave.
        """
        async with self._host.opening:
            await asyncio.sleep(0)
        if self._host.closing.is_set():
            raise PoolClosed("no new contexts: the server is about to leave")
        if len(self._contexts) >= MOST_CONTEXTS:
            # One that is about to end has made room already, and as many of those may be left.
            silent = [each for each in self._contexts.values() if each.is_silent and not each.is_ending]
            if not silent or len(self._contexts) >= 2 * MOST_CONTEXTS:
                raise TooManyContexts(
                    f"A socket has at most {MOST_CONTEXTS} contexts at once; close one first."
                )
            await min(silent, key=lambda context: context.touched).finish()
        context = self._contexts[name] = Context(name, order, self._host, self, is_auto=is_auto)
        return context

    async def _close_when_done(self, code: int) -> None:
        """Close once what was flushed has been heard; nothing new is taken."""
        self._is_deaf, self._farewell = True, code
        for context in list(self._contexts.values()):
            await context.close()
        self._leave_if_done()

    def _write(self, error: Exception) -> None:
        """What is wrong with no text that has begun has a line of its own."""
        record = RequestRecord(self.request_id, self.method, key=self.key)
        record.failed(error, self._host.tell(error).outcome)
        self._host.write(record, self.path)

    async def _send(self, *messages: Sent) -> None:
        try:
            for message in messages:
                await self._wire.send(message)
        except ConnectionError:
            self._end(None)
            raise

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """Whatever goes wrong in it ends the conversation."""
        try:
            await work
        except ConnectionError:
            self._end(None)
        except Exception as error:
            if not isinstance(error, RequestError | InferenceError):
                logger.exception("request_failed")
            await self.failed(None, error)

    async def _listen(self) -> None:
        while (message := await self._wire.receive()) is not None:
            self._touched = asyncio.get_running_loop().time()
            if not self._is_deaf:
                await self._take(message)
            await asyncio.sleep(0)  # of a flood, each message waits for its turn among those of others
        await self._heard_all()

    async def _heard_all(self) -> None:
        """The client says no more: it has left."""
        self._end(None)

    async def _watch(self) -> None:
        """End what the client has forgotten: each context, and then the socket."""
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            open_to_text = [context for context in self._contexts.values() if not context.is_ending]
            for context in open_to_text:
                if now - context.touched >= self._text_inactivity_s:
                    await self._forget(context)
            if not self._contexts and now - self._touched >= self._inactivity_s:
                await self._forget_all()
            touched = min((context.touched for context in open_to_text), default=self._touched)
            left_s = touched + self._text_inactivity_s - loop.time()
            await asyncio.sleep(left_s if left_s > 0 else self._text_inactivity_s)

    @property
    def _text_inactivity_s(self) -> float:
        """How long a client may say nothing of a text."""
        return self._inactivity_s

    async def _forget(self, context: Context) -> None:
        """The client has said nothing of it for too long."""
        await context.finish()

    async def _forget_all(self) -> None:
        """The client has said nothing at all for too long."""
        self._end(NORMAL)

    async def _say_goodbye(self) -> None:
        """Leave once the application is about to: what is being said is finished, what is written is spoken."""
        await self._host.closing.wait()
        self._farewell = self._farewell or GOING_AWAY
        self._leave_if_done()
        loop = asyncio.get_running_loop()
        while True:
            for context in list(self._contexts.values()):
                if loop.time() - context.written >= LAST_WORDS_S:
                    await context.finish()
            await asyncio.sleep(_LOOK_S)

    def _is_held(self, name: str | None) -> bool:
        """What is said now of a text of this name is not about the one that is still being spoken."""
        context = self._contexts.get(name)
        return bool(self._fault) or (context is not None and context.is_ending)

    def _leave_if_done(self) -> None:
        if self._farewell is not None and not self._contexts:
            self._end(self._farewell)

    def _end(self, code: int | None) -> None:
        if not self._over.done():
            self._over.set_result(code)
