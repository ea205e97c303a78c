"""ElevenLabs' messages, as its clients send and read them. Knows fields; knows nothing of what is done about them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.talk.errors import BadMessage

if TYPE_CHECKING:
    from gateway.speech.alignment import Alignment


LONGEST_NAME: Final = 256
"""Of a context, characters; clients use UUIDs, and names may be all that a context is made of."""


class VoiceSettings(msgspec.Struct, frozen=True):
    """How the voice speaks."""

    speed: float | None = None


class ClientMessage(msgspec.Struct, frozen=True):
    """What a client says; fields that are not listed are ignored."""

    text: str | None = None
    context_id: str | None = None
    contextId: str | None = None  # noqa: N815 - both spellings are in use
    flush: bool | None = None
    try_trigger_generation: bool | None = None
    close_context: bool | None = None
    close_socket: bool | None = None
    voice_settings: VoiceSettings | None = None
    xi_api_key: str | None = None
    xi_api_key_dashed: str | None = msgspec.field(default=None, name="xi-api-key")
    authorization: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError: a context has a name that cannot be told again, or is not worth it with every sound."""
        if len(self.name or "") > LONGEST_NAME:
            raise ValueError("the name of a context has too many characters")
        if any("\ud800" <= character <= "\udfff" for character in self.name or ""):
            raise ValueError("the name of a context has half a character")

    @classmethod
    def read(cls, message: str) -> ClientMessage:
        """The fields of a message.

        Raises:
            BadMessage: it is no JSON object, or a field is of the wrong type.
        """
        try:
            fields = json.loads(
                message
            )  # msgspec's own reader takes no lone surrogate: half of an emoji that was cut
            return msgspec.convert(fields, cls)
        except (ValueError, RecursionError) as error:
            raise BadMessage(f"This is no message: {_cause(error)}.") from None

    @property
    def name(self) -> str | None:
        """Of the context that it is about."""
        return self.context_id if self.context_id is not None else self.contextId

    @property
    def speed(self) -> float | None:
        """Rate of speech that is asked for."""
        return self.voice_settings.speed if self.voice_settings else None

    @property
    def keys(self) -> tuple[str, ...]:
        """Whatever may be a key: browsers cannot set headers."""
        bearer = (self.authorization or "").partition(" ")[2]
        return tuple(filter(None, (self.xi_api_key, self.xi_api_key_dashed, bearer)))


def _cause(error: Exception) -> str:
    """What msgspec says of fields names no value of theirs; what others say is not for clients."""
    return str(error) if isinstance(error, msgspec.ValidationError) else "a message is one JSON object"


def sound(data: bytes, alignment: Alignment | None, *, is_synced: bool, **context: str | None) -> str:
    """Some sound, with the times of what is heard from its beginning on.

    With `is_synced` they count from the beginning of the context; otherwise from where the last ones ended, which is
    the beginning of this sound: LiveKit takes them as they are, Pipecat adds up what each message covers.
    """
    times = alignment and _times(alignment, 0 if is_synced else alignment.starts_ms[0])
    return _json(audio=data, isFinal=None, alignment=times, normalizedAlignment=times, **context)


def _times(alignment: Alignment, zero_ms: int) -> dict[str, list[Any]]:
    return {
        "chars": alignment.characters,
        "charStartTimesMs": [start_ms - zero_ms for start_ms in alignment.starts_ms],
        "charDurationsMs": [
            end_ms - start_ms for start_ms, end_ms in zip(alignment.starts_ms, alignment.ends_ms, strict=True)
        ],
    }


def final(**context: str | None) -> str:
    """All of the sound has been sent."""
    return _json(audio=None, isFinal=True, alignment=None, normalizedAlignment=None, **context)


def error(word: str, message: str, code: int, **context: str | None) -> str:
    """Something went wrong."""
    return _json(error=word, message=message, code=code, **context)


def _json(**fields: Any) -> str:
    return msgspec.json.encode(fields).decode()
