from __future__ import annotations

import asyncio

from pipecat.frames.frames import (  # type: ignore[import-not-found]
    ErrorFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
)
from pipecat.services.deepgram.tts import DeepgramTTSService  # type: ignore[import-not-found]
from pipecat.tests.utils import SleepFrame, run_test  # type: ignore[import-not-found]

from tests.clients.report import Order, report


async def frames(base_url: str, order: Order) -> bytes:
    """The samples that a pipeline would play."""
    tts = DeepgramTTSService(
        api_key="none is needed", base_url=base_url.replace("http", "ws"), sample_rate=order["sample_rate"]
    )
    written = (LLMTextFrame(token) for token in order["tokens"])
    turn = [LLMFullResponseStartFrame(), *written, LLMFullResponseEndFrame(), SleepFrame(order["wait_s"])]
    down, up = await run_test(tts, frames_to_send=turn, start_timeout=30)
    for frame in (*down, *up):
        if isinstance(frame, ErrorFrame):
            raise RuntimeError(frame.error)  # noqa: TRY004 - it is no wrong type
    return b"".join(frame.audio for frame in down if isinstance(frame, TTSAudioRawFrame))


def speak(base_url: str, retries: int, order: Order) -> bytes:
    return asyncio.run(frames(base_url, order))


if __name__ == "__main__":
    report("pipecat-ai", speak)
