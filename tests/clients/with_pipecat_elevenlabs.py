from __future__ import annotations

import asyncio
from typing import Any

from pipecat.frames.frames import (  # type: ignore[import-not-found]
    ErrorFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
)
from pipecat.services.elevenlabs.tts import ElevenLabsTTSService  # type: ignore[import-not-found]
from pipecat.services.tts_service import TextAggregationMode  # type: ignore[import-not-found]
from pipecat.tests.utils import SleepFrame, run_test  # type: ignore[import-not-found]

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
    written = (LLMTextFrame(token) for token in order["tokens"])
    turn = [LLMFullResponseStartFrame(), *written, LLMFullResponseEndFrame(), SleepFrame(order["wait_s"])]
    down, up = await run_test(tts, frames_to_send=turn, start_timeout=30)
    frames: list[Any] = [*down, *up]
    for frame in frames:
        if isinstance(frame, ErrorFrame):
            raise RuntimeError(frame.error)  # noqa: TRY004 - it is no wrong type
    words = [(frame.text, (frame.pts or 0) / 1e9) for frame in frames if isinstance(frame, TTSTextFrame)]
    return Spoken(b"".join(frame.audio for frame in frames if isinstance(frame, TTSAudioRawFrame)), words)


def speak(base_url: str, retries: int, order: Order) -> Spoken:
    return asyncio.run(frames(base_url, order))


if __name__ == "__main__":
    report("pipecat-ai", speak)
