"""What happens to every request around its handler: record, body, CORS, errors, paths, keys; all of it pure ASGI.

Knows headers and bytes; knows no speech.
"""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from abc import ABC, abstractmethod
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response

from gateway.http.errors import (
    BodyTooLarge,
    BodyTooSlow,
    ClientStalled,
    MissingKey,
    TooManyRequests,
    WrongKey,
    error_response,
)
from gateway.speech.errors import RequestError
from gateway.speech.record import RequestRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gateway.keys import Keys
    from gateway.settings import Settings

logger = structlog.stdlib.get_logger(__name__)

API_VERSION = "2020-10-01"
"""What OpenAI sends as openai-version."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
EXPOSED = "X-Request-ID, X-Cache, Retry-After, OpenAI-Processing-Ms, Server-Timing"
NO_KEY = (
    "You didn't provide an API key. Send it in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY)."
)
READ_ON = 16
"""How many times the body limit is read and thrown away, so that the client gets to read our refusal."""

_PLAIN_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_ORIGIN = re.compile(r"^https?://[^/]*", re.IGNORECASE)
"""What a request in absolute form has before its path (RFC 9112, 3.2.2)."""
_SLASHES = re.compile(r"/{2,}")


REQUESTS = frozenset({"http"})
HANDSHAKES_TOO = REQUESTS | {"websocket"}
"""A WebSocket begins as a request: whoever guards requests stands before it as well. No route of ours is one yet."""


class HttpMiddleware(ABC):
    """What stands before the app in HTTP requests and lets everything else pass. Lives as long as the application."""

    stands_before: Collection[str] = REQUESTS

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or whatever else ASGI brings."""
        serve = self._serve if scope["type"] in self.stands_before else self.app
        await serve(scope, receive, send)

    @abstractmethod
    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class RequestLog(HttpMiddleware):
    """Makes the record of each request, puts its id and timings on the response, and writes it at the end.

    `note` gets the records of requests to the paths in `counted`, the refused ones among them. One of our `keys`
    is no id, which would be logged. Outermost of ours. Lives as long as the application.
    """

    stands_before = HANDSHAKES_TOO

    def __init__(
        self,
        app: ASGIApp,
        quiet: Collection[str],
        counted: Collection[str],
        note: Callable[[RequestRecord], None],
        keys: Keys,
    ) -> None:
        super().__init__(app)
        self._keys = keys
        self.counted = counted
        self.note = note
        self.quiet = quiet
        """Routes whose requests are logged at DEBUG when all is well: probes would drown the rest."""

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope.get("method", "GET")  # a handshake is a GET
        method = asked if asked in METHODS else "OTHER"
        record = RequestRecord(self._request_id(Headers(scope=scope)), method)
        record.part_of(Headers(scope=scope).get("traceparent", ""))
        scope.setdefault("state", {})["record"] = record

        async def send_recorded(message: Message) -> None:
            kind = message["type"].removeprefix("websocket.")  # of a handshake that is refused
            if kind == "http.response.start":
                record.answered(message["status"])
                _add_figures(MutableHeaders(scope=message), record)
            await send(message)
            if kind == "http.response.body" and not message.get("more_body"):
                record.sent_whole()

        with structlog.contextvars.bound_contextvars(request_id=record.request_id):
            try:
                await self.app(scope, receive, send_recorded)
            finally:
                self._write(record, scope)

    def _request_id(self, headers: Headers) -> str:
        given = headers.get("x-request-id", "")
        if (
            not _PLAIN_ID.fullmatch(given)
            or self._keys.number([given.encode()])
            or given in _given_keys(headers)
        ):
            return f"req_{uuid.uuid4().hex}"
        return given

    def _write(self, record: RequestRecord, scope: Scope) -> None:
        is_counted = scope["path"] in self.counted  # also when it was refused before any route
        path = scope["path"] if is_counted else getattr(scope.get("route"), "path", None)
        ending = record.ended(path)
        is_quiet = path in self.quiet and record.outcome == "ok"
        logger.log(logging.DEBUG if is_quiet else ending.level, "request", **record.line())
        if is_counted:
            self.note(record)


def _add_figures(headers: MutableHeaders, record: RequestRecord) -> None:
    """What the client is told about its request; the times are those known when the response begins."""
    headers["x-request-id"] = record.request_id
    headers["openai-version"] = API_VERSION
    headers["openai-processing-ms"] = str(round(record.elapsed_ms()))
    phases = {
        "queue": record.queue_ms,
        "phonemes": record.phonemes_ms,
        "inference": record.inference_ms,
        "encode": record.encode_ms,
    }
    timing = ", ".join(f"{name};dur={ms:.1f}" for name, ms in phases.items() if ms is not None)
    if timing:
        headers["server-timing"] = timing
    if record.cache:
        headers["x-cache"] = record.cache


class Body(HttpMiddleware):
    """Reads the request's body within its limits, then runs the app until it is done or the client has left.

    The body is read before anyone asks for it, so that a refusal for another reason leaves the connection fit
    for the next request; what is wrong with the body is raised to whoever asks. Whoever answers stands behind
    this: Hypercorn 0.18 waits for ever with a response while more than ten pieces of a body lie unread.
    Lives as long as the application.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        super().__init__(app)
        self.limit = settings.max_body_bytes
        self.timeout_s = settings.body_timeout_s

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await self._read(receive)
        if body is None:
            scope["state"]["record"].left()
            return
        is_over = False

        async def receive_read() -> Message:
            if isinstance(body, RequestError):
                raise body
            return {"type": "http.request", "body": body, "more_body": False}

        async def send_noted(message: Message) -> None:
            nonlocal is_over
            is_over = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)

        work = asyncio.ensure_future(self.app(scope, receive_read, send_noted))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait((work, leaving), return_when=asyncio.FIRST_COMPLETED)
            if is_over:  # the server says goodbye after a whole response too
                await asyncio.wait((work,))
            elif not work.done():
                scope["state"]["record"].left()
        finally:
            work.cancel()
            leaving.cancel()
            await asyncio.wait((work, leaving))
        if not work.cancelled():
            work.result()

    async def _read(self, receive: Receive) -> bytes | RequestError | None:
        """The body, what is wrong with it, or None when the client left."""
        body, size = bytearray(), 0
        try:
            async with asyncio.timeout(self.timeout_s):
                more = True
                while more and size <= READ_ON * self.limit:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    more = message.get("more_body", False)
                    size += len(message.get("body", b""))
                    body += message.get("body", b"") if size <= self.limit else b""
        except TimeoutError:
            return BodyTooSlow(f"The body of your request did not arrive within {self.timeout_s:g} seconds.")
        if size > self.limit:
            return BodyTooLarge(f"The body of your request is larger than {self.limit} bytes.")
        return bytes(body)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Cors(HttpMiddleware):
    """Lets web pages of any origin in, and answers their preflights; keys, not origins, guard this API.

    Lives as long as the application.
    """

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:

        async def send_allowed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["access-control-allow-origin"] = "*"
                headers["access-control-expose-headers"] = EXPOSED
                headers["timing-allow-origin"] = "*"
            await send(message)

        if scope["method"] == "OPTIONS":
            response = Response(status_code=204, headers=_preflight(Headers(scope=scope)))
            await response(scope, receive, send_allowed)
        else:
            await self.app(scope, receive, send_allowed)


def _preflight(asked: Headers) -> dict[str, str]:
    headers = {
        "access-control-allow-methods": "GET, POST, OPTIONS",
        "access-control-allow-headers": asked.get(
            "access-control-request-headers", "authorization, content-type"
        ),
        "access-control-max-age": "86400",
        "vary": "Access-Control-Request-Headers",
    }
    if "access-control-request-private-network" in asked:
        headers["access-control-allow-private-network"] = "true"
    return headers


class Errors(HttpMiddleware):
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


class Paths(HttpMiddleware):
    """Takes the base URLs that people configure: slashes doubled or at the end mean nothing.

    A redirect would lose the body of the request. Lives as long as the application.
    """

    stands_before = HANDSHAKES_TOO

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _ORIGIN.sub("", scope["path"])
        scope["path"] = _SLASHES.sub("/", path).rstrip("/") or "/"
        await self.app(scope, receive, send)


class Auth(HttpMiddleware):
    """Lets in who has one of the keys; without any, everybody. Lives as long as the application."""

    stands_before = HANDSHAKES_TOO

    def __init__(self, app: ASGIApp, keys: Keys, open_paths: Collection[str]) -> None:
        super().__init__(app)
        self.open_paths = open_paths
        self._keys = keys

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._keys and scope["path"] not in self.open_paths:
            scope["state"]["record"].known_by(self._number(Headers(scope=scope)))
        await self.app(scope, receive, send)

    def _number(self, headers: Headers) -> int:
        """Which key the client has, counted from 1."""
        given = [key.encode("latin-1") for key in _given_keys(headers)]
        if not given:
            raise MissingKey(NO_KEY, headers={"www-authenticate": "Bearer"})
        number = self._keys.number(given)
        if number is None:
            raise WrongKey("Incorrect API key provided.", headers={"www-authenticate": "Bearer"})
        return number


class KeyLimit(HttpMiddleware):
    """Answers only so many requests of one key at the same time. Lives as long as the application."""

    stands_before = HANDSHAKES_TOO

    def __init__(self, app: ASGIApp, most: int) -> None:
        super().__init__(app)
        self.most = most
        self._running: Counter[int] = Counter()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = scope["state"]["record"].key
        if key is None:
            await self.app(scope, receive, send)
            return
        if self._running[key] >= self.most:
            raise TooManyRequests(
                f"You have {self.most} requests running. Please wait for one of them to end."
            )
        self._running[key] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._running[key] -= 1


def _given_keys(headers: Headers) -> list[str]:
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    named = bearer if scheme.lower() == "bearer" else ""
    keys = (named, headers.get("api-key", ""), headers.get("x-api-key", ""))
    return [key.strip() for key in keys if key.strip()]
