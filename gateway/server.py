"""Hypercorn around the app: listen, drain on SIGTERM, replace workers on SIGHUP. Knows no route and no engine."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from typing import TYPE_CHECKING, Final

from hypercorn.asyncio import serve
from hypercorn.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.applications import Starlette

    from gateway.settings import Settings
    from inference import Pool

logger = logging.getLogger(__name__)

_KEEP_ALIVE_S: Final = 75.0
"""Longer than the idle time after which clients drop their own connections (the openai client: 5 s; nginx: 60 s),
so that a request does not meet a connection that is being closed."""

_GRACEFUL_S: Final = 1.0
"""For responses that are not speech; speech has drained before."""


_BACKLOG: Final = 128


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
        raise PortTaken(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
            f"choose another port with --port or KOKORO_PORT"
        ) from error
    listener.setblocking(False)
    return listener


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
    leave, leave_now = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        (leave_now if leave.is_set() else leave).set()

    replacing: set[asyncio.Task[None]] = set()

    def replace() -> None:
        task = loop.create_task(pool.replace())
        replacing.add(task)
        task.add_done_callback(replacing.discard)

    listener.listen(_BACKLOG)
    announce()
    for number, handler in ((signal.SIGTERM, end), (signal.SIGINT, end), (signal.SIGHUP, replace)):
        loop.add_signal_handler(number, handler)
    stop = asyncio.Event()
    server = asyncio.create_task(serve(app, _config(listener), shutdown_trigger=stop.wait))  # type: ignore[arg-type]
    leaving = asyncio.create_task(leave.wait())
    await asyncio.wait({server, leaving}, return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    if server.done():
        await server
        return
    await _drain(pool, settings.drain_seconds, leave_now)
    stop.set()
    # Hypercorn 0.18 waits for idle connections without a limit on Python 3.12.1 and later, and raises when a
    # connection outlasts its graceful time; there is nothing left here that may go wrong.
    await asyncio.wait({server}, timeout=_GRACEFUL_S + 1)
    server.cancel()
    await asyncio.gather(server, return_exceptions=True)


async def _drain(pool: Pool, seconds: float, leave_now: asyncio.Event) -> None:
    pool.drain()
    logger.info("draining", extra={"leases": pool.status().leases})
    drained = asyncio.create_task(pool.drained())
    hurried = asyncio.create_task(leave_now.wait())
    await asyncio.wait({drained, hurried}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in (drained, hurried):
        task.cancel()
    logger.info("drained", extra={"leases": pool.status().leases})


def _config(listener: socket.socket) -> Config:
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.graceful_timeout = _GRACEFUL_S
    config.keep_alive_timeout = _KEEP_ALIVE_S
    config.include_server_header = False
    config.backlog = _BACKLOG
    config.errorlog = logging.getLogger("hypercorn.error")
    config.errorlog.setLevel(logging.WARNING)  # our own lines say when it starts and ends
    return config
