"""The messages of the sockets as the OpenAPI document describes them. Nothing is read with these shapes.

What is read and sent is settled in `gateway/talk`; a test holds the two together.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.http.elevenlabs_schema import VoiceSettings
from gateway.talk.elevenlabs_messages import LONGEST_NAME


class _ElevenLabsMessage(BaseModel):
    """What a client may say: JSON, as text. Fields that are not listed are ignored."""

    text: str | None = Field(
        None,
        description="The next piece of the text, as it is written: words or parts of words, with their spaces.",
    )
    flush: bool | None = Field(
        None, description="`true`: speak all there is so far, without waiting for more."
    )
    voice_settings: VoiceSettings | None = Field(
        None, description="Only `speed` is honoured, in the message that begins a text."
    )
    xi_api_key: str | None = Field(
        None,
        description="The key, in the first message, for pages: browsers set no headers. "
        "`xi-api-key` and `authorization` are taken too.",
    )


class MultiStreamMessage(_ElevenLabsMessage):
    """What a client may say: JSON, as text. Fields that are not listed are ignored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"context_id": "turn-1", "text": "Hello "},
                {"context_id": "turn-1", "text": "there. ", "flush": True},
                {"context_id": "turn-1", "close_context": True},
                {"close_socket": True},
            ]
        }
    )

    context_id: str | None = Field(
        None,
        max_length=LONGEST_NAME,
        description="Name of the text that this is about; a new name begins a new text. `contextId` is taken too.",
    )
    close_context: bool | None = Field(
        None,
        description="`true`: no more of this text. If all was flushed, it is spoken; else it falls silent at once.",
    )
    close_socket: bool | None = Field(
        None, description="`true`: close once all that was flushed has been sent."
    )


class StreamMessage(_ElevenLabsMessage):
    """What a client may say: JSON, as text. An empty `text` ends the text. Fields that are not listed are ignored."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "Hello "}, {"text": "there. ", "flush": True}, {"text": ""}]}
    )

    try_trigger_generation: bool | None = Field(None, description="`true`: a sentence may have ended here.")


class SocketTimes(BaseModel):
    """When each character is heard: three lists of one length."""

    chars: list[str]
    charStartTimesMs: list[int]  # noqa: N815 - as ElevenLabs spells it
    charDurationsMs: list[int]  # noqa: N815


class StreamSound(BaseModel):
    """Some of the sound, and in the end a message without any, whose `isFinal` is true."""

    audio: str | None = Field(description="In the format that was asked for, as Base64.")
    isFinal: bool | None = Field(description="`true`: all of the text has been sent.")  # noqa: N815
    alignment: SocketTimes | None = Field(description="Null where no times are known, or none are new.")
    normalizedAlignment: SocketTimes | None = Field(description="The same.")  # noqa: N815


class MultiStreamSound(StreamSound):
    """Some of the sound of a text, and in the end a message without any, whose `isFinal` is true."""

    contextId: str | None = Field(description="Name of the text.")  # noqa: N815


class StreamError(BaseModel):
    """What went wrong. The socket is closed after it, with the same code."""

    error: str = Field(description="Cause, for programs.")
    message: str = Field(description="What went wrong and what to do about it.")
    code: int = Field(description="The code that the socket is closed with.")


class MultiStreamError(StreamError):
    """What went wrong. The socket is closed after it, with the same code, unless only a text could not begin."""

    contextId: str | None = Field(description="Name of the text; null: it is about none of them.")  # noqa: N815


class SpeakMessage(BaseModel):
    """What a client may say: JSON, as text. Fields that are not listed are ignored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"type": "Speak", "text": "Hello there. "},
                {"type": "Flush"},
                {"type": "Clear"},
                {"type": "Close"},
            ]
        }
    )

    type: Literal["Speak", "Flush", "Clear", "Close"] = Field(
        description="Here is more text; speak all there is, and say when it has been sent; fall silent at once; "
        "close once all has been sent."
    )
    text: str = Field("", description="Of Speak: the next piece of the text.")


class SpeakMetadata(BaseModel):
    """The first message: who speaks."""

    type: Literal["Metadata"]
    request_id: str = Field(description="As in the log.")
    model_name: str = Field(description="Name of the voice.")
    model_version: str
    model_uuid: str = Field(description="Name of the voice.")


class SpeakDone(BaseModel):
    """All of a flush has been sent, or what was left has been dropped."""

    type: Literal["Flushed", "Cleared"]
    sequence_id: int = Field(description="Number of this message among those of its type, from 0 on.")


class SpeakError(BaseModel):
    """What went wrong. The socket is closed after it."""

    type: Literal["Error"]
    description: str = Field(description="What went wrong and what to do about it.")
    code: str = Field(description="Cause, for programs.")
