"""How errors are told to clients, whoever raised them: in the OpenAI error envelope, or by cutting the connection.

Knows HTTP; which status each error has is in `error_statuses`.
"""

from __future__ import annotations

import json
import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import structlog
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response

from gateway.http.elevenlabs_errors import in_detail
from gateway.http.error_statuses import ErrorStatus, status_of
from gateway.http.middleware import HANDSHAKES_TOO, HttpMiddleware
from gateway.http.request_errors import ClientStalled, UnknownRoute, WrongMethod
from gateway.speech.errors import RequestError, shortened
from inference import PoolSaturated

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gateway.http.paths import PathSet
    from gateway.speech.record import RequestRecord

    Told: TypeAlias = Callable[[ErrorStatus, Exception], tuple[int, BaseModel]]

logger = structlog.stdlib.get_logger(__name__)

LONGEST_RETRY_S: Final = 30
"""Upper bound of Retry-After: the OpenAI SDK for Node ignores more than 60 s, the one for Python gives up at 120."""


class ErrorDetail(BaseModel):
    """What went wrong, for people and for programs."""

    message: str = Field(description="What went wrong and what to do about it.")
    type: str = Field(description="Kind of error: invalid_request_error, requests or server_error.")
    param: str | None = Field(description="Field of the request at fault, if one is.")
    code: str | None = Field(description="Cause, for programs.")


class ErrorEnvelope(BaseModel):
    """The body of every answer that is not 2xx."""

    error: ErrorDetail


def in_envelope(row: ErrorStatus, exc: Exception) -> tuple[int, BaseModel]:
    """The status and the body that tell of `exc`; `row` is what the table of errors says of it."""
    detail = ErrorDetail(
        message=row.told(exc),
        type=row.type,
        param=getattr(exc, "param", None) or row.param,
        code=getattr(exc, "code", None) or row.code,
    )
    return row.status, ErrorEnvelope(error=detail)


def error_response(request: HTTPConnection, exc: Exception, told: Told = in_envelope) -> Response:
    """Tell the client about `exc`, and note on the request's record how it ended."""
    row = status_of(exc)
    record: RequestRecord = request.state.record
    record.failed(exc, row.outcome)
    status, shape = told(row, exc)
    body = json.dumps(shape.model_dump())  # in ASCII: a name may hold a lone surrogate
    return Response(body, status, _headers(row, exc), "application/json")


async def no_route(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands for a route where there is none for what is asked, be it a request or the handshake of a WebSocket.

    Raises:
        UnknownRoute: always.
    """
    del receive, send
    method, path = scope.get("method", "GET"), shortened(scope["path"])
    raise UnknownRoute(f"Invalid URL ({method} {path})")


async def wrong_method(request: Request, exc: Exception) -> Response:
    """Stands for the only error that Starlette raises by itself: the route is not for this method.

    Raises:
        WrongMethod: always; it is told in the shape of the route.
    """
    assert isinstance(exc, HTTPException)
    allow = ", ".join(sorted((exc.headers or {})["Allow"].split(", ")))
    hint = f"Not allowed to {request.method} on {shortened(request.url.path)}. (HINT: Allowed is {allow}.)"
    raise WrongMethod(hint, headers={"allow": allow})


def _headers(row: ErrorStatus, exc: Exception) -> dict[str, str]:
    headers = dict(exc.headers) if isinstance(exc, RequestError) else {}
    if row.retry_after_s is not None:
        wait_s = exc.wait_s if isinstance(exc, PoolSaturated) else row.retry_after_s
        headers["retry-after"] = str(min(max(math.ceil(wait_s), 1), LONGEST_RETRY_S))
    if row.should_retry is not None:
        headers["x-should-retry"] = str(row.should_retry).lower()
    return headers


class ErrorReplies(HttpMiddleware):
    """Tells clients what was raised before the response began; what is raised later cuts the connection.

    A response that is cut is seen by every client; one that ends early and cleanly is taken for a success.
    At the paths in `detailed` as ElevenLabs' clients read it. Lives as long as the application.
    """

    stands_before = HANDSHAKES_TOO

    def __init__(self, app: ASGIApp, detailed: PathSet) -> None:
        super().__init__(app)
        self._detailed = detailed

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_noted)
        except Exception as error:
            told = in_detail if scope["path"] in self._detailed else in_envelope
            response = error_response(HTTPConnection(scope), error, told)
            is_ours = has_begun or response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
            if is_ours and not isinstance(error, ClientStalled):
                logger.exception("request_failed")
            if has_begun:
                raise
            await response(scope, receive, send)
