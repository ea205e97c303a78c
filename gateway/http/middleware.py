"""What all that stands before the routes has in common. Knows ASGI, and what it is that comes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

REQUESTS: Final = frozenset({"http"})
HANDSHAKES_TOO: Final = REQUESTS | {"websocket"}
"""A WebSocket begins as a request: whoever guards requests stands before it as well."""


class HttpMiddleware(ABC):
    """What stands before the app in HTTP requests and lets everything else pass. Lives as long as the application."""

    stands_before: ClassVar[Collection[str]] = REQUESTS

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or whatever else ASGI brings."""
        serve = self._serve if scope["type"] in self.stands_before else self.app
        await serve(scope, receive, send)

    @abstractmethod
    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None: ...
