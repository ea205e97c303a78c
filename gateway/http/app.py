"""create_app: routes, middleware and lifespan. Knows who stands before whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from gateway.http.cors import Cors
from gateway.http.elevenlabs_errors import DetailEnvelope
from gateway.http.error_replies import ErrorReplies, no_route, wrong_method
from gateway.http.key_guard import KeyGuard
from gateway.http.key_limit import KeyLimit
from gateway.http.lifespan import Lifespan
from gateway.http.paths import Paths
from gateway.http.request_body import RequestBody
from gateway.http.request_log import RequestLog
from gateway.http.routes import path_set, routed

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.http.lifespan import Beside
    from gateway.keys import Keys
    from gateway.observe.status import Running
    from gateway.settings import Settings
    from gateway.speech.lexicon import Lexicon
    from gateway.speech.record import RequestRecord
    from gateway.speech.reply_memory import RepliesInFlight
    from gateway.speech.voices import Catalogue
    from inference import Backend


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
    lifespan = Lifespan(settings, pool, catalogue, lexicon, running, in_flight, beside)
    app = Starlette(
        routes=routed(with_pages=settings.console),
        middleware=middleware(settings, keys, lifespan.watchers.note),
        exception_handlers={HTTPException: wrong_method},
        lifespan=lifespan.of,
    )
    app.router.redirect_slashes = False
    app.router.default = no_route
    return app


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
