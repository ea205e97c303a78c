from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from pipecat.frames.frames import TTSAudioRawFrame, TTSStoppedFrame, TTSTextFrame  # type: ignore[import-not-found]
from pipecat.services.elevenlabs.tts import (  # type: ignore[import-not-found]
    ElevenLabsHttpTTSService,
    ElevenLabsTTSService,
)
from pipecat.services.tts_service import TextAggregationMode  # type: ignore[import-not-found]

from tests.clients.pipecat_turn import spoken
from tests.clients.report import Order, Spoken, report


class _Clock:
    """Keeps how far a service believes its turn to reach, which it forgets. Lives as long as the service."""

    aligned_s = 0.0

    async def push_frame(self, frame: Any, *others: Any) -> None:
        if isinstance(frame, TTSStoppedFrame):
            self.aligned_s = self._cumulative_time  # type: ignore[attr-defined]
        await super().push_frame(frame, *others)  # type: ignore[misc]


class OnSocket(_Clock, ElevenLabsTTSService):  # type: ignore[misc]
    """The service that an agent uses. Lives as long as its turn."""


class OverHttp(_Clock, ElevenLabsHttpTTSService):  # type: ignore[misc]
    """The one that asks for each sentence by itself. Lives as long as its turn."""


async def frames(base_url: str, order: Order) -> Spoken:
    """The samples that a pipeline would play, and the words that it would show, each with its time."""
    options = {"api_key": "none is needed", "sample_rate": order["sample_rate"]}
    async with aiohttp.ClientSession() as session:
        if order["mode"] == "http":
            settings = OverHttp.Settings(voice=order["voice"], model="kokoro")
            tts = OverHttp(base_url=base_url, aiohttp_session=session, settings=settings, **options)
        else:
            settings = OnSocket.Settings(voice=order["voice"], model="kokoro")
            mode = TextAggregationMode(order["mode"])
            url = base_url.replace("http", "ws")
            tts = OnSocket(url=url, settings=settings, text_aggregation_mode=mode, **options)
        before = [order["before"]] if "before" in order else []
        frames = await spoken(tts, *before, order["tokens"], breaks_in=order.get("breaks_in", False))
    words = [(frame.text, (frame.pts or 0) / 1e9) for frame in frames if isinstance(frame, TTSTextFrame)]
    audio = b"".join(frame.audio for frame in frames if isinstance(frame, TTSAudioRawFrame))
    return Spoken(audio, words, tts.aligned_s)


def speak(base_url: str, retries: int, order: Order) -> Spoken:
    return asyncio.run(frames(base_url, order))


if __name__ == "__main__":
    report("pipecat-ai", speak)
