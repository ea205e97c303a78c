"""The one table of errors: which status, code and sentence clients get for each exception, whoever raised it.

Knows the classes of errors; knows no request and no reply.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from gateway.audio.encoder import UnsupportedRate
from gateway.http.request_errors import (
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
from gateway.speech.errors import InvalidField, TextTooLong
from gateway.speech.voices import UnknownVoice
from gateway.talk.errors import BadMessage, InputTimeout, TooManyContexts
from inference import (
    InferenceError,
    InvalidPronunciation,
    JobPoisoned,
    JobTimeout,
    PoolClosed,
    PoolSaturated,
    UnsupportedLanguage,
    WorkerFailedToStart,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.speech.record import Outcome

FAULT: Final = (
    "The server had an error while processing your request. Sorry about that! The log has the cause."
)
BUSY: Final = "The server is at capacity right now. Please try again shortly."
CLOSING: Final = "The server is starting or shutting down. Please try again shortly."


@dataclass(frozen=True)
class ErrorStatus:
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

    def told(self, exc: Exception) -> str:
        """What clients are told of `exc`."""
        return (self.message or str(exc)) + self.advice


def _fault(outcome: Outcome = "failed", *, should_retry: bool | None = None) -> ErrorStatus:
    return ErrorStatus(500, outcome, "server_error", message=FAULT, should_retry=should_retry)


def _unavailable(outcome: Outcome, message: str | None, retry_after_s: int) -> ErrorStatus:
    return ErrorStatus(503, outcome, "server_error", None, "overloaded", message, retry_after_s=retry_after_s)


ERROR_STATUSES: Final[Mapping[type[Exception], ErrorStatus]] = {
    UnknownRoute: ErrorStatus(404, "not_found"),
    WrongMethod: ErrorStatus(405, "not_found", code="method_not_supported"),
    MalformedBody: ErrorStatus(400, "invalid"),
    InvalidField: ErrorStatus(400, "invalid"),
    TextTooLong: ErrorStatus(400, "invalid", advice=" Send it in parts, or raise KOKORO_MAX_INPUT_CHARS."),
    ModelNotFound: ErrorStatus(404, "invalid", param="model", code="model_not_found"),
    UnknownVoice: ErrorStatus(400, "invalid"),
    UnsupportedRate: ErrorStatus(400, "invalid", param="sample_rate", code="invalid_value"),
    UnsupportedLanguage: ErrorStatus(400, "invalid", param="voice", code="unsupported_language"),
    InvalidPronunciation: ErrorStatus(400, "invalid", param="pronunciations", code="invalid_value"),
    MissingKey: ErrorStatus(401, "refused_auth"),
    WrongKey: ErrorStatus(401, "refused_auth", code="invalid_api_key"),
    BadMessage: ErrorStatus(400, "invalid"),
    TooManyContexts: ErrorStatus(429, "refused_rate", "requests"),
    InputTimeout: ErrorStatus(408, "timeout"),
    BodyTooLarge: ErrorStatus(413, "invalid"),
    BodyTooSlow: ErrorStatus(408, "timeout"),
    TooManyRequests: ErrorStatus(
        429, "refused_rate", "requests", None, "rate_limit_exceeded", retry_after_s=1
    ),
    ClientStalled: ErrorStatus(408, "client_gone"),
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


def status_of(exc: Exception) -> ErrorStatus:
    """The row of the table for `exc`: that of the nearest ancestor of its class."""
    return next(ERROR_STATUSES[kind] for kind in type(exc).__mro__ if kind in ERROR_STATUSES)
