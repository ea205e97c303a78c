"""A site whose handlers echo, wait, fail and stream for ever, behind the real middleware and the real server."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from gateway.http.app import middleware
from gateway.http.error_replies import no_route, wrong_method
from gateway.http.responses import AudioResponse, EventStream
from gateway.keys import Keys
from gateway.observe.logs import configure_logging
from gateway.settings import Settings
from gateway.speech.synthesis import ByteStream, Speech
from inference import PoolSaturated, WorkerDied
from tests.support.lines import logging_as_before
from tests.support.serving import serving
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from starlette.requests import Request
    from starlette.responses import Response

    from gateway.speech.record import RequestRecord

KEYS = {"api_keys": "first-key,second-key"}


@dataclass
class Site:
    """Handlers that wait, fail and stream for ever behind the real middleware and server."""

    port: int = 0
    log: io.StringIO = field(default_factory=io.StringIO)
    entered: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)
    pieces: int = 0
    noted: list[RequestRecord] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def lines(self) -> list[dict[str, Any]]:
        """Finished requests, as the log has them."""
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line for line in lines if line["event"] == "request"]

    def line(self, path: str | None = None) -> dict[str, Any]:
        """The last of them, or the last of those at `path`."""
        found: list[dict[str, Any]] = wait_for(
            lambda: [line for line in self.lines() if path in (None, line.get("path"))], "a line of the log"
        )
        return found[-1]

    async def echo(self, request: Request) -> Response:
        return JSONResponse({"bytes": len(await request.body()), "path": request.url.path})

    async def fail(self, _: Request) -> Response:
        raise ZeroDivisionError("a secret")

    async def refuse(self, _: Request) -> Response:
        raise PoolSaturated(3)

    async def timed(self, request: Request) -> Response:
        record: RequestRecord = request.state.record
        record.queue_ms, record.inference_ms, record.cache = 1.25, 20.0, "miss"
        return JSONResponse({})

    async def wait(self, _: Request) -> Response:
        self.entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)  # cleaning up may have to wait
            self.left.set()
        raise AssertionError

    async def endless(self, request: Request) -> Response:
        return AudioResponse(await _speech(self._endless()), request.state.record)

    async def plain(self, _: Request) -> Response:
        return StreamingResponse(self._endless())

    async def _endless(self) -> AsyncGenerator[bytes, None]:
        try:
            while True:
                self.pieces += 1
                yield bytes(65536)
        finally:
            await asyncio.sleep(0.01)
            self.left.set()

    async def broken(self, request: Request) -> Response:
        async def pieces() -> AsyncGenerator[bytes, None]:
            yield b"first"
            yield b"second"
            raise WorkerDied(1, -9)

        kind = EventStream if "sse" in request.query_params else AudioResponse
        length = 100 if "length" in request.query_params else None
        return kind(await _speech(pieces(), length), request.state.record)


async def _speech(pieces: AsyncGenerator[bytes, None], length: int | None = None) -> Speech:
    return Speech("audio/mpeg", length, ByteStream(await anext(pieces), pieces), dict)


@contextmanager
def site(**settings: Any) -> Iterator[Site]:
    """The site, and a log of its own, while the context is open."""
    it = Site()
    given = Settings.from_environment(**settings)
    as_json = given.model_copy(update={"log_format": "json", "log_level": "debug"})
    routes = [
        Route("/echo", it.echo, methods=["GET", "POST"]),
        Route("/v1/audio/voices", it.echo),
        Route("/health", it.echo),
        Route("/status", it.echo),
        Route("/metrics", it.fail),
        Route("/fail", it.fail),
        Route("/refuse", it.refuse),
        Route("/timed", it.timed),
        Route("/wait", it.wait, methods=["POST"]),
        Route("/endless", it.endless),
        Route("/plain", it.plain),
        Route("/broken", it.broken),
        Route("/v1/audio/speech", it.broken, methods=["POST"]),
    ]
    app = Starlette(
        routes=routes,
        middleware=middleware(given, Keys(given), it.noted.append),
        exception_handlers={HTTPException: wrong_method},
    )
    app.router.redirect_slashes = False
    app.router.default = no_route
    with logging_as_before(), serving(app, given) as it.port:
        configure_logging(as_json, logging.StreamHandler(it.log), is_terminal=False)
        yield it
