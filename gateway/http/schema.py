"""The wire shapes of what is asked for: JSON with the OpenAI names. A speech request is parsed here once.

Knows fields and models' names; knows nothing of how speech is made.
"""

from __future__ import annotations

import re
from dataclasses import fields as dataclass_fields
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from gateway.audio.encoders import ENCODERS
from gateway.audio.pcm import SAMPLE_RATE
from gateway.http.json_body import ObjectReader
from gateway.http.request_errors import BodyTooLarge, ModelNotFound
from gateway.speech.errors import InvalidField, shortened
from gateway.speech.request import (
    RATES,
    SPEEDS,
    VOLUMES,
    Format,
    SpeechRequest,
    StreamFormat,
    Timestamps,
    check_length,
    speakable,
)
from inference import LANGUAGES, LONGEST_SAID, LONGEST_WORD, phoneme_letters

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from gateway.settings import Settings
    from gateway.speech.voices import Catalogue

MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "kokoro", "hexgrad/Kokoro-82M")
"""Models that are listed; `is_known_model` knows their snapshots and relatives too."""

NAME_CHARS = 500
"""Longest name of a voice, a model or a language: a mix of eight voices with 18 digits of weight each has 400."""

LONGEST_ESCAPE = 12
"""Bytes of `\\ud83d\\ude00`, the longest way to write one character in JSON."""

OTHER_BYTES = 1 << 20
"""Most bytes of a body besides its text."""

NOT_BLANK = r"[^\s\x00-\x1f\x7f-\x9f]"
"""Of a text that is more than spaces and what becomes of control characters: for the document."""

_MOST_PRONUNCIATIONS = 100

_OPENAI_MODEL = re.compile(r"(tts-1(-hd)?|gpt-4o-mini-tts)(-\d{4}(-\d\d-\d\d)?)?")


def is_known_model(name: str) -> bool:
    """True for OpenAI's speech models with their snapshots and for anything called Kokoro."""
    name = name.lower().removeprefix("openai/")
    return "kokoro" in name or _OPENAI_MODEL.fullmatch(name) is not None


def plain_text(value: Any) -> Any:
    """A text without what pydantic refuses and no phonemizer can take."""
    return speakable(value) if isinstance(value, str) else value  # pydantic takes no lone surrogates


def not_blank(text: str) -> str:
    """Refuse a text of nothing but spaces."""
    if not text.strip():
        raise PydanticCustomError("string_too_short", "There is no text in it")
    return text


def plain_number(value: Any) -> Any:
    """Refuse what pydantic takes for a number, and the document does not."""
    if isinstance(value, bool | str):  # pydantic would take True for 1 and "1" too; the document would not
        raise PydanticCustomError("number_type", "Input should be a valid number")
    return value


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
    input: Annotated[str, BeforeValidator(plain_text), AfterValidator(not_blank)] = Field(
        min_length=1, description="Text to speak.", examples=["Hello, world."]
    )
    voice: Annotated[str, BeforeValidator(_voice_name, json_schema_input_type=Name | VoiceId)] = Field(
        "",
        max_length=NAME_CHARS,
        description="An OpenAI voice, a Kokoro voice or a mix; empty: the default voice.",
        examples=["alloy", "af_heart"],
    )
    speed: Annotated[float, BeforeValidator(plain_number)] = Field(
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
    volume_multiplier: Annotated[float, BeforeValidator(plain_number)] = Field(
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


@cache
def _reader(shape: type[TextBody]) -> ObjectReader:
    return ObjectReader([name for name in shape.model_fields if name != "instructions"])


def check_body(body: bytes, settings: Settings) -> None:
    """Refuse a body that is larger than any text needs, before anything reads it.

    Raises:
        BodyTooLarge: it is.
    """
    most = LONGEST_ESCAPE * settings.max_input_chars + OTHER_BYTES
    if len(body) > most:
        raise BodyTooLarge(f"The body of your request is larger than {most} bytes, more than any text needs.")


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
    """Read a body that holds a text.

    Raises:
        RequestError: the body, a field or the model is not acceptable, checked in this order.
    """
    check_body(body, settings)
    fields = _reader(shape).read(body)
    if isinstance(text := fields.get("input"), str):
        check_length(text, settings.max_input_chars)
    try:
        asked = shape.model_validate(fields)
    except ValidationError as invalid:
        raise field_error(invalid.errors(include_url=False)[0]) from None
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


def field_error(error: ErrorDetails) -> InvalidField:
    """What pydantic found wrong, in the words and codes of the OpenAI API."""
    param, kind, value = str(error["loc"][0]), error["type"], error["input"]
    message = f"Invalid '{param}': {error['msg'][0].lower()}{error['msg'][1:]}."
    if kind == "missing" or (kind == "string_too_short" and param == "model"):
        code, message = "missing_required_parameter", f"you must provide a {param} parameter"
    elif kind == "string_too_short":
        code = "empty_string"
    elif kind == "string_too_long":
        code = "string_above_max_length"
    elif kind == "too_long":
        code = "object_above_max_properties"
    elif kind == "literal_error" and isinstance(value, str):
        code = "invalid_value"
    elif kind in ("greater_than_equal", "less_than_equal") or (
        kind == "float_type" and isinstance(value, int)
    ):
        code = "integer_out_of_range" if param == "sample_rate" else "decimal_out_of_range"
    else:
        code = "invalid_type"
    return InvalidField(message, param=param, code=code)
