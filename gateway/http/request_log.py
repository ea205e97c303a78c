"""The record of each request: made when it comes, told to the client in headers, and written when it ends.

Knows headers and the log; knows no speech.
"""

from __future__ import annotations

import logging
import re
import uuid
from typing import TYPE_CHECKING, Final

import structlog
from starlette.datastructures import Headers, MutableHeaders

from gateway.http.key_guard import given_keys
from gateway.http.middleware import HANDSHAKES_TOO, HttpMiddleware
from gateway.speech.record import RequestRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gateway.http.paths import PathSet
    from gateway.keys import Keys

logger = structlog.stdlib.get_logger(__name__)

API_VERSION: Final = "2020-10-01"
"""What OpenAI sends as openai-version."""

SWITCHING_PROTOCOLS: Final = 101
"""Status of a handshake after which a socket is open."""

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class RequestLog(HttpMiddleware):
    """Makes the record of each request, puts its id and timings on the response, and writes it at the end.

    `note` gets the records of requests to the paths in `counted`, the refused ones among them. One of our `keys`
    is no id, which would be logged. Outermost of ours. Lives as long as the application.
    """

    stands_before = HANDSHAKES_TOO

    def __init__(
        self,
        app: ASGIApp,
        quiet: PathSet,
        counted: PathSet,
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
            if kind in {"http.response.start", "accept"}:
                record.answered(message.get("status", SWITCHING_PROTOCOLS))
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
            or given in given_keys(headers)
        ):
            return f"req_{uuid.uuid4().hex}"
        return given

    def _write(self, record: RequestRecord, scope: Scope) -> None:
        counted = self.counted.template(scope["path"])  # also when it was refused before any route
        path = counted or getattr(scope.get("route"), "path", None)
        write(record, path, is_quiet=scope["path"] in self.quiet)
        if counted and record.status != SWITCHING_PROTOCOLS:  # on a socket, each context is counted
            self.note(record)


def write(record: RequestRecord, path: str | None, *, is_quiet: bool = False) -> None:
    """Write the line of a request to this path that has ended; one that is quiet at DEBUG, if all is well."""
    ending = record.ended(path)
    level = logging.DEBUG if is_quiet and record.outcome == "ok" else ending.level
    logger.log(level, "request", **record.line())


def _add_figures(headers: MutableHeaders, record: RequestRecord) -> None:
    """What the client is told about its request; the times are those known when the response begins."""
    headers["x-request-id"] = headers["request-id"] = record.request_id
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
