"""The wire shapes of what is asked for: JSON with the OpenAI names. A speech request is parsed here once.

Knows fields and models' names; knows nothing of how speech is made.
"""

from __future__ import annotations

import re
from dataclasses import fields as dataclass_fields
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    WithJsonSchema,
    model_validator,
)

from gateway.audio.encoders import ENCODERS
from gateway.audio.pcm import SAMPLE_RATE
from gateway.http.fields import NAME_CHARS, PlainNumber, SpeakableText, plain_number, read_body
from gateway.http.request_errors import ModelNotFound
from gateway.speech.errors import InvalidField, shortened
from gateway.speech.request import (
    RATES,
    SPEEDS,
    VOLUMES,
    Format,
    SpeechRequest,
    StreamFormat,
    Timestamps,
)
from inference import LANGUAGES, LONGEST_SAID, LONGEST_WORD, phoneme_letters

if TYPE_CHECKING:
    from gateway.settings import Settings
    from gateway.speech.voices import Catalogue

MODELS: Final = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "kokoro", "hexgrad/Kokoro-82M")
"""Models that are listed; `is_known_model` knows their snapshots and relatives too."""

_MOST_PRONUNCIATIONS: Final = 100

_OPENAI_MODEL: Final = re.compile(r"(tts-1(-hd)?|gpt-4o-mini-tts)(-\d{4}(-\d\d-\d\d)?)?")


def is_known_model(name: str) -> bool:
    """True for OpenAI's speech models with their snapshots and for anything called Kokoro."""
    name = name.lower().removeprefix("openai/")
    return "kokoro" in name or _OPENAI_MODEL.fullmatch(name) is not None


def _as_taken(schema: dict[str, Any]) -> None:
    """Add to the JSON Schema what annotations cannot express: null, and rates by format."""
    _take_null(schema)
    schema["allOf"] = [
        {
            "if": {
                "properties": {"response_format": {"enum": [name, None] if name == "mp3" else [name]}},
                "required": [] if name == "mp3" else ["response_format"],
            },
            "then": {"properties": {"sample_rate": {"enum": [*encoder.rates, None]}}},
        }
        for name, encoder in ENCODERS.items()
        if not isinstance(encoder.rates, range)
    ]


def _take_null(schema: dict[str, Any]) -> None:
    for name, field in schema["properties"].items():
        if name not in schema["required"] and "type" in field:
            field["type"] = [field["type"], "null"]
            if "enum" in field:
                field["enum"] = [*field["enum"], None]
        elif name not in schema["required"] and "anyOf" in field:
            field["anyOf"] = [*field["anyOf"], {"type": "null"}]


Word = Annotated[str, Field(min_length=1, max_length=LONGEST_WORD)]
_PHONEMES = "".join(sorted(phoneme_letters() - {"^"})) + "^"
Said = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_SAID),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": LONGEST_SAID,
            "anyOf": [
                {"pattern": f"^/[{_PHONEMES}]+/$"},
                {"pattern": "^[^/]"},
            ],
        }
    ),
]
Name = Annotated[str, Field(max_length=NAME_CHARS)]


class VoiceId(BaseModel):
    """A voice by its id, the way OpenAI's custom voices are named."""

    id: Name = Field(description="Name of the voice.")


def _voice_name(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value


class TextBody(BaseModel):
    """A text, and how it is to be said. Null means the default; fields that are not listed are ignored."""

    model_config = ConfigDict(extra="ignore", json_schema_extra=_take_null)

    model: str = Field(
        min_length=1,
        max_length=NAME_CHARS,
        description="An OpenAI speech model or Kokoro; all of them speak with Kokoro.",
        examples=["tts-1"],
    )
    input: SpeakableText = Field(min_length=1, description="Text to speak.", examples=["Hello, world."])
    voice: Annotated[str, BeforeValidator(_voice_name, json_schema_input_type=Name | VoiceId)] = Field(
        "",
        max_length=NAME_CHARS,
        description="An OpenAI voice, a Kokoro voice or a mix; empty: the default voice.",
        examples=["alloy", "af_heart"],
    )
    speed: PlainNumber = Field(
        1.0, ge=SPEEDS.least, le=SPEEDS.most, description="Rate of speech; 1 is the voice's own."
    )
    lang_code: str = Field(
        "",
        max_length=NAME_CHARS,
        description="Extension. Language of the text if not that of the voice; other tags for the same are understood.",
        examples=["en-gb", "es", "a"],
        json_schema_extra={
            "enum": ["", *sorted({n for la in LANGUAGES for n in (la.code, la.base, la.letter)})]
        },
    )
    pronunciations: dict[Word, Said] = Field(
        {},
        max_length=_MOST_PRONUNCIATIONS,
        json_schema_extra={"propertyNames": {"maxLength": LONGEST_WORD, "pattern": r"\S"}},
        description="Extension. Words or phrases that are to be said otherwise: with `/phonemes/`, or other words.",
        examples=[{"Siobhan": "/ʃɪvˈɔn/", "ghcr": "G H C R"}],
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_default(cls, fields: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if value is not None}


class AudioBody(TextBody):
    """The same, and what audio is wanted of it."""

    model_config = ConfigDict(json_schema_extra=_as_taken)

    response_format: Format = Field(
        "mp3",
        description="Container and codec; pcm is 16-bit little-endian mono. Extension: ulaw and alaw, G.711.",
    )
    stream: StrictBool | None = Field(
        None,
        description="Extension. True: the audio as it is made. False: the whole audio in one piece with its "
        "Content-Length. Left out: as it is made, but FLAC whole.",
    )
    volume_multiplier: PlainNumber = Field(
        1.0, ge=VOLUMES.least, le=VOLUMES.most, description="Extension. Loudness; 1 leaves it alone."
    )
    sample_rate: Annotated[int, BeforeValidator(plain_number)] = Field(
        SAMPLE_RATE,
        ge=RATES.least,
        le=RATES.most,
        description="Extension. Samples a second, where the format can hold them.",
    )


class SpeechBody(AudioBody):
    """Body of a speech request. Null means the default; fields that are not listed are ignored."""

    stream_format: StreamFormat = Field(
        "audio", description="Raw audio, or server-sent events that carry it."
    )
    instructions: Any = Field(None, description="Taken and ignored: Kokoro follows no instructions.")
    timestamps: Timestamps | None = Field(
        None,
        description="Extension. With server-sent events: `speech.audio.words` says when each word is heard.",
    )


Body = TypeVar("Body", bound=TextBody)


def parse_speech(body: bytes, catalogue: Catalogue, settings: Settings) -> SpeechRequest:
    """Read the body of a speech request.

    Raises:
        RequestError: the body, a field, the model or the voice is not acceptable, checked in this order.
        UnsupportedRate: the format cannot hold the sample rate.
    """
    speech = parse_body(SpeechBody, body, settings)
    if speech.timestamps and speech.stream_format != "sse":
        message = (
            "Invalid 'timestamps': raw audio has no place for them. Set 'stream_format' to 'sse', or ask for "
            "/dev/captioned_speech or /v1/audio/captions."
        )
        raise InvalidField(message, param="timestamps", code="invalid_value")
    return order(speech, catalogue, settings)


def parse_body(shape: type[Body], body: bytes, settings: Settings) -> Body:
    """Read a body that names a model.

    Raises:
        RequestError: the body, a field or the model is not acceptable, checked in this order.
    """
    asked = read_body(shape, body, settings)
    if not (settings.any_model or is_known_model(asked.model)):
        model = shortened(asked.model)
        raise ModelNotFound(f"The model `{model}` does not exist. Listed are: {', '.join(MODELS)}.")
    return asked


def order(asked: TextBody, catalogue: Catalogue, settings: Settings, **fixed: Any) -> SpeechRequest:
    """The request that a body makes, with some fields as they are `fixed`.

    Raises:
        RequestError: the voice, or a field beside others, is not acceptable.
        UnsupportedRate: the format cannot hold the sample rate.
    """
    fields = asked.model_dump(include=_OF_A_REQUEST) | {"pronunciations": tuple(asked.pronunciations.items())}
    voice = asked.voice.strip() or settings.voice
    return SpeechRequest.from_fields(catalogue, asked.input, voice, **fields | fixed)


_OF_A_REQUEST: Final = {field.name for field in dataclass_fields(SpeechRequest)} - {"input", "voice"}
