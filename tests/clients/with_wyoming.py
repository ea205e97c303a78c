from __future__ import annotations

import asyncio

from wyoming.audio import AudioChunk
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from tests.clients.report import Order, report


async def sound(uri: str, order: Order) -> bytes:
    """The samples of a text, sent as Home Assistant sends what a language model writes."""
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Describe().event())
        described = await client.read_event()
        assert described
        assert Info.from_event(described).tts[0].supports_synthesize_streaming
        voice = SynthesizeVoice(name=order["voice"])
        text = "".join(order["tokens"])
        parts = (
            SynthesizeStart(voice),
            *map(SynthesizeChunk, order["tokens"]),
            Synthesize(text, voice),
            SynthesizeStop(),
        )
        for part in parts:
            await client.write_event(part.event())
        heard = b""
        while event := await client.read_event():
            if AudioChunk.is_type(event.type):
                heard += AudioChunk.from_event(event).audio
            elif SynthesizeStopped.is_type(event.type):
                return heard
            elif Error.is_type(event.type):
                raise RuntimeError(Error.from_event(event).text)
        raise ConnectionError("it was closed before its end")


def speak(base_url: str, retries: int, order: Order) -> bytes:
    return asyncio.run(sound(base_url, order))


if __name__ == "__main__":
    report("wyoming", speak)
