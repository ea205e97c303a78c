"""What can be wrong with a request, and the one table that tells clients about errors, whoever raised them.

Knows HTTP statuses and the OpenAI error envelope; knows no route and no field.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.audio.encoders import UnsupportedRate
from gateway.speech.errors import InvalidField, RequestError, TextTooLong, UnknownModel, shortened
from gateway.speech.voices import UnknownVoice
from inference import (
    InferenceError,
    JobPoisoned,
    JobTimeout,
    PoolClosed,
    PoolSaturated,
    UnsupportedLanguage,
    WorkerFailedToStart,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import HTTPConnection, Request

    from gateway.speech.record import Outcome, RequestRecord

FAULT = "The server had an error while processing your request. Sorry about that! The log has the cause."
BUSY = "The server is at capacity right now. Please try again shortly."
CLOSING = "The server is starting or shutting down. Please try again shortly."
LONGEST_RETRY_S = 30
"""Upper bound of Retry-After: the OpenAI SDK for Node ignores more than 60 s, the one for Python gives up at 120."""


class UnknownRoute(RequestError):
    """No route has this path."""


class WrongMethod(RequestError):
    """The route exists, but not for this method."""


class MalformedBody(RequestError):
    """The body is no JSON object."""


class MissingKey(RequestError):
    """A key is required and none came in a form that can be read."""


class WrongKey(RequestError):
    """A key came that is not among ours."""


class BodyTooLarge(RequestError):
    """The body is larger than the limit."""


class TooManyRequests(RequestError):
    """This key has as many requests running as it may."""


class BodyTooSlow(RequestError):
    """The body did not arrive within its time."""


class ClientStalled(ConnectionError):
    """The client is connected but does not read: its place is given to others."""


class NotReady(RequestError):
    """No worker can take a request now."""


@dataclass(frozen=True)
class Answer:
    """How one class of error is told to clients. Lives as long as the process."""

    status: int
    outcome: Outcome
    type: Literal["invalid_request_error", "server_error", "requests"] = "invalid_request_error"
    param: str | None = None
    code: str | None = None
    message: str | None = None
    """Our sentence; None: the exception's own message is written for clients."""
    advice: str = ""
    """What this door has to say about it, behind the message."""
    retry_after_s: int | None = None
    """Default of the Retry-After header; an exception that knows its wait overrides it."""
    should_retry: bool | None = None
    """Value of x-should-retry, which overrides what the OpenAI SDKs would do."""


def _fault(outcome: Outcome = "failed", *, should_retry: bool | None = None) -> Answer:
    return Answer(500, outcome, "server_error", message=FAULT, should_retry=should_retry)


def _unavailable(outcome: Outcome, message: str | None, retry_after_s: int) -> Answer:
    return Answer(503, outcome, "server_error", None, "overloaded", message, retry_after_s=retry_after_s)


ANSWERS: Mapping[type[Exception], Answer] = {
    UnknownRoute: Answer(404, "not_found"),
    WrongMethod: Answer(405, "not_found", code="method_not_supported"),
    MalformedBody: Answer(400, "invalid"),
    InvalidField: Answer(400, "invalid"),
    TextTooLong: Answer(400, "invalid", advice=" Send it in parts, or raise KOKORO_MAX_INPUT_CHARS."),
    UnknownModel: Answer(404, "invalid", param="model", code="model_not_found"),
    UnknownVoice: Answer(400, "invalid", param="voice", code="invalid_value"),
    UnsupportedRate: Answer(400, "invalid", param="sample_rate", code="invalid_value"),
    UnsupportedLanguage: Answer(400, "invalid", param="voice", code="unsupported_language"),
    MissingKey: Answer(401, "refused_auth"),
    WrongKey: Answer(401, "refused_auth", code="invalid_api_key"),
    BodyTooLarge: Answer(413, "invalid"),
    BodyTooSlow: Answer(408, "timeout"),
    TooManyRequests: Answer(429, "refused_rate", "requests", None, "rate_limit_exceeded", retry_after_s=1),
    ClientStalled: Answer(408, "client_gone"),
    PoolSaturated: _unavailable("refused_queue", BUSY, 1),
    PoolClosed: _unavailable("draining", CLOSING, 5),
    NotReady: _unavailable("draining", None, 5),
    WorkerFailedToStart: _unavailable("failed", CLOSING, 10),
    JobTimeout: _fault("timeout"),
    JobPoisoned: _fault(should_retry=False),
    InferenceError: _fault(),
    Exception: _fault(),
}
"""The one table of errors, by class; the nearest ancestor of an exception's class speaks for it."""


class ErrorDetail(BaseModel):
    """What went wrong, for people and for programs."""

    message: str = Field(description="What went wrong and what to do about it.")
    type: str = Field(description="Kind of error: invalid_request_error, requests or server_error.")
    param: str | None = Field(description="Field of the request at fault, if one is.")
    code: str | None = Field(description="Cause, for programs.")


class ErrorEnvelope(BaseModel):
    """The body of every answer that is not 2xx."""

    error: ErrorDetail


def answer_for(exc: Exception) -> Answer:
    """The row of the table for `exc`."""
    return next(ANSWERS[kind] for kind in type(exc).__mro__ if kind in ANSWERS)


def error_response(request: HTTPConnection, exc: Exception) -> Response:
    """Tell the client about `exc`, and note on the request's record how it ended."""
    answer = answer_for(exc)
    record: RequestRecord = request.state.record
    record.failed(exc, answer.outcome)
    detail = ErrorDetail(
        message=(answer.message or str(exc)) + answer.advice,
        type=answer.type,
        param=getattr(exc, "param", None) or answer.param,
        code=getattr(exc, "code", None) or answer.code,
    )
    body = json.dumps(ErrorEnvelope(error=detail).model_dump())  # in ASCII: a name may hold a lone surrogate
    return Response(body, answer.status, _headers(answer, exc), "application/json")


async def routing_error(request: Request, exc: Exception) -> Response:
    """Tell the client that no route has its path, or that the route is not for its method."""
    assert isinstance(exc, HTTPException)
    path = shortened(request.url.path)
    if exc.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allow = ", ".join(sorted((exc.headers or {})["Allow"].split(", ")))
        hint = f"Not allowed to {request.method} on {path}. (HINT: Allowed is {allow}.)"
        return error_response(request, WrongMethod(hint, headers={"allow": allow}))
    return error_response(request, UnknownRoute(f"Invalid URL ({request.method} {path})"))


def _headers(answer: Answer, exc: Exception) -> dict[str, str]:
    headers = dict(exc.headers) if isinstance(exc, RequestError) else {}
    if answer.retry_after_s is not None:
        wait_s = exc.wait_s if isinstance(exc, PoolSaturated) else answer.retry_after_s
        headers["retry-after"] = str(min(max(math.ceil(wait_s), 1), LONGEST_RETRY_S))
    if answer.should_retry is not None:
        headers["x-should-retry"] = str(answer.should_retry).lower()
    return headers
