from __future__ import annotations

import asyncio

from pipecat.frames.frames import TTSAudioRawFrame, TTSTextFrame  # type: ignore[import-not-found]
from pipecat.services.elevenlabs.tts import ElevenLabsTTSService  # type: ignore[import-not-found]
from pipecat.services.tts_service import TextAggregationMode  # type: ignore[import-not-found]

from tests.clients.pipecat_turn import spoken
from tests.clients.report import Order, Spoken, report


async def frames(base_url: str, order: Order) -> Spoken:
    """The samples that a pipeline would play, and the words that it would show, each with its time."""
    tts = ElevenLabsTTSService(
        api_key="none is needed",
        url=base_url.replace("http", "ws"),
        sample_rate=order["sample_rate"],
        settings=ElevenLabsTTSService.Settings(voice=order["voice"], model="kokoro"),
        text_aggregation_mode=TextAggregationMode(order["mode"]),
    )
    frames = await spoken(tts, order["tokens"])
    words = [(frame.text, (frame.pts or 0) / 1e9) for frame in frames if isinstance(frame, TTSTextFrame)]
    return Spoken(b"".join(frame.audio for frame in frames if isinstance(frame, TTSAudioRawFrame)), words)


def speak(base_url: str, retries: int, order: Order) -> Spoken:
    return asyncio.run(frames(base_url, order))


if __name__ == "__main__":
    report("pipecat-ai", speak)
