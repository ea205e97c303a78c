"""The lifespan of an application whose own parts live longer: Ray is told that it has begun, and that it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Receive, Send


async def follow_lifespan(receive: Receive, send: Send) -> None:
    """Answer what ASGI's lifespan protocol says; nothing is opened or closed for it."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
