"""Serves an app with our own server in a thread, and speaks raw HTTP to it."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import uvloop

from gateway.server.connections import Connections
from gateway.settings import Settings
from tests.support.waiting import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.applications import Starlette

T = TypeVar("T")


@contextmanager
def serving(app: Starlette, settings: Settings | None = None) -> Iterator[int]:
    """The port at which `app` is served while the context is open."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    port: int = listener.getsockname()[1]
    stopping: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def run() -> None:
        stop = asyncio.Event()
        stopping.set_result((asyncio.get_running_loop(), stop))
        await Connections(app, settings or Settings.from_environment()).serve(listener, stop)

    def run_loop() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run())

    with ThreadPoolExecutor(1) as threads:
        server = threads.submit(run_loop)
        loop, stop = stopping.result(DEADLINE_S)
        try:
            yield port
        finally:
            loop.call_soon_threadsafe(stop.set)
            server.result(DEADLINE_S)


def connect(port: int) -> socket.socket:
    """A connection whose every operation has a deadline."""
    return socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)


def exchange(port: int, sent: bytes) -> bytes:
    """All that the server says on one connection until it closes it."""
    with connect(port) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))
