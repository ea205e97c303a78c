"""Accepts connections and gives them places: a bounded number, where the longest idle makes room for the newcomer.

Hypercorn's own accept loop has no limit, and says nothing when file descriptors run out. Knows sockets and places;
knows no route and no speech.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config

from gateway.http.error_statuses import BUSY
from gateway.server.connection import KEEP_ALIVE_S, Connection, Shared
from gateway.server.http1 import error_body

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from starlette.applications import Starlette

    from gateway.settings import Settings

logger = logging.getLogger(__name__)

GRACEFUL_S: Final = 1.0
"""For responses that are not speech; speech has drained before."""

BACKLOG: Final = 128

MOST_REFUSALS: Final = 64
"""How many clients at once are told that there is no place; beyond that a reset says so."""

UNSENT_BYTES: Final = 256 << 10
"""Most bytes that the kernel holds unsent for one client. It would take 4 MB: minutes of speech before a client that
does not read is noticed, and 2 GB for 512 of them."""

SOCKET_MESSAGE_CHARS: Final = 1 << 18
"""Of a WebSocket's message that is read at all; who reads it has a limit below this, and says so."""

_ACCEPT_AGAIN_S: Final = 0.5

_REFUSAL: Final = error_body(BUSY, "server_error", "overloaded")
_REFUSAL_HEAD: Final = (
    "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 5\r\nconnection: close\r\n"
    f"access-control-allow-origin: *\r\ncontent-length: {len(_REFUSAL)}\r\n\r\n"
).encode()


class Connections:
    """The open connections of one server. Lives as long as it serves."""

    def __init__(self, app: Starlette, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._context = WorkerContext(None)
        self._open: dict[Connection, asyncio.Task[None]] = {}
        self._refused: dict[Connection, asyncio.Task[None]] = {}

    async def serve(
        self, listener: socket.socket, until: asyncio.Event, begun: Mapping[str, Any] | None = None
    ) -> None:
        """Serve the app on a listening socket until told to end; open connections get a moment to finish.

        `begun` is the state of its lifespan, where somebody else has begun it and will end it.
        """
        # What is accepted inherits it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        lifespan = self._app.router.lifespan_context(self._app) if begun is None else nullcontext(begun)
        async with lifespan as state:
            accepting = asyncio.create_task(self._accept(listener, self._shared(dict(state or {}))))
            ending = asyncio.create_task(until.wait())
            try:
                await asyncio.wait((accepting, ending), return_when=asyncio.FIRST_COMPLETED)
            finally:
                accepting.cancel()
                ending.cancel()
                await asyncio.wait((accepting, ending))
                listener.close()
                await self._close()
            if not accepting.cancelled():
                accepting.result()

    def _shared(self, state: dict[str, Any]) -> Shared:
        return Shared(
            app=self._app,
            state=state,
            config=_config(),
            context=self._context,
            first_request_s=self._settings.header_timeout_s,
            stall_s=self._settings.stall_timeout_s,
        )

    async def _accept(self, listener: socket.socket, shared: Shared) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, _ = await loop.sock_accept(listener)
            except OSError as error:  # most often: no file descriptor is left
                await self._wait_for_room(error)
                continue
            try:
                reader, writer = await asyncio.open_connection(sock=client)
                self._admit(Connection(reader, writer, shared))
            except OSError:  # it has left by now
                client.close()

    async def _wait_for_room(self, error: OSError) -> None:
        """Without a pause it would be tried all the time: the newcomer stays in the backlog."""
        fields = {"connections": len(self._open), "reason": error.strerror}
        logger.warning("connection_not_accepted", extra=fields)
        self._make_room()
        await asyncio.sleep(_ACCEPT_AGAIN_S)

    def _admit(self, connection: Connection) -> None:
        if len(self._open) < self._settings.max_connections or self._make_room():
            self._keep(connection, connection.serve(), self._open)
            return
        logger.warning("connection_refused", extra={"connections": len(self._open)})
        if len(self._refused) < MOST_REFUSALS:
            self._keep(connection, connection.refuse(_REFUSAL_HEAD + _REFUSAL), self._refused)
        else:
            connection.reset()

    def _keep(
        self,
        connection: Connection,
        work: Coroutine[Any, Any, None],
        among: dict[Connection, asyncio.Task[None]],
    ) -> None:
        among[connection] = task = asyncio.create_task(work)
        task.add_done_callback(lambda _: among.pop(connection, None))

    def _make_room(self) -> bool:
        """End the connection that has waited for its client for longest; False where none does."""
        waiting = {c: c.waiting_since for c in self._open if c.waiting_since is not None}
        if not waiting:
            return False
        longest = min(waiting, key=lambda connection: waiting[connection])
        del self._open[longest]
        longest.make_room()
        return True

    async def _close(self) -> None:
        await self._context.terminated.set()  # who has its reply by now leaves
        tasks = {**self._open, **self._refused}
        for connection in tasks:
            if connection.waiting_since is not None:
                connection.make_room()
        if tasks:
            await asyncio.wait(tasks.values(), timeout=GRACEFUL_S)
        for connection in (*self._open, *self._refused):
            connection.reset()  # a polite close would end a cut reply like a whole one
            tasks[connection].cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


def _config() -> Config:
    config = Config()
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.include_server_header = False
    config.websocket_max_message_size = SOCKET_MESSAGE_CHARS
    config.errorlog = logging.getLogger("hypercorn.error")
    config.errorlog.setLevel(logging.WARNING)  # our own lines say when it starts and ends
    return config
