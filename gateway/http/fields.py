"""Fields of bodies and queries, of whichever API: what they may hold, how they are read, what is said of a wrong one.

Knows no field's meaning.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError
from pydantic_core import PydanticCustomError

from gateway.http.json_body import ObjectReader
from gateway.http.request_errors import BodyTooLarge
from gateway.speech.errors import InvalidField
from gateway.speech.request import check_length, speakable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

    from gateway.settings import Settings

NAME_CHARS: Final = 500
"""Longest name of a voice, a model or a language: a mix of eight voices with 18 digits of weight each has 400."""

_LONGEST_ESCAPE: Final = 12
"""Bytes of `\\ud83d\\ude00`, the longest way to write one character in JSON."""

_OTHER_BYTES: Final = 1 << 20
"""Most bytes of a body besides its text."""

NOT_BLANK: Final = r"[^\s\x00-\x1f\x7f-\x9f]"
"""Of a text that is more than spaces and what becomes of control characters: for the document."""

Shape = TypeVar("Shape", bound=BaseModel)


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


SpeakableText = Annotated[str, BeforeValidator(plain_text), AfterValidator(not_blank)]
PlainNumber = Annotated[float, BeforeValidator(plain_number)]


def read_body(shape: type[Shape], body: bytes, settings: Settings, text: str = "input") -> Shape:
    """The fields of a body, whose text is in the field of this name.

    Raises:
        RequestError: the body, the length of the text or a field is not acceptable, checked in this order.
    """
    most = _LONGEST_ESCAPE * settings.max_input_chars + _OTHER_BYTES
    if len(body) > most:
        raise BodyTooLarge(f"The body of your request is larger than {most} bytes, more than any text needs.")
    fields = _reader(shape).read(body)
    if isinstance(given := fields.get(text), str):
        check_length(given, settings.max_input_chars)
    return checked(shape, fields)


@cache
def _reader(shape: type[BaseModel]) -> ObjectReader:
    """Of all fields but the one that may hold anything and is ignored."""
    return ObjectReader([name for name in shape.model_fields if name != "instructions"])


def checked(shape: type[Shape], fields: Mapping[str, Any]) -> Shape:
    """The fields in their shape.

    Raises:
        InvalidField: one of them is not acceptable.
    """
    try:
        return shape.model_validate(fields)
    except ValidationError as invalid:
        raise _field_error(invalid.errors(include_url=False)[0]) from None


_CODES: Final[Mapping[str, str]] = {
    "string_too_short": "empty_string",
    "string_too_long": "string_above_max_length",
    "too_long": "object_above_max_properties",
    "literal_error": "invalid_value",
}
"""What the OpenAI API calls what pydantic found; all else is of a wrong type."""

_OUT_OF_RANGE: Final = frozenset({"greater_than_equal", "less_than_equal"})


def _field_error(error: ErrorDetails) -> InvalidField:
    """What pydantic found wrong, in the words and codes of the OpenAI API."""
    param, kind = str(error["loc"][0]), error["type"]
    if kind == "missing" or (kind == "string_too_short" and param == "model"):
        message = f"you must provide a {param} parameter"
        return InvalidField(message, param=param, code="missing_required_parameter")
    message = f"Invalid '{param}': {error['msg'][0].lower()}{error['msg'][1:]}."
    return InvalidField(message, param=param, code=_code(param, kind, error["input"]))


def _code(param: str, kind: str, value: object) -> str:
    if kind in _OUT_OF_RANGE or (kind == "float_type" and isinstance(value, int)):
        return "integer_out_of_range" if param == "sample_rate" else "decimal_out_of_range"
    if kind == "literal_error" and not isinstance(value, str):
        return "invalid_type"
    return _CODES.get(kind, "invalid_type")
