from __future__ import annotations

import asyncio

from pipecat.frames.frames import TTSAudioRawFrame  # type: ignore[import-not-found]
from pipecat.services.deepgram.tts import DeepgramTTSService  # type: ignore[import-not-found]

from tests.clients.pipecat_turn import spoken
from tests.clients.report import Order, report


async def frames(base_url: str, order: Order) -> bytes:
    """The samples that a pipeline would play."""
    tts = DeepgramTTSService(
        api_key="none is needed",
        base_url=base_url.replace("http", "ws"),
        sample_rate=order["sample_rate"],
        settings=DeepgramTTSService.Settings(voice=order["voice"]),
    )
    frames = await spoken(tts, order["tokens"])
    return b"".join(frame.audio for frame in frames if isinstance(frame, TTSAudioRawFrame))


def speak(base_url: str, retries: int, order: Order) -> bytes:
    return asyncio.run(frames(base_url, order))


if __name__ == "__main__":
    report("pipecat-ai", speak)
