"""create_app: routes, middleware and what lives as long as the application. Knows who is wired to whom."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager, closing, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from gateway import __version__
from gateway.http import routes
from gateway.http.errors import routing_error
from gateway.http.middleware import Auth, Body, Cors, Errors, KeyLimit, Paths, RequestLog
from gateway.observe.metrics import Figures
from gateway.observe.status import status
from gateway.observe.tracing import Traces
from gateway.speech.cache import Cache
from gateway.speech.synthesis import Synthesis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from gateway.keys import Keys
    from gateway.observe.status import Running
    from gateway.settings import Settings
    from gateway.speech.in_flight import InFlight
    from gateway.speech.record import RequestRecord
    from gateway.speech.voices import Catalogue
    from inference import Backend

logger = logging.getLogger(__name__)


def _both(
    path: str, handler: Callable[[Request], Awaitable[Response]], method: str = "GET"
) -> tuple[Route, Route]:
    """People configure base URLs with /v1 and without it."""
    return Route(f"/v1{path}", handler, methods=[method]), Route(path, handler, methods=[method])


SPEECH = _both("/audio/speech", routes.speech, "POST")
"""Routes whose requests the figures are about."""

INSTRUMENTS = (Route("/status", routes.status), Route("/metrics", routes.metrics))
"""Routes that operators and Prometheus ask all the time."""

GUARDED = (
    *SPEECH,
    *_both("/models", routes.models),
    *_both("/models/{name:path}", routes.model),
    *INSTRUMENTS,
)
"""Routes that need a key when there are any."""

PROBES = (Route("/health", routes.health), Route("/ready", routes.ready), Route("/readyz", routes.ready))
"""Routes that orchestrators ask all the time. No /v1/readyz: some clients would take us for another server."""

OPEN = (
    *PROBES,
    *_both("/audio/voices", routes.voices),
    *_both("/audio/speech/voices", routes.voices),
    *_both("/voices", routes.voices),
    *_both("/audio/models", routes.audio_models),
    Route("/v1/test", routes.probe),
    Route("/openapi.json", routes.openapi),
    Route("/docs", routes.docs),
    Route("/", routes.docs),
)
"""Routes that need no key: Open WebUI and others send none to the lists."""


def create_app(
    settings: Settings,
    keys: Keys,
    pool: Backend,
    catalogue: Catalogue,
    running: Running,
    in_flight: InFlight,
) -> Starlette:
    """The application, speaking through a pool that is open and stays open for longer than it.

    Raises:
        TracingUnavailable: traces are wanted, and OpenTelemetry is not installed.
    """

    model = running.model
    speaker = f"{model.sha256} {model.voices_sha256} {model.graph}"
    cache = Cache(settings.cache_entries, settings.cache_ttl_s, running.cache_bytes, speaker)
    figures = Figures(pool, cache, model.name, running.lines_dropped)
    traces = Traces() if settings.otel else None

    def note(record: RequestRecord) -> None:
        figures.note(record)
        if traces:
            traces.note(record)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        _say_what_starts(settings, pool, running)
        with (
            closing(Synthesis(pool, settings, cache, in_flight)) as synthesis,
            closing(traces) if traces else nullcontext(),
        ):
            yield {
                "settings": settings,
                "pool": pool,
                "catalogue": catalogue,
                "voices": routes.listed_voices(catalogue, pool.languages),
                "synthesis": synthesis,
                "status": partial(status, running, pool, cache, in_flight, figures),
                "figures": figures,
            }

    app = Starlette(
        routes=[*GUARDED, *OPEN],
        middleware=middleware(settings, keys, note),
        exception_handlers={HTTPException: routing_error},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
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
        Middleware(
            RequestLog,
            quiet={route.path for route in (*PROBES, *INSTRUMENTS)},
            counted={route.path for route in SPEECH},
            note=note,
            keys=keys,
        ),
        Middleware(Body, settings=settings),
        Middleware(Cors),
        Middleware(Errors),
        Middleware(Paths),
        Middleware(Auth, keys=keys, open_paths={route.path for route in OPEN}),
        Middleware(KeyLimit, most=settings.key_requests),
    ]
