"""How errors are told to clients, whoever raised them: the one table of statuses, and the OpenAI error envelope.

Knows HTTP; knows no route and no field.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

import structlog
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response

from gateway.audio.encoders import UnsupportedRate
from gateway.http.errors import (
    BodyTooLarge,
    BodyTooSlow,
    ClientStalled,
    MalformedBody,
    MissingKey,
    ModelNotFound,
    NotReady,
    TooManyRequests,
    UnknownRoute,
    WrongKey,
    WrongMethod,
)
from gateway.http.middleware import HANDSHAKES_TOO, HttpMiddleware
from gateway.speech.errors import InvalidField, RequestError, TextTooLong, shortened
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

    from starlette.requests import Request
    from starlette.types import Message, Receive, Scope, Send

    from gateway.speech.record import Outcome, RequestRecord

logger = structlog.stdlib.get_logger(__name__)

FAULT = "The server had an error while processing your request. Sorry about that! The log has the cause."
BUSY = "The server is at capacity right now. Please try again shortly."
CLOSING = "The server is starting or shutting down. Please try again shortly."
LONGEST_RETRY_S = 30
"""Upper bound of Retry-After: the OpenAI SDK for Node ignores more than 60 s, the one for Python gives up at 120."""


@dataclass(frozen=True)
class Told:
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


def _fault(outcome: Outcome = "failed", *, should_retry: bool | None = None) -> Told:
    return Told(500, outcome, "server_error", message=FAULT, should_retry=should_retry)


def _unavailable(outcome: Outcome, message: str | None, retry_after_s: int) -> Told:
    return Told(503, outcome, "server_error", None, "overloaded", message, retry_after_s=retry_after_s)


TOLD: Mapping[type[Exception], Told] = {
    UnknownRoute: Told(404, "not_found"),
    WrongMethod: Told(405, "not_found", code="method_not_supported"),
    MalformedBody: Told(400, "invalid"),
    InvalidField: Told(400, "invalid"),
    TextTooLong: Told(400, "invalid", advice=" Send it in parts, or raise KOKORO_MAX_INPUT_CHARS."),
    ModelNotFound: Told(404, "invalid", param="model", code="model_not_found"),
    UnknownVoice: Told(400, "invalid"),
    UnsupportedRate: Told(400, "invalid", param="sample_rate", code="invalid_value"),
    UnsupportedLanguage: Told(400, "invalid", param="voice", code="unsupported_language"),
    MissingKey: Told(401, "refused_auth"),
    WrongKey: Told(401, "refused_auth", code="invalid_api_key"),
    BodyTooLarge: Told(413, "invalid"),
    BodyTooSlow: Told(408, "timeout"),
    TooManyRequests: Told(429, "refused_rate", "requests", None, "rate_limit_exceeded", retry_after_s=1),
    ClientStalled: Told(408, "client_gone"),
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


def _row(exc: Exception) -> Told:
    """The row of the table for `exc`."""
    return next(TOLD[kind] for kind in type(exc).__mro__ if kind in TOLD)


def error_response(request: HTTPConnection, exc: Exception) -> Response:
    """Tell the client about `exc`, and note on the request's record how it ended."""
    told = _row(exc)
    record: RequestRecord = request.state.record
    record.failed(exc, told.outcome)
    detail = ErrorDetail(
        message=(told.message or str(exc)) + told.advice,
        type=told.type,
        param=getattr(exc, "param", None) or told.param,
        code=getattr(exc, "code", None) or told.code,
    )
    body = json.dumps(ErrorEnvelope(error=detail).model_dump())  # in ASCII: a name may hold a lone surrogate
    return Response(body, told.status, _headers(told, exc), "application/json")


async def routing_error(request: Request, exc: Exception) -> Response:
    """Tell the client that no route has its path, or that the route is not for its method."""
    assert isinstance(exc, HTTPException)
    path = shortened(request.url.path)
    if exc.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allow = ", ".join(sorted((exc.headers or {})["Allow"].split(", ")))
        hint = f"Not allowed to {request.method} on {path}. (HINT: Allowed is {allow}.)"
        return error_response(request, WrongMethod(hint, headers={"allow": allow}))
    return error_response(request, UnknownRoute(f"Invalid URL ({request.method} {path})"))


def _headers(told: Told, exc: Exception) -> dict[str, str]:
    headers = dict(exc.headers) if isinstance(exc, RequestError) else {}
    if told.retry_after_s is not None:
        wait_s = exc.wait_s if isinstance(exc, PoolSaturated) else told.retry_after_s
        headers["retry-after"] = str(min(max(math.ceil(wait_s), 1), LONGEST_RETRY_S))
    if told.should_retry is not None:
        headers["x-should-retry"] = str(told.should_retry).lower()
    return headers


class ErrorReplies(HttpMiddleware):
    """Tells clients what was raised before the response began; what is raised later cuts the connection.

    A response that is cut is seen by every client; one that ends early and cleanly is taken for a success.
    Lives as long as the application.
    """

    stands_before = HANDSHAKES_TOO

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_noted)
        except Exception as error:
            response = error_response(HTTPConnection(scope), error)
            is_ours = has_begun or response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
            if is_ours and not isinstance(error, ClientStalled):
                logger.exception("request_failed")
            if has_begun:
                raise
            await response(scope, receive, send)
