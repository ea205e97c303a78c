"""The lifespan of an application: what it opens when it starts, and what its handlers find in their state.

Knows who is made of what; knows no route.
"""

from __future__ import annotations

import json
import logging
from contextlib import asynccontextmanager, closing, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.http.openapi import document
from gateway.http.pages import Pages
from gateway.http.request_log import write
from gateway.http.routes import ENDPOINTS
from gateway.http.sockets import tell
from gateway.http.status_events import RecentStatus
from gateway.observe.last_requests import LastRequests
from gateway.observe.metrics import Metrics
from gateway.observe.status import status
from gateway.observe.tracing import Traces
from gateway.speech.cache import Cache
from gateway.speech.cache_remote import RemoteCache
from gateway.speech.synthesis import Synthesis
from gateway.talk.host import Host
from inference import language_named

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager
    from typing import TypeAlias

    from starlette.applications import Starlette

    from gateway.observe.status import Running, Status
    from gateway.settings import Settings
    from gateway.speech.lexicon import Lexicon
    from gateway.speech.record import RequestRecord
    from gateway.speech.reply_memory import RepliesInFlight
    from gateway.speech.voices import Catalogue, Voice
    from inference import Backend

    Beside: TypeAlias = Callable[[Host, Mapping[str, Voice]], AbstractAsyncContextManager[None]]
    """What is open as long as an application, given the host of its conversations and its voices."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Watchers:
    """Who takes note of each speech request that has ended. Lives as long as the application."""

    metrics: Metrics
    last_requests: LastRequests
    traces: Traces | None

    def note(self, record: RequestRecord) -> None:
        """A speech request has ended."""
        self.metrics.note(record)
        self.last_requests.note(record)
        if self.traces:
            self.traces.note(record)

    def write_turn(self, record: RequestRecord, path: str) -> None:
        """The same for a turn on a socket, which nobody else writes to the log."""
        write(record, path)
        self.note(record)


class Lifespan:
    """All that one application is made of besides its routes. Lives as long as it.

    Raises:
        TracingUnavailable: traces are wanted, and OpenTelemetry is not installed.
        RemoteCacheUnavailable: a remote cache is wanted, and its client is not installed or cannot use the URL.
    """

    def __init__(
        self,
        settings: Settings,
        pool: Backend,
        catalogue: Catalogue,
        lexicon: Lexicon,
        running: Running,
        in_flight: RepliesInFlight,
        beside: Beside | None,
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._catalogue = catalogue
        self._lexicon = lexicon
        self._running = running
        self._in_flight = in_flight
        self._beside = beside
        self._cache = Cache(
            settings.cache_entries, settings.cache_ttl_s, running.cache_bytes, running.speaker
        )
        self._remote = RemoteCache.of(settings)
        metrics = Metrics(pool, self._cache, self._remote, running.model.name, running.lines_dropped)
        self.watchers = Watchers(metrics, LastRequests(), Traces() if settings.otel else None)
        # Once: it takes 17 ms of the event loop, and any stranger may ask for it.
        self._document = json.dumps(document(ENDPOINTS)).encode()
        self._pages = Pages(settings) if settings.console else None

    @asynccontextmanager
    async def of(self, _: Starlette) -> AsyncIterator[dict[str, Any]]:
        """Open what the application needs; what is given is the state that its handlers find."""
        _say_what_starts(self._settings, self._pool, self._running)
        language_named("en-AU")  # loads the tables of CLDR, 45 ms, in which no request is there to be held up
        voices = self._catalogue.spoken_in(self._pool.languages)
        traces, remote = self.watchers.traces, self._remote
        synthesis = Synthesis(self._pool, self._settings, self._cache, self._in_flight, self._lexicon, remote)
        with closing(synthesis), closing(traces) if traces else nullcontext():
            host = self._host(synthesis)
            async with (
                remote.running() if remote else nullcontext(),
                self._beside(host, voices) if self._beside else nullcontext(),
            ):
                yield self._state(synthesis, host, voices)

    def _host(self, synthesis: Synthesis) -> Host:
        return Host(
            synthesis,
            self._catalogue,
            self._settings,
            self._in_flight.closing,
            tell,
            self.watchers.write_turn,
        )

    def _state(self, synthesis: Synthesis, host: Host, voices: Mapping[str, Voice]) -> dict[str, Any]:
        now = partial(self._status, host)
        return {
            "settings": self._settings,
            "pool": self._pool,
            "catalogue": self._catalogue,
            "voices": voices,
            "synthesis": synthesis,
            "host": host,
            "status": now,
            "recent_status": RecentStatus(now),
            "last_requests": self.watchers.last_requests,
            "metrics": self.watchers.metrics,
            "document": self._document,
            "pages": self._pages,
        }

    def _status(self, host: Host) -> Status:
        metrics = self.watchers.metrics
        return status(
            self._running, self._pool, self._cache, self._remote, self._in_flight, metrics, host.contexts
        )


def _say_what_starts(settings: Settings, pool: Backend, running: Running) -> None:
    workers = sum(worker.role == "speech" for worker in pool.status().workers)
    fields = {"version": __version__, "model": running.model.name, "workers": workers}
    logger.info("started", extra=fields)
    if settings.log_text:
        logger.warning("texts_are_logged", extra={"advice": "unset KOKORO_LOG_TEXT"})
