"""One server from its first connection to its end: serve, drain on SIGTERM, replace workers on SIGHUP."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from typing import TYPE_CHECKING

from gateway.keys import UnusableKeys
from gateway.server.connections import BACKLOG, Connections
from gateway.server.descriptors import allow_descriptors
from gateway.server.ports import taken
from gateway.speech.lexicon import UnusableLexicon

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from starlette.applications import Starlette

    from gateway.keys import Keys
    from gateway.settings import Settings
    from gateway.speech.lexicon import Lexicon
    from gateway.speech.reply_memory import RepliesInFlight
    from inference import Backend

logger = logging.getLogger(__name__)


def end_on_sigterm() -> None:
    """Before there is an event loop: SIGTERM ends the program, also where it is process 1; SIGHUP changes nothing.

    Without a handler the kernel keeps SIGTERM from process 1, and SIGHUP would end any other.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, lambda *_: None)


def cancel_on_sigterm() -> None:
    """The same in the event loop, until `run` takes over: the running task is cancelled, and what it started ends.

    A handler that raises would not do: uvloop keeps the exception to itself.
    """
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)


async def run(
    app: Starlette,
    pool: Backend,
    in_flight: RepliesInFlight,
    keys: Keys,
    lexicon: Lexicon,
    settings: Settings,
    listener: socket.socket,
    announce: Callable[[], None],
) -> None:
    """Serve until SIGTERM or SIGINT, then drain: running streams finish, new speech is refused.

    A second signal ends the drain. SIGHUP reads keys and lexicon again and replaces the workers one by one.
    `announce` is called once clients can connect.
    """
    signals = _Signals(pool, keys, lexicon)
    leave = asyncio.Event()
    allow_descriptors(settings.max_connections)
    try:
        listener.listen(BACKLOG)
    except OSError as error:  # another process was bound there as well, and listened first
        raise taken(settings.host, settings.port, "port", error) from error
    _let_the_start_be()
    server = asyncio.create_task(Connections(app, settings).serve(listener, leave))
    announce()
    leaving = asyncio.create_task(signals.leave.wait())
    await asyncio.wait({server, leaving}, return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    if not server.done():
        await _drain(pool, in_flight, settings.drain_s, signals.leave_now)
    leave.set()
    await server


def _let_the_start_be() -> None:
    """Keep the collector from what was made so far and stays: each look at all of it held the loop for 35 ms."""
    gc.collect()
    gc.freeze()


class _Signals:
    """What the operating system asks of the server. Lives as long as it runs."""

    def __init__(self, pool: Backend, keys: Keys, lexicon: Lexicon) -> None:
        self.leave = asyncio.Event()
        self.leave_now = asyncio.Event()
        self._pool = pool
        self._keys = keys
        self._lexicon = lexicon
        self._replacing: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._end)
        loop.add_signal_handler(signal.SIGINT, self._end)
        loop.add_signal_handler(signal.SIGHUP, self._renew)

    def _end(self) -> None:
        (self.leave_now if self.leave.is_set() else self.leave).set()

    def _renew(self) -> None:
        read_again(self._keys, self._lexicon)
        if self._replacing is None or self._replacing.done():
            self._replacing = asyncio.get_running_loop().create_task(self._pool.replace())


def read_again(keys: Keys, lexicon: Lexicon) -> None:
    """Take the changes of the files of keys and pronunciations."""
    _read_keys(keys)
    if lexicon.path:
        _read_lexicon(lexicon)


def _read_keys(keys: Keys) -> None:
    """What cannot be used changes nothing: a file that is being written must not lock everybody out, or in."""
    try:
        keys.reload()
    except UnusableKeys as error:
        logger.error("keys_not_read", extra=_refused(error))  # noqa: TRY400 - the reason says all
    else:
        logger.info("keys_read", extra={"keys": len(keys)})


def _read_lexicon(lexicon: Lexicon) -> None:
    try:
        lexicon.reload()
    except UnusableLexicon as error:
        logger.error("lexicon_not_read", extra=_refused(error))  # noqa: TRY400 - the reason says all
    else:
        logger.info("lexicon_read", extra={"words": len(lexicon)})


def _refused(error: Exception) -> dict[str, str]:
    return {"reason": str(error), "advice": "mend the file, and send SIGHUP again"}


async def _drain(pool: Backend, in_flight: RepliesInFlight, seconds: float, leave_now: asyncio.Event) -> None:
    pool.drain()
    in_flight.closing.set()
    logger.info("draining", extra={"replies": len(in_flight)})
    drained = asyncio.create_task(in_flight.drained())
    hurried = asyncio.create_task(leave_now.wait())
    await asyncio.wait({drained, hurried}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in (drained, hurried):
        task.cancel()
    logger.info("drained", extra={"replies": len(in_flight)})
