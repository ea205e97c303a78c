from __future__ import annotations

import asyncio

import aiohttp
from livekit.agents import APIConnectOptions  # type: ignore[import-not-found]
from livekit.plugins.elevenlabs import TTS  # type: ignore[import-not-found]

from tests.clients.report import Order, Spoken, report


async def frames(base_url: str, retries: int, order: Order) -> Spoken:
    """The samples that an agent would play, and the words that it would show, each with its time."""
    given = {"encoding": order["format"]} if "format" in order else {}
    options = APIConnectOptions(max_retry=retries, retry_interval=0.1)
    async with aiohttp.ClientSession() as session:
        tts = TTS(
            base_url=base_url,
            api_key="none is needed",
            voice_id=order["voice"],
            http_session=session,
            **given,
        )
        try:
            if "before" in order:  # somebody breaks in when the first of it is heard
                async with tts.stream(conn_options=options) as stream:
                    stream.push_text("".join(order["before"]))
                    await anext(stream)
            async with tts.stream(conn_options=options) as stream:
                for token in order["tokens"]:
                    stream.push_text(token)
                stream.end_input()
                heard = [event.frame async for event in stream]
        finally:
            await tts.aclose()
    timed = [word for frame in heard for word in frame.userdata.get("lk.timed_transcripts", ())]
    words = [(str(word), float(word.start_time)) for word in timed]
    return Spoken(b"".join(bytes(frame.data) for frame in heard), words, timed[-1].end_time)


def speak(base_url: str, retries: int, order: Order) -> Spoken:
    return asyncio.run(frames(base_url, retries, order))


if __name__ == "__main__":
    report("livekit-plugins-elevenlabs", speak)
