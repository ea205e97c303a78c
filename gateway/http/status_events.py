"""The status as a stream of events: the figures every second, and each speech request when it has ended."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final

from starlette.responses import StreamingResponse

from gateway.http.responses import UNBUFFERED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from starlette.types import Receive, Scope, Send

    from gateway.observe.last_requests import LastRequests
    from gateway.observe.status import Status

EVERY_S: Final = 1.0


class StatusEvents(StreamingResponse):
    """Sends the events until the client has left. Lives as long as one response."""

    def __init__(self, status: Callable[[], Status], last_requests: LastRequests) -> None:
        super().__init__(_events(status, last_requests), media_type="text/event-stream", headers=UNBUFFERED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response. Does not watch for the client's leaving: `RequestBody` cancels this then."""
        await self.stream_response(send)


async def _events(status: Callable[[], Status], last_requests: LastRequests) -> AsyncGenerator[bytes, None]:
    """Server-sent events, beginning with the requests that are remembered. Ends when the gateway is about to leave."""
    seen = 0
    while True:
        now = status()
        yield _event("status", now.model_dump_json())
        for request in last_requests.after(seen):
            seen = request["number"]
            yield _event("request", json.dumps(request))
        if now.is_draining:
            return
        await asyncio.sleep(EVERY_S)


def _event(kind: str, data: str) -> bytes:
    return f'data: {{"type":"{kind}","{kind}":{data}}}\n\n'.encode()
