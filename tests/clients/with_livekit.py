from __future__ import annotations

import asyncio
from typing import Any

import openai
from livekit.agents import APIConnectOptions  # type: ignore[import-not-found]
from livekit.plugins.openai import TTS  # type: ignore[import-not-found]

from tests.clients.report import Order, report


class AskingForTimes(openai.AsyncOpenAI):
    """A client of one's own, which the plugin takes: it asks for the times of words too. Lives as long as an order."""

    async def _prepare_options(self, options: Any) -> Any:
        if options.json_data:
            options.json_data |= {"timestamps": "word"}
        return await super()._prepare_options(options)


async def frames(base_url: str, retries: int, order: Order) -> bytes:
    """The samples that an agent would play."""
    order = dict(order)
    access: dict[str, Any] = {"base_url": base_url, "api_key": "none is needed"}
    text = order.pop("input")
    if order.pop("timestamps", ""):
        access = {"client": AskingForTimes(**access)}
    tts = TTS(**access, **order)
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
