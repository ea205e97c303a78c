"""How many requests of one key are answered at once. Knows the number of a key, and not the key itself."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from gateway.http.middleware import HANDSHAKES_TOO, HttpMiddleware
from gateway.http.request_errors import TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Receive, Scope, Send


class KeyLimit(HttpMiddleware):
    """Answers only so many requests of one key at the same time. Lives as long as the application."""

    stands_before = HANDSHAKES_TOO

    def __init__(self, app: ASGIApp, most: int) -> None:
        super().__init__(app)
        self.most = most
        self._running: Counter[int] = Counter()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["hold_key"] = self._hold
        key = scope["state"]["record"].key
        with nullcontext() if key is None else self._hold(key):
            await self.app(scope, receive, send)

    @contextmanager
    def _hold(self, key: int) -> Iterator[None]:
        """A request of this key is running; raises TooManyRequests."""
        if self._running[key] >= self.most:
            raise TooManyRequests(
                f"You have {self.most} requests running. Please wait for one of them to end."
            )
        self._running[key] += 1
        try:
            yield
        finally:
            self._running[key] -= 1
