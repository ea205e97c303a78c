"""The wire shapes: the one place that names fields, their ranges and defaults; a request is parsed here once.

Knows JSON and the OpenAI names; knows nothing of how speech is made.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from gateway.audio.encoders import ENCODERS, supported_rate
from gateway.audio.pcm import SAMPLE_RATE
from gateway.http.errors import BodyTooLarge, MalformedBody
from gateway.speech.errors import InvalidField, UnknownModel, shortened
from gateway.speech.request import Format, SpeechRequest, StreamFormat

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from gateway.settings import Settings
    from inference import Catalogue

MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "kokoro", "hexgrad/Kokoro-82M")
"""Models that are listed; `is_known_model` knows their snapshots and relatives too."""

NAME_CHARS = 500
"""Longest name of a voice, a model or a language: a mix of eight voices with 18 digits of weight each has 400."""

LONGEST_ESCAPE = 12
"""Bytes of `\\ud83d\\ude00`, the longest way to write one character in JSON."""

OTHER_BYTES = 1 << 20
"""Most bytes of a body besides its text."""

SMALL_BYTES = 64 << 10
"""Up to here `json` builds all that is in a body, in 10 ms at worst. For 1 MiB of empty lists it took 150 ms; msgspec
skips what is not ours in 4 ms, but takes no NaN and no lone surrogate."""

_OPENAI_MODEL = re.compile(r"(tts-1(-hd)?|gpt-4o-mini-tts)(-\d{4}(-\d\d-\d\d)?)?")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")


def is_known_model(name: str) -> bool:
    """True for OpenAI's speech models with their snapshots and for anything called Kokoro."""
    name = name.lower().removeprefix("openai/")
    return "kokoro" in name or _OPENAI_MODEL.fullmatch(name) is not None


def speakable(text: Any) -> Any:
    """`text` without what no phonemizer can take: lone surrogates, control characters other than breaks."""
    if not isinstance(text, str):
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _CONTROL.sub(" ", whole)


def _number(value: Any) -> Any:
    if isinstance(value, bool | str):  # pydantic would take True for 1 and "1" too; the document would not
        raise PydanticCustomError("number_type", "Input should be a valid number")
    return value


def _as_taken(schema: dict[str, Any]) -> None:
    """Say in the schema what the annotations of the fields cannot."""
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


Name = Annotated[str, Field(max_length=NAME_CHARS)]


class VoiceId(BaseModel):
    """A voice by its id, the way OpenAI's custom voices are named."""

    id: Name = Field(description="Name of the voice.")


def _voice_name(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value


class SpeechBody(BaseModel):
    """Body of a speech request. Null means the default; fields that are not listed are ignored."""

    model_config = ConfigDict(extra="ignore", json_schema_extra=_as_taken)

    model: str = Field(
        min_length=1,
        max_length=NAME_CHARS,
        description="An OpenAI speech model or Kokoro; all of them speak with Kokoro.",
        examples=["tts-1"],
    )
    input: Annotated[str, BeforeValidator(speakable)] = Field(
        min_length=1, description="Text to speak.", examples=["Hello, world."]
    )
    voice: Annotated[str, BeforeValidator(_voice_name, json_schema_input_type=Name | VoiceId)] = Field(
        "",
        max_length=NAME_CHARS,
        description="An OpenAI voice, a Kokoro voice or a mix; empty: the default voice.",
        examples=["alloy", "af_heart"],
    )
    response_format: Format = Field(
        "mp3", description="Container and codec; pcm is 16-bit little-endian mono."
    )
    speed: Annotated[float, BeforeValidator(_number)] = Field(
        1.0, ge=0.25, le=4.0, description="Rate of speech; 1 is the voice's own."
    )
    stream_format: StreamFormat = Field(
        "audio", description="Raw audio, or server-sent events that carry it."
    )
    instructions: Any = Field(None, description="Taken and ignored: Kokoro follows no instructions.")
    stream: StrictBool = Field(
        True, description="Extension. False: the whole audio in one piece with its Content-Length."
    )
    lang_code: str = Field(
        "",
        max_length=NAME_CHARS,
        description="Extension. Language of the text if not that of the voice.",
        examples=["en-gb", "es", "a"],
    )
    volume_multiplier: Annotated[float, BeforeValidator(_number)] = Field(
        1.0, ge=0.0, le=10.0, description="Extension. Loudness; 1 leaves it alone."
    )
    sample_rate: Annotated[int, BeforeValidator(_number)] = Field(
        SAMPLE_RATE,
        ge=8000,
        le=48000,
        description="Extension. Samples a second, where the format can hold them.",
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_default(cls, fields: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if value is not None}


_NAMED = tuple(name for name in SpeechBody.model_fields if name != "instructions")
_SKIPPING = msgspec.json.Decoder(
    msgspec.defstruct("_Named", [(name, msgspec.Raw, msgspec.Raw(b"")) for name in _NAMED])
)


def parse_speech(body: bytes, catalogue: Catalogue, settings: Settings) -> SpeechRequest:
    """Read the body of a speech request.

    Raises:
        RequestError: the body, a field or the model is not acceptable, checked in this order.
        UnsupportedRate: the format cannot hold the sample rate.
        UnknownVoice: the catalogue has no such voice.
    """
    fields = _validated(_fields(body, settings), settings)
    _check(fields)
    if not (settings.any_model or is_known_model(fields.model)):
        model = shortened(fields.model)
        raise UnknownModel(f"The model `{model}` does not exist. Listed are: {', '.join(MODELS)}.")
    voice = catalogue.resolve(fields.voice.strip() or settings.voice)
    lang_code = _language(fields.lang_code, catalogue)
    given = fields.model_dump(exclude={"voice", "lang_code", "instructions"})
    return SpeechRequest(voice=voice, lang_code=lang_code, **given)


def _fields(body: bytes, settings: Settings) -> dict[str, Any]:
    """The fields of the JSON object in `body`; of a large one only those that are ours."""
    most = LONGEST_ESCAPE * settings.max_input_chars + OTHER_BYTES
    if len(body) > most:
        raise BodyTooLarge(f"The body of your request is larger than {most} bytes, more than any text needs.")
    try:
        fields = json.loads(body.decode("utf-8-sig")) if len(body) <= SMALL_BYTES else _named_fields(body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise MalformedBody(
            "We could not parse the JSON body of your request. "
            "(HINT: it has to be one JSON object, encoded in UTF-8, such as "
            '{"model": "tts-1", "input": "Hello.", "voice": "alloy"}.)'
        )
    return fields


def _named_fields(body: bytes) -> dict[str, Any]:
    found = _SKIPPING.decode(body.removeprefix(BOM_UTF8))
    raws = {name: bytes(getattr(found, name)) for name in _NAMED}
    return {name: _value(raw) for name, raw in raws.items() if raw}


def _value(raw: bytes) -> Any:
    # Of this size only a text can be right: anything else need not be built to be refused for its type.
    return json.loads(raw.decode()) if len(raw) <= SMALL_BYTES or raw.startswith(b'"') else []


def _validated(fields: dict[str, Any], settings: Settings) -> SpeechBody:
    text, most = fields.get("input"), settings.max_input_chars
    if isinstance(text, str) and len(text) > most:
        raise InvalidField(
            f"Invalid 'input': {len(text)} characters, and at most {most} are taken. "
            "Send it in parts, or raise KOKORO_MAX_INPUT_CHARS.",
            param="input",
            code="string_above_max_length",
        )
    try:
        return SpeechBody.model_validate(fields)
    except ValidationError as invalid:
        raise _field_error(invalid.errors(include_url=False)[0]) from None


def _check(fields: SpeechBody) -> None:
    if not fields.input.strip():
        raise InvalidField("Invalid 'input': there is no text in it.", param="input", code="empty_string")
    supported_rate(fields.response_format, fields.sample_rate)


def _language(code: str, catalogue: Catalogue) -> str:
    """The language meant by `en-gb`, `en_GB`, `es` or the first letter of a voice's name; empty for none."""
    languages: dict[str, str] = {}
    for voice in catalogue.voices:
        for spelling in (voice.language, voice.language.partition("-")[0], voice.id[0]):
            languages.setdefault(spelling, voice.language)
    code = code.strip().lower().replace("_", "-")
    if code and code not in languages:
        choices = ", ".join(sorted(set(languages.values())))
        raise InvalidField(
            f"Invalid 'lang_code': no voice speaks '{shortened(code)}'; choose one of {choices}.",
            param="lang_code",
            code="invalid_value",
        )
    return languages.get(code, "")


def _field_error(error: ErrorDetails) -> InvalidField:
    """What pydantic found wrong, in the words and codes of the OpenAI API."""
    param, kind, value = str(error["loc"][0]), error["type"], error["input"]
    message = f"Invalid '{param}': {error['msg'][0].lower()}{error['msg'][1:]}."
    if kind == "missing" or (kind == "string_too_short" and param == "model"):
        code, message = "missing_required_parameter", f"you must provide a {param} parameter"
    elif kind == "string_too_short":
        code = "empty_string"
    elif kind == "string_too_long":
        code = "string_above_max_length"
    elif kind == "literal_error" and isinstance(value, str):
        code = "invalid_value"
    elif kind in ("greater_than_equal", "less_than_equal") or (
        kind == "float_type" and isinstance(value, int)
    ):
        code = "integer_out_of_range" if param == "sample_rate" else "decimal_out_of_range"
    else:
        code = "invalid_type"
    return InvalidField(message, param=param, code=code)


class VoiceItem(BaseModel):
    """A voice that may be asked for."""

    id: str
    name: str
    language: str
    gender: str


class VoiceList(BaseModel):
    """Every voice, the OpenAI names among them."""

    voices: list[VoiceItem]


class VoiceNames(BaseModel):
    """Only the names of the voices, as older clients want them."""

    voices: list[str]


class Model(BaseModel):
    """A model that may be asked for."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelList(BaseModel):
    """The models, as OpenAI lists them."""

    object: Literal["list"] = "list"
    data: list[Model]


class ModelName(BaseModel):
    """A model as pickers of speech models want it."""

    id: str
    name: str


class AudioModelList(BaseModel):
    """The models, for pickers of speech models."""

    models: list[ModelName]


class Health(BaseModel):
    """State of the gateway."""

    status: str
    version: str
