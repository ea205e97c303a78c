"""Deepgram's `speak` socket: words in, raw samples out, and a message when all of a flush has been sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from gateway.talk.conversation import Conversation
from gateway.talk.errors import NORMAL, BadMessage
from gateway.talk.line import Line

if TYPE_CHECKING:
    from gateway.speech.request import SpeechRequest
    from gateway.speech.turn import Sound
    from gateway.talk.context import Context


TEXT_INACTIVITY_S: Final = 60.0
"""A text that nobody has gone on with for so long is spoken: sockets stay open for an hour without a word."""


class ClientMessage(msgspec.Struct, frozen=True):
    """What a client says; fields that are not listed are ignored."""

    type: Literal["Speak", "Flush", "Clear", "Close"]
    text: str = ""

    @classmethod
    def read(cls, message: str) -> ClientMessage:
        """The fields of a message.

        Raises:
            BadMessage: it is no JSON object, or a field is of the wrong type.
        """
        try:
            return msgspec.convert(json.loads(message), cls)
        except (ValueError, RecursionError):
            raise BadMessage(
                "This is no message: one is an object whose type is Speak, Flush, Clear or Close."
            ) from None


class DeepgramSpeak(Conversation[str, str | bytes]):
    """One text after the other on one socket, each ended by a flush. Lives as long as the socket.

    What comes while the last text is still being sent waits for its end.
    """

    def __init__(self, order: SpeechRequest, **others: Any) -> None:
        super().__init__(**others)
        self._order = order
        self._line: Line[ClientMessage] = Line(self._host.settings.max_input_chars, self._do, self._is_held)
        self._flushed = self._cleared = 0
        self._is_clearing = False

    async def run(self) -> int | None:
        """See `Conversation.run`: the server speaks first."""
        try:
            await self._send(self._metadata())
        except ConnectionError:
            return None
        return await super().run()

    @property
    def _text_inactivity_s(self) -> float:
        return min(TEXT_INACTIVITY_S, self._inactivity_s)

    async def _take(self, message: str) -> None:
        said = ClientMessage.read(message)
        if said.type == "Clear":
            await self._clear()
        else:
            self._line.put(None, said, said.text)
            await self._line.go_on(None)

    async def _go_on(self, name: str | None) -> None:
        await self._line.go_on(name)

    async def _do(self, said: ClientMessage) -> None:
        context = self._contexts.get(None)
        if said.type == "Close":
            if context:
                await context.finish()
            await self._close_when_done(NORMAL)
        elif said.type == "Speak":
            context = context or await self._open(None, self._order, is_auto=False)
            context.touch()
            context.append(said.text)
        elif context:
            await context.finish()
        else:
            await self._send(self._tell_flushed())

    async def _clear(self) -> None:
        self._line.clear()
        self._is_clearing = True
        if context := self._contexts.get(None):
            await context.stop()
        else:
            await self._send(self._tell_cleared())
        self._is_clearing = False

    def _metadata(self) -> str:
        name = self._order.voice.canonical
        return _json(
            "Metadata", request_id=self.request_id, model_name=name, model_version="1", model_uuid=name
        )

    def _tell_sound(self, context: Context, sound: Sound) -> tuple[bytes, ...]:
        return (sound.data,)

    def _tell_end(self, context: Context) -> tuple[str, ...]:
        return (self._tell_cleared() if self._is_clearing else self._tell_flushed(),)

    def _tell_flushed(self) -> str:
        self._flushed += 1
        return _json("Flushed", sequence_id=self._flushed - 1)

    def _tell_cleared(self) -> str:
        self._cleared += 1
        return _json("Cleared", sequence_id=self._cleared - 1)

    def _tell_error(self, context: Context | None, word: str, message: str, code: int) -> str:
        return _json("Error", description=message, code=word)


def _json(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind} | fields)
