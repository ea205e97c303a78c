from __future__ import annotations

import asyncio

import aiohttp
from livekit.agents import APIConnectOptions  # type: ignore[import-not-found]
from livekit.plugins.deepgram import TTS  # type: ignore[import-not-found]

from tests.clients.report import Order, report


async def frames(base_url: str, retries: int, order: Order) -> bytes:
    """The samples that an agent would play."""
    options = APIConnectOptions(max_retry=retries, retry_interval=0.1)
    async with aiohttp.ClientSession() as session:
        access = {"base_url": f"{base_url}/v1/speak", "api_key": "none is needed", "http_session": session}
        tts = TTS(model=order["voice"], **access)
        try:
            async with tts.stream(conn_options=options) as stream:
                for token in order["tokens"]:
                    stream.push_text(token)
                stream.end_input()
                return b"".join([bytes(event.frame.data) async for event in stream])
        finally:
            await tts.aclose()


def speak(base_url: str, retries: int, order: Order) -> bytes:
    return asyncio.run(frames(base_url, retries, order))


if __name__ == "__main__":
    report("livekit-plugins-deepgram", speak)
