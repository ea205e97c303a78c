from __future__ import annotations

from base64 import b64decode
from typing import Any

from elevenlabs import ElevenLabs  # type: ignore[import-not-found]

from tests.clients.report import Order, Spoken, report


def speak(base_url: str, retries: int, order: Order) -> bytes | Spoken:
    """What the SDK makes of an order, in the way that it asks for."""
    if order["way"] == "convert_realtime":
        return _realtime(base_url, order)
    speech = ElevenLabs(base_url=base_url, api_key="none is needed").text_to_speech
    asked = {name: order[name] for name in ("text", "voice_id", "output_format")}
    options = {"request_options": {"max_retries": retries}}
    if order["way"] == "convert_with_timestamps":
        return _timed([speech.convert_with_timestamps(**asked, **options)])
    if order["way"] == "stream_with_timestamps":
        return _timed(list(speech.stream_with_timestamps(**asked, **options)))
    return b"".join(getattr(speech, order["way"])(**asked, **options))


def _realtime(base_url: str, order: Order) -> bytes:
    client = ElevenLabs(base_url=base_url, api_key="none is needed")
    heard = client.text_to_speech.convert_realtime(
        order["voice_id"], text=iter(order["tokens"]), output_format=order["output_format"]
    )
    return b"".join(heard)


def _timed(parts: list[Any]) -> Spoken:
    audio = b"".join(b64decode(part.audio_base_64) for part in parts)
    times = [
        pair
        for part in parts
        if part.alignment
        for pair in zip(part.alignment.characters, part.alignment.character_start_times_seconds, strict=True)
    ]
    return Spoken(audio, times, _last(parts))


def _last(parts: list[Any]) -> float:
    ends: list[float] = [part.alignment.character_end_times_seconds[-1] for part in parts if part.alignment]
    return ends[-1]


if __name__ == "__main__":
    report("elevenlabs", speak)
