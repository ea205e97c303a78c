"""create_app: routes, middleware and what lives as long as the application. Knows who is wired to whom."""

from __future__ import annotations

import json
import logging
from contextlib import asynccontextmanager, closing, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from gateway import __version__
from gateway.http import handlers
from gateway.http.cors import Cors
from gateway.http.elevenlabs_errors import DetailEnvelope
from gateway.http.error_replies import ErrorReplies, no_route, wrong_method
from gateway.http.key_guard import KeyGuard
from gateway.http.key_limit import KeyLimit
from gateway.http.openapi import document
from gateway.http.pages import Pages
from gateway.http.paths import Paths
from gateway.http.request_body import RequestBody
from gateway.http.request_log import RequestLog, write
from gateway.http.routes import ENDPOINTS, path_set, routed
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

    from gateway.keys import Keys
    from gateway.observe.status import Running
    from gateway.settings import Settings
    from gateway.speech.lexicon import Lexicon
    from gateway.speech.record import RequestRecord
    from gateway.speech.reply_memory import RepliesInFlight
    from gateway.speech.voices import Catalogue, Voice
    from inference import Backend

    Beside: TypeAlias = Callable[[Host, Mapping[str, Voice]], AbstractAsyncContextManager[None]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Watchers:
    """Who takes note of each speech request that has ended. Lives as long as the application."""

    metrics: Metrics
    last_requests: LastRequests
    traces: Traces | None

    def note(self, record: RequestRecord) -> None:
        self.metrics.note(record)
        self.last_requests.note(record)
        if self.traces:
            self.traces.note(record)

    def write_turn(self, record: RequestRecord, path: str) -> None:
        """The same for a turn on a socket, which nobody else writes to the log."""
        write(record, path)
        self.note(record)


def create_app(
    settings: Settings,
    keys: Keys,
    pool: Backend,
    catalogue: Catalogue,
    lexicon: Lexicon,
    running: Running,
    in_flight: RepliesInFlight,
    beside: Beside | None = None,
) -> Starlette:
    """The application, speaking through a pool that is open and stays open for longer than it.

    What is `beside` it, given the host of conversations and the voices, is open as long as it is.

    Raises:
        TracingUnavailable: traces are wanted, and OpenTelemetry is not installed.
        RemoteCacheUnavailable: a remote cache is wanted, and its client is not installed or cannot use the URL.
    """
    cache = Cache(settings.cache_entries, settings.cache_ttl_s, running.cache_bytes, running.speaker)
    remote = RemoteCache.of(settings)
    metrics = Metrics(pool, cache, remote, running.model.name, running.lines_dropped)
    watchers = _Watchers(metrics, LastRequests(), Traces() if settings.otel else None)
    # Once: it takes 17 ms of the event loop, and any stranger may ask for it.
    described = json.dumps(document(ENDPOINTS)).encode()
    pages = Pages(settings) if settings.console else None

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        _say_what_starts(settings, pool, running)
        language_named("en-AU")  # loads the tables of CLDR, 45 ms, in which no request is there to be held up
        voices = handlers.listed_voices(catalogue, pool.languages)
        with (
            closing(Synthesis(pool, settings, cache, in_flight, lexicon, remote)) as synthesis,
            closing(watchers.traces) if watchers.traces else nullcontext(),
        ):
            host = Host(synthesis, catalogue, settings, in_flight.closing, tell, watchers.write_turn)
            now = partial(status, running, pool, cache, remote, in_flight, metrics, host.contexts)
            async with (
                remote.running() if remote else nullcontext(),
                beside(host, voices) if beside else nullcontext(),
            ):
                yield {
                    "settings": settings,
                    "pool": pool,
                    "catalogue": catalogue,
                    "voices": voices,
                    "synthesis": synthesis,
                    "host": host,
                    "status": now,
                    "recent_status": RecentStatus(now),
                    "last_requests": watchers.last_requests,
                    "metrics": metrics,
                    "document": described,
                    "pages": pages,
                }

    app = Starlette(
        routes=routed(with_pages=settings.console),
        middleware=middleware(settings, keys, watchers.note),
        exception_handlers={HTTPException: wrong_method},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.router.default = no_route
    return app


def _say_what_starts(settings: Settings, pool: Backend, running: Running) -> None:
    workers = sum(worker.role == "speech" for worker in pool.status().workers)
    fields = {"version": __version__, "model": running.model.name, "workers": workers}
    logger.info("started", extra=fields)
    if settings.log_text:
        logger.warning("texts_are_logged", extra={"advice": "unset KOKORO_LOG_TEXT"})


def middleware(settings: Settings, keys: Keys, note: Callable[[RequestRecord], None]) -> list[Middleware]:
    """What stands before the routes, outermost first; `note` takes the record of every speech request."""
    return [
        Middleware(Paths),
        Middleware(
            RequestLog,
            quiet=path_set(lambda endpoint: endpoint.is_quiet),
            counted=path_set(lambda endpoint: endpoint.is_counted),
            note=note,
            keys=keys,
        ),
        Middleware(RequestBody, settings=settings),
        Middleware(Cors, closed_paths=path_set(lambda endpoint: not endpoint.is_for_pages)),
        Middleware(
            ErrorReplies,
            detailed=path_set(lambda endpoint: endpoint.envelope is DetailEnvelope),
        ),
        Middleware(
            KeyGuard,
            keys=keys,
            open_paths=path_set(lambda endpoint: not endpoint.needs_key),
            late_paths=path_set(lambda endpoint: endpoint.key_may_follow),
        ),
        Middleware(KeyLimit, most=settings.key_requests),
    ]
