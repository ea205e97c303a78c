"""Accepts connections and hands them to Hypercorn: a bounded number of them, with a deadline for their first request.

Hypercorn's own accept loop has no limit, and from Python 3.12.1 on waits for idle connections for ever when it
should leave. Knows sockets; knows no route and no speech.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import TYPE_CHECKING, Any, Final

from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.utils import wrap_app

from gateway.http.errors import BUSY, ErrorDetail, ErrorEnvelope
from gateway.server.abort import Cut, reset

if TYPE_CHECKING:
    import socket

    from starlette.applications import Starlette

    from gateway.settings import Settings

logger = logging.getLogger(__name__)

KEEP_ALIVE_S: Final = 75.0
"""Longer than clients keep an idle connection (the openai client: 5 s; nginx: 60 s), so that none sends its
request into a connection that is being closed."""

GRACEFUL_S: Final = 1.0
"""For responses that are not speech; speech has drained before."""

BACKLOG: Final = 128

_REFUSAL: Final = json.dumps(
    ErrorEnvelope(
        error=ErrorDetail(message=BUSY, type="server_error", param=None, code="overloaded")
    ).model_dump()
)
_REFUSAL_HEAD: Final = (
    "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 5\r\nconnection: close\r\n"
    f"access-control-allow-origin: *\r\ncontent-length: {len(_REFUSAL)}\r\n\r\n"
)


class Connections:
    """The open connections of one server. Lives as long as it serves."""

    def __init__(self, app: Starlette, settings: Settings) -> None:
        self._app = app
        self._served = Cut(app)
        self._most = settings.max_connections
        self._first_request_s = settings.header_timeout_s
        self._open: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}
        self._context = WorkerContext(None)
        self._config = _config()
        self._state: dict[str, Any] = {}

    async def serve(self, listener: socket.socket, until: asyncio.Event) -> None:
        """Serve the app on a listening socket until told to end; open connections get a moment to finish."""
        async with self._app.router.lifespan_context(self._app) as state:
            self._state = dict(state or {})
            server = await asyncio.start_server(self._serve_one, sock=listener, backlog=BACKLOG)
            try:
                await until.wait()
            finally:
                server.close()
                await self._close()

    async def _close(self) -> None:
        await self._context.terminated.set()  # idle connections leave
        if self._open:
            await asyncio.wait(self._open, timeout=GRACEFUL_S)
        for connection, writer in self._open.items():
            reset(
                writer
            )  # a polite close waits for who never reads, and ends a cut response like a whole one
            connection.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if len(self._open) >= self._most or task is None:
            logger.warning("connection_refused", extra={"connections": len(self._open)})
            await _refuse(writer)
            return
        self._open[task] = writer
        task.add_done_callback(self._open.pop)
        loop = asyncio.get_running_loop()
        app = wrap_app(self._served, 0, "asgi")  # type: ignore[arg-type]
        with contextlib.suppress(asyncio.CancelledError):  # only `_close` cancels, and it waits for this
            connection = _Connection(app, loop, self._config, self._context, self._state, reader, writer)
            connection.idle_limit_s = self._first_request_s
            await connection


class _Connection(TCPServer):
    """A connection that holds a place only as long as someone is there.

    Its first request must come sooner than later ones, and it ends when the client has left: Hypercorn 0.18 lets
    the idle time of a connection that is already closed run out first, 75 s each, until no place is free.
    Lives as long as the connection.
    """

    idle_limit_s = KEEP_ALIVE_S

    async def _read_data(self) -> None:
        await super()._read_data()
        self.idle_limit_s = 0  # the end of a reply still being sent would start another idle time
        await self.idle_task.stop()

    async def _idle_timeout(self) -> None:
        limit_s, self.idle_limit_s = self.idle_limit_s, KEEP_ALIVE_S
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.context.terminated.wait(), limit_s)
        await asyncio.shield(self._initiate_server_close())


async def _refuse(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.write((_REFUSAL_HEAD + _REFUSAL).encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()


def _config() -> Config:
    config = Config()
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.include_server_header = False
    config.errorlog = logging.getLogger("hypercorn.error")
    config.errorlog.setLevel(logging.WARNING)  # our own lines say when it starts and ends
    return config
