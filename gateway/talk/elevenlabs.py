"""ElevenLabs' sockets: `multi-stream-input`, for the turns of a conversation, and `stream-input`, for one text."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.speech.errors import RequestError
from gateway.talk import elevenlabs_messages as messages
from gateway.talk.conversation import Conversation
from gateway.talk.elevenlabs_messages import ClientMessage
from gateway.talk.errors import NORMAL, InputTimeout, TooManyContexts, close_code
from gateway.talk.line import Line
from inference import InferenceError, PoolClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.speech.elevenlabs_order import Wish
    from gateway.speech.turn import Sound
    from gateway.talk.context import Context

    ShowKey = Callable[[tuple[str, ...]], int]
    """Takes what a client gives as its key, and returns the number of that; raises RequestError where it is none."""


class ElevenLabs(Conversation[str, str]):
    """What the two have in common. Lives as long as its socket."""

    def __init__(
        self, wish: Wish, *, is_auto: bool, is_synced: bool, show_key: ShowKey | None = None, **others: Any
    ) -> None:
        """With `is_auto`, what arrives is sentences, not tokens; with `show_key`, the first message holds a key.

        With `is_synced`, times count from the beginning of a context, not of the sound that comes with them.
        """
        super().__init__(**others)
        self._wish = wish
        self._is_auto = is_auto
        self._is_synced = is_synced
        self._show_key = show_key
        self._usual_inactivity_s = self._inactivity_s
        if show_key:
            self._inactivity_s = self._host.settings.header_timeout_s

    async def _take(self, message: str) -> None:
        said = ClientMessage.read(message)
        if self._show_key:
            self.key, self._show_key = self._show_key(said.keys), None
            self._inactivity_s = self._usual_inactivity_s
        try:
            await self._do(said)
        except (RequestError, InferenceError) as error:
            await self.failed(self._contexts.get(self._name(said)), error)

    async def _forget_all(self) -> None:
        if self._show_key:
            self._show_key(())  # raises what is told to who shows none
        await super()._forget_all()

    @abstractmethod
    async def _do(self, said: ClientMessage) -> None:
        """Do what a message asks for; raises RequestError and InferenceError."""

    def _name(self, said: ClientMessage) -> str | None:
        """Of the context that a message is about."""
        return said.name

    async def _opened_by(self, said: ClientMessage) -> Context:
        order = self._wish.at(said.speed).order_without_text(self._host.catalogue)
        return await self._open(self._name(said), replace(order, timestamps="word"), is_auto=self._is_auto)


class MultiStream(ElevenLabs):
    """Several texts on one socket, each in a context of its own. Lives as long as the socket.

    What is written for a context that is ending begins a new one after it: its client may not know yet.
    """

    gives_way = True

    def __init__(self, wish: Wish, **others: Any) -> None:
        super().__init__(wish, **others)
        self._line: Line[ClientMessage] = Line(
            self._host.settings.max_input_chars, self._do_next, self._is_held
        )

    async def _do(self, said: ClientMessage) -> None:
        if said.close_socket:
            for name in self._line.names():
                self._line.put(name, ClientMessage(context_id=name, close_context=True))
            await self._close_when_done(NORMAL)
        elif said.text or said.name in self._line or not self._is_held(said.name):
            self._line.put(said.name, said, said.text or "")
            await self._line.go_on(said.name)

    async def _go_on(self, name: str | None) -> None:
        await self._line.go_on(name)

    async def _do_next(self, said: ClientMessage) -> None:
        context = self._contexts.get(said.name)
        if said.close_context:
            if context and said.flush:
                context.flush()
            if context:
                await context.close()
        elif context or said.text:  # an empty text alone only keeps the socket alive
            try:
                _go_on(context or await self._opened_by(said), said)
            except (TooManyContexts, PoolClosed) as error:
                await self._refuse(said.name, error)

    async def _refuse(self, name: str | None, error: Exception) -> None:
        """It cannot begin, and that is no fault of those there are."""
        told, code = self._host.tell(error), close_code(error)
        self._contexts.pop(name, None)
        self._write(error)
        await self._send(messages.error(told.word, told.message, code, contextId=name))
        if isinstance(error, PoolClosed):
            self._farewell = code
            self._leave_if_done()

    def _tell_sound(self, context: Context, sound: Sound) -> tuple[str, ...]:
        return (
            messages.sound(sound.data, sound.alignment, is_synced=self._is_synced, contextId=context.name),
        )

    def _tell_end(self, context: Context) -> tuple[str, ...]:
        return (messages.final(contextId=context.name),)

    def _tell_error(self, context: Context | None, word: str, message: str, code: int) -> str:
        return messages.error(word, message, code, contextId=context.name if context else None)


class SingleStream(ElevenLabs):
    """One text on one socket, which an empty text ends. Lives as long as the socket."""

    def _name(self, said: ClientMessage) -> None:
        """There is one context here, whatever it is called."""

    async def _do(self, said: ClientMessage) -> None:
        context = self._contexts.get(None) or await self._opened_by(said)
        if said.text and context.is_ending:
            raise PoolClosed("no more text: the server is about to leave")
        _go_on(context, said)
        if said.try_trigger_generation:
            context.rest()
        if said.text == "" and not said.flush:
            self._is_deaf, self._farewell = True, NORMAL
            await context.finish()

    async def _forget(self, context: Context) -> None:
        if context.is_waiting:
            await self.failed(context, InputTimeout("No text has come for too long."))
        else:
            context.touch()

    def _tell_sound(self, context: Context, sound: Sound) -> tuple[str, ...]:
        return (messages.sound(sound.data, sound.alignment, is_synced=self._is_synced),)

    def _tell_end(self, context: Context) -> tuple[str, ...]:
        return (messages.final(),)

    def _tell_error(self, context: Context | None, word: str, message: str, code: int) -> str:
        return messages.error(word, message, code)


def _go_on(context: Context, said: ClientMessage) -> None:
    context.touch()
    if said.text:
        context.append(said.text)
    if said.flush:
        context.flush()
