"""One server from its socket to its end: listen, serve, drain on SIGTERM, replace workers on SIGHUP."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from typing import TYPE_CHECKING

from gateway.connections import BACKLOG, Connections

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.applications import Starlette

    from gateway.settings import Settings
    from inference import Pool

logger = logging.getLogger(__name__)


class PortTaken(Exception):
    """Another process listens there."""


def listen(settings: Settings) -> socket.socket:
    """The socket, bound before anything slow is started; nobody can connect before `run` listens.

    Raises:
        PortTaken: with what to do about it.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise _taken(settings, error) from error
    listener.setblocking(False)
    if not settings.is_loopback and not settings.keys():
        logger.warning(
            "anyone can use this server: set KOKORO_API_KEYS, or listen on 127.0.0.1",
            extra={"host": settings.host},
        )
    return listener


def _taken(settings: Settings, error: OSError) -> PortTaken:
    return PortTaken(
        f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
        "choose another port with --port or KOKORO_PORT"
    )


async def run(
    app: Starlette,
    pool: Pool,
    settings: Settings,
    listener: socket.socket,
    announce: Callable[[], None],
) -> None:
    """Serve until SIGTERM or SIGINT, then drain: running streams finish, new speech is refused.

    A second signal ends the drain. SIGHUP replaces the workers one by one. `announce` is called once clients can
    connect.
    """
    signals = _Signals(pool)
    leave = asyncio.Event()
    try:
        listener.listen(BACKLOG)
    except OSError as error:  # another process was bound there as well, and listened first
        raise _taken(settings, error) from error
    server = asyncio.create_task(Connections(app, settings).serve(listener, leave))
    announce()
    leaving = asyncio.create_task(signals.leave.wait())
    await asyncio.wait({server, leaving}, return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    if not server.done():
        await _drain(pool, settings.drain_seconds, signals.leave_now)
    leave.set()
    await server


class _Signals:
    """What the operating system asks of the server. Lives as long as it runs."""

    def __init__(self, pool: Pool) -> None:
        self.leave = asyncio.Event()
        self.leave_now = asyncio.Event()
        self._pool = pool
        self._replacing: set[asyncio.Task[None]] = set()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._end)
        loop.add_signal_handler(signal.SIGINT, self._end)
        loop.add_signal_handler(signal.SIGHUP, self._replace)

    def _end(self) -> None:
        (self.leave_now if self.leave.is_set() else self.leave).set()

    def _replace(self) -> None:
        task = asyncio.get_running_loop().create_task(self._pool.replace())
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)


async def _drain(pool: Pool, seconds: float, leave_now: asyncio.Event) -> None:
    pool.drain()
    logger.info("draining", extra={"leases": pool.status().leases})
    drained = asyncio.create_task(pool.drained())
    hurried = asyncio.create_task(leave_now.wait())
    await asyncio.wait({drained, hurried}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in (drained, hurried):
        task.cancel()
    logger.info("drained", extra={"leases": pool.status().leases})
