from __future__ import annotations

import asyncio

from pipecat.frames.frames import (  # type: ignore[import-not-found]
    ErrorFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
)
from pipecat.services.openai.tts import OpenAITTSService  # type: ignore[import-not-found]
from pipecat.tests.utils import run_test  # type: ignore[import-not-found]

from tests.clients.report import Order, report


async def frames(base_url: str, order: Order) -> bytes:
    """The samples that a pipeline would play."""
    settings = OpenAITTSService.Settings(model=order["model"], voice=order["voice"])
    # It takes a text for silent when the first sound needs 3 s; the machine that runs tests may be that busy.
    tts = OpenAITTSService(
        api_key="none is needed", base_url=base_url, settings=settings, stop_frame_timeout_s=10
    )
    down, up = await run_test(tts, frames_to_send=[TTSSpeakFrame(order["input"])], start_timeout=30)
    for frame in (*down, *up):
        if isinstance(frame, ErrorFrame):
            raise RuntimeError(frame.error)  # noqa: TRY004 - it is no wrong type
    return b"".join(frame.audio for frame in down if isinstance(frame, TTSAudioRawFrame))


def speak(base_url: str, retries: int, order: Order) -> bytes:
    for _ in range(retries):
        try:
            return asyncio.run(frames(base_url, order))
        except RuntimeError as error:
            if "completed with no audio" not in str(error):
                raise
    return asyncio.run(frames(base_url, order))  # the machine has been too busy for its patience before


if __name__ == "__main__":
    report("pipecat-ai", speak)
