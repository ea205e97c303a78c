"""Which answers a web page of another origin may read. Knows headers and paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

from gateway.http.middleware import HttpMiddleware

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gateway.http.paths import PathSet

EXPOSED: Final = "X-Request-ID, X-Cache, Retry-After, OpenAI-Processing-Ms, Server-Timing"


class Cors(HttpMiddleware):
    """Lets web pages of any origin in, and answers their preflights; keys, not origins, guard this API.

    But not to the paths in `closed_paths`: what they tell of the machine and its traffic is no page's business.
    Lives as long as the application.
    """

    def __init__(self, app: ASGIApp, closed_paths: PathSet) -> None:
        super().__init__(app)
        self._closed_paths = closed_paths

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_closed = scope["path"] in self._closed_paths

        async def send_allowed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["access-control-allow-origin"] = "*"
                headers["access-control-expose-headers"] = EXPOSED
                headers["timing-allow-origin"] = "*"
            await send(message)

        respond = send if is_closed else send_allowed
        if scope["method"] == "OPTIONS":
            headers = {} if is_closed else _preflight(Headers(scope=scope))
            await Response(status_code=204, headers=headers)(scope, receive, respond)
        else:
            await self.app(scope, receive, respond)


def _preflight(asked: Headers) -> dict[str, str]:
    headers = {
        "access-control-allow-methods": "GET, POST, OPTIONS",
        "access-control-allow-headers": asked.get(
            "access-control-request-headers", "authorization, content-type"
        ),
        "access-control-max-age": "86400",
        "vary": "Access-Control-Request-Headers",
    }
    if "access-control-request-private-network" in asked:
        headers["access-control-allow-private-network"] = "true"
    return headers
