from __future__ import annotations

import asyncio

from livekit.agents import APIConnectOptions  # type: ignore[import-not-found]
from livekit.plugins.openai import TTS  # type: ignore[import-not-found]

from tests.clients.report import Order, report


async def frames(base_url: str, retries: int, order: Order) -> bytes:
    """The samples that an agent would play."""
    order = dict(order)
    text = order.pop("input")
    tts = TTS(base_url=base_url, api_key="none is needed", **order)
    tts.prewarm()
    options = APIConnectOptions(max_retry=retries, retry_interval=0.1)
    try:
        async with tts.synthesize(text, conn_options=options) as stream:
            return b"".join([bytes(audio.frame.data) async for audio in stream])
    finally:
        await tts.aclose()


def speak(base_url: str, retries: int, order: Order) -> bytes:
    return asyncio.run(frames(base_url, retries, order))


if __name__ == "__main__":
    report("livekit-plugins-openai", speak)
