"""create_app: routes, middleware and what lives as long as the application. Knows who is wired to whom."""

from __future__ import annotations

from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from gateway import routes
from gateway.cut import Cut
from gateway.errors import routing_error
from gateway.middleware import Auth, Body, Cors, Errors, KeyLimit, Paths, RequestLog
from gateway.synthesis import Synthesis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from gateway.settings import Settings
    from inference import Catalogue, Pool


def _both(
    path: str, handler: Callable[[Request], Awaitable[Response]], method: str = "GET"
) -> tuple[Route, Route]:
    """People configure base URLs with /v1 and without it."""
    return Route(f"/v1{path}", handler, methods=[method]), Route(path, handler, methods=[method])


GUARDED = (
    *_both("/audio/speech", routes.speech, "POST"),
    *_both("/models", routes.models),
    *_both("/models/{name:path}", routes.model),
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


def create_app(settings: Settings, pool: Pool, catalogue: Catalogue) -> Starlette:
    """The application, speaking through a pool that is open and stays open for longer than it.

    Raises:
        UnusableKeys: the file of keys has none.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        text = pool.ready("text")
        with closing(Synthesis(pool, settings)) as synthesis:
            yield {
                "settings": settings,
                "pool": pool,
                "catalogue": catalogue,
                "voices": routes.listed_voices(catalogue, text.languages if text else ()),
                "synthesis": synthesis,
            }

    app = Starlette(
        routes=[*GUARDED, *OPEN],
        middleware=middleware(settings),
        exception_handlers={HTTPException: routing_error},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.middleware_stack = Cut(app.build_middleware_stack())
    return app


def middleware(settings: Settings) -> list[Middleware]:
    """What stands before the routes, outermost first."""
    return [
        Middleware(RequestLog, quiet={route.path for route in PROBES}),
        Middleware(Body, settings=settings),
        Middleware(Cors),
        Middleware(Errors),
        Middleware(Paths),
        Middleware(Auth, keys=settings.keys(), open_paths={route.path for route in OPEN}),
        Middleware(KeyLimit, most=settings.key_requests),
    ]
