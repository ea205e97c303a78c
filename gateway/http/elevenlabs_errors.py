"""How errors are told to ElevenLabs' clients: a status in words, and a message. Knows errors, and no route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, Field

from gateway.http.request_errors import MissingKey, TooManyRequests, WrongKey
from gateway.speech.elevenlabs_names import UnknownFormat
from gateway.speech.errors import RequestError, TextTooLong
from gateway.speech.voices import UnknownVoice
from gateway.talk.errors import InputTimeout, TooManyContexts
from inference import PoolClosed, PoolSaturated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.http.error_statuses import ErrorStatus


class Detail(BaseModel):
    """What went wrong, for programs and for people."""

    status: str = Field(description="Cause, for programs.")
    message: str = Field(description="What went wrong and what to do about it.")


class DetailEnvelope(BaseModel):
    """The body of every answer that is not 2xx, where ElevenLabs' clients ask."""

    detail: Detail


WORDS: Final[Mapping[type[Exception], str]] = {
    UnknownVoice: "voice_not_found",
    UnknownFormat: "invalid_output_format",
    TextTooLong: "max_character_limit_exceeded",
    MissingKey: "invalid_api_key",
    WrongKey: "invalid_api_key",
    TooManyRequests: "too_many_concurrent_requests",
    TooManyContexts: "max_contexts",
    InputTimeout: "input_timeout_exceeded",
    RequestError: "invalid_request",
    PoolSaturated: "queue_full",
    PoolClosed: "system_busy",
    Exception: "internal_server_error",
}
"""The status in words by class; the nearest ancestor of an exception's class speaks for it."""

_NOT_FOUND: Final = 404


def word_for(exc: Exception) -> str:
    """The cause of `exc`, for programs."""
    return next(WORDS[kind] for kind in type(exc).__mro__ if kind in WORDS)


def in_detail(row: ErrorStatus, exc: Exception) -> tuple[int, DetailEnvelope]:
    """The status and the body that tell of `exc`; `row` is what the table of errors says of it."""
    status = _NOT_FOUND if isinstance(exc, UnknownVoice) else row.status
    return status, DetailEnvelope(detail=Detail(status=word_for(exc), message=row.told(exc)))
