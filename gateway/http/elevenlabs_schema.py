"""The JSON that ElevenLabs' clients send over HTTP. Knows fields; knows nothing of how speech is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from gateway.http.fields import NAME_CHARS, NOT_BLANK, PlainNumber, SpeakableText, read_body
from gateway.speech.elevenlabs_order import Wish

if TYPE_CHECKING:
    from gateway.settings import Settings


class VoiceSettings(BaseModel):
    """How the voice speaks; fields that are not listed are ignored."""

    speed: PlainNumber | None = Field(
        None, description="Rate of speech; 1 is the voice's own. Beyond our range: its end."
    )


class TextToSpeechBody(BaseModel):
    """Body of a request for speech as ElevenLabs has it. Fields that are not listed are ignored."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    text: SpeakableText = Field(
        min_length=1,
        description="Text to speak.",
        examples=["Hello, world."],
        json_schema_extra={"pattern": NOT_BLANK},
    )
    model_id: str | None = Field(None, description="Taken and ignored: all of them speak with Kokoro.")
    language_code: Annotated[str, Field(max_length=NAME_CHARS)] | None = Field(
        None, description="Language of the text, for a voice that has none of its own here."
    )
    voice_settings: VoiceSettings | None = Field(None, description="Only `speed` is honoured.")


class CharacterTimes(BaseModel):
    """When each character is heard, from the beginning of the audio on: three lists of one length."""

    characters: list[str]
    character_start_times_seconds: list[float]
    character_end_times_seconds: list[float]


class TimedAudio(BaseModel):
    """Audio, and when the characters of its text are heard."""

    audio_base64: str
    alignment: CharacterTimes | None = Field(description="Null where no times are known, or none are new.")
    normalized_alignment: CharacterTimes | None = Field(
        description="The same: by the characters that were sent."
    )


def parse_text_to_speech(body: bytes, voice: str, output_format: str, settings: Settings) -> tuple[str, Wish]:
    """The text, and how it is wanted.

    Raises:
        RequestError: the body, a field or the format is not acceptable.
    """
    asked = read_body(TextToSpeechBody, body, settings, text="text")
    speed = asked.voice_settings.speed if asked.voice_settings else None
    return asked.text, Wish.of(voice, output_format, asked.language_code or "", speed)
