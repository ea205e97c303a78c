"""What a path means: people configure base URLs in many ways. Knows no route."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.http.middleware import HANDSHAKES_TOO, HttpMiddleware

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_ORIGIN: Final = re.compile(r"^https?://[^/]*", re.IGNORECASE)
"""What a request in absolute form has before its path (RFC 9112, 3.2.2)."""

_SLASHES: Final = re.compile(r"/{2,}")


class Paths(HttpMiddleware):
    """Takes the base URLs that people configure: slashes doubled or at the end mean nothing.

    A redirect would lose the body of the request. Lives as long as the application.
    """

    stands_before = HANDSHAKES_TOO

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _ORIGIN.sub("", scope["path"])
        scope["path"] = _SLASHES.sub("/", path).rstrip("/") or "/"
        await self.app(scope, receive, send)
