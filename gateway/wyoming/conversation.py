"""One Wyoming connection: a text, whole or as it is written, becomes events of sound. Knows events, and no socket.

Home Assistant waits for ever on a connection that stays open after a fault, and takes a stream that is cut for the
whole: so an error is told and the connection closed at once, and the log has the fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped

from gateway.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from gateway.speech.request import SpeechRequest, speakable
from gateway.speech.turn import AS_MADE
from gateway.talk.conversation import Conversation
from gateway.talk.errors import NORMAL, BadMessage
from inference import UnknownLanguage, language_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.speech.turn import Sound
    from gateway.speech.voices import Voice
    from gateway.talk.context import Context
    from gateway.wyoming.wire import EventWire

_RATE: Final = {"rate": SAMPLE_RATE, "width": SAMPLE_BYTES, "channels": 1}


class WyomingConversation(Conversation[Event, Event]):
    """What is said on one connection: one text at a time. Lives as long as that is open."""

    method = "WYOMING"
    lead = AS_MADE
    """Who hears no more closes the connection, and one who wants the whole waits for it."""

    def __init__(self, voices: Mapping[str, Voice], info: Event, wire: EventWire, **others: Any) -> None:
        """`info` answers those who ask what there is."""
        super().__init__(wire=wire, **others)
        self._line = wire
        self._voices = voices
        self._info = info
        self._is_streaming = False
        """The text comes as it is written."""

        self._has_begun = False
        """The sound has."""

    async def _take(self, message: Event) -> None:
        kind, context = message.type, self._contexts.get(None)
        if Describe.is_type(kind):
            await self._send(self._info)
        elif Ping.is_type(kind):
            await self._send(_pong(message))
        elif SynthesizeStart.is_type(kind):
            self._is_streaming = True
            await self._begin(message)
        elif SynthesizeChunk.is_type(kind):
            _go_on(_begun(context), _text(message))
        elif SynthesizeStop.is_type(kind):
            await _begun(context).finish()
        elif Synthesize.is_type(kind) and not self._is_streaming:  # else the same again, for old servers
            await self._speak_whole(message)

    async def _heard_all(self) -> None:
        """A script closes its side once it has asked, and still listens.

        One that has left looks the same, until it is sent something: so the beginning of the sound goes out ahead.
        """
        self._is_deaf, self._farewell = True, NORMAL
        for context in list(self._contexts.values()):
            await context.finish()
        if self._contexts:
            await self._send(*self._beginning())
        self._leave_if_done()
        await self._line.left()
        self._end(None)

    async def _speak_whole(self, message: Event) -> None:
        context = await self._begin(message)
        context.append(_text(message))
        await context.finish()

    async def _begin(self, message: Event) -> Context:
        if self._contexts:
            raise BadMessage("One text after the other: this one began before the last had ended.")
        self._has_begun = False
        order = SpeechRequest.without_text(
            self._host.catalogue, self._voice(message.data.get("voice")), response_format="pcm"
        )
        return await self._open(None, order, is_auto=False)

    def _voice(self, asked: object) -> str:
        """The name that is asked for, or a voice of the language that is."""
        wanted = asked if isinstance(asked, dict) else {}
        default = self._host.settings.voice
        if name := wanted.get("name"):
            return str(name)
        try:
            language = language_named(str(wanted.get("language") or self._voices[default].language)).code
        except (UnknownLanguage, KeyError):
            return default
        speaking = [name for name, voice in self._voices.items() if voice.language == language]
        return default if default in speaking or not speaking else speaking[0]

    def _tell_sound(self, context: Context, sound: Sound) -> tuple[Event, ...]:
        return (*self._beginning(), AudioChunk(**_RATE, audio=sound.data).event())

    def _tell_end(self, context: Context) -> tuple[Event, ...]:
        ending = (SynthesizeStopped().event(),) if self._is_streaming else ()
        self._is_streaming = False
        return (*self._beginning(), AudioStop().event(), *ending)

    def _tell_error(self, context: Context | None, word: str, message: str, code: int) -> Event:
        return Error(text=message, code=word).event()

    def _beginning(self) -> tuple[Event, ...]:
        has_begun, self._has_begun = self._has_begun, True
        return () if has_begun else (AudioStart(**_RATE).event(),)


def _begun(context: Context | None) -> Context:
    """A client that is not told would wait for ever for the end of what has no beginning."""
    if context is None:
        raise BadMessage("A text begins before it goes on or ends: this one has not, or is over.")
    return context


def _go_on(context: Context, text: str) -> None:
    if context.is_ending:
        raise BadMessage("This text has ended: what follows it would not be spoken.")
    context.touch()
    context.append(text)


def _pong(ping: Event) -> Event:
    text = ping.data.get("text")
    return Pong(text=speakable(text) if isinstance(text, str) else None).event()


def _text(message: Event) -> str:
    text = message.data.get("text")
    if not isinstance(text, str):
        raise BadMessage("There is no text in it.")
    return text
