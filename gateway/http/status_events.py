"""The status as a stream of events: the figures every second, and each speech request when it has ended."""

from __future__ import annotations

import asyncio
import json
import time
from math import inf
from typing import TYPE_CHECKING, Final

from starlette.responses import StreamingResponse

from gateway.http.responses import UNBUFFERED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from gateway.observe.last_requests import LastRequests
    from gateway.observe.status import Status

EVERY_S: Final = 1.0
KEPT_S: Final = EVERY_S / 2


class RecentStatus:
    """The status for all who watch it: 200 of them kept the event loop for 0.2 s. Lives as long as the application."""

    def __init__(self, status: Callable[[], Status]) -> None:
        self._status = status
        self._made_at = -inf
        self._now: tuple[str, bool] = ("", False)

    def now(self) -> tuple[str, bool]:
        """In JSON, as it was at most `KEPT_S` ago, and whether the gateway is about to leave."""
        if time.monotonic() - self._made_at >= KEPT_S:
            status = self._status()
            self._now = status.model_dump_json(), status.is_draining
            self._made_at = time.monotonic()
        return self._now


class StatusEvents(StreamingResponse):
    """Sends the events until the client has left. Lives as long as one response."""

    def __init__(self, status: RecentStatus, last_requests: LastRequests) -> None:
        super().__init__(_events(status, last_requests), media_type="text/event-stream", headers=UNBUFFERED)


async def _events(status: RecentStatus, last_requests: LastRequests) -> AsyncGenerator[bytes, None]:
    """Server-sent events, beginning with the requests that are remembered. Ends when the gateway is about to leave."""
    seen = 0
    while True:
        told, is_draining = status.now()
        yield _event("status", told)
        for request in last_requests.after(seen):
            seen = request["number"]
            yield _event("request", json.dumps(request))
        if is_draining:
            return
        await asyncio.sleep(EVERY_S)


def _event(kind: str, data: str) -> bytes:
    return f'data: {{"type":"{kind}","{kind}":{data}}}\n\n'.encode()
