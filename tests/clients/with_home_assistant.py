from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from tests.clients.home_assistant import ConfigEntry, TTSAudioRequest, files
from tests.clients.report import Order, report

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

_WAV_HEADER = 44

tts, data = files()


async def sound(address: str, order: Order) -> bytes:
    """The samples of a text, with a voice that its user chooses among those of a language."""
    host, port = address.removeprefix("tcp://").split(":")
    service = await data.WyomingService.create(host, int(port))
    assert service.platforms == ["tts"]
    entity = _entity(service)
    voices = entity.async_get_supported_voices(order["language"])
    voice = next(each.voice_id for each in voices if each.name == order["voice"])
    if order["way"] == "whole":
        kind, wav = await entity.async_get_tts_audio(
            "".join(order["tokens"]), order["language"], {"voice": voice}
        )
        if not kind:
            raise ConnectionError("there is no sound")
        return bytes(wav[_WAV_HEADER:])
    assert entity.async_supports_streaming_input()
    request = TTSAudioRequest(order["language"], {"voice": voice}, _written(order["tokens"]))
    response = await entity.async_stream_tts_audio(request)
    return b"".join([part async for part in response.data_gen])[_WAV_HEADER:]


def _entity(service: Any) -> Any:
    """With what this version of it asks for; the coordinator is the one that asks again for voices later."""
    given = {"config_entry": ConfigEntry(), "service": service, "coordinator": None}
    asked = inspect.signature(tts.WyomingTtsProvider).parameters
    return tts.WyomingTtsProvider(**{name: given[name] for name in asked})


async def _written(tokens: Sequence[str]) -> AsyncIterator[str]:
    for token in tokens:
        yield token


def speak(base_url: str, retries: int, order: Order) -> bytes:
    return asyncio.run(sound(base_url, order))


if __name__ == "__main__":
    report("homeassistant", speak)
