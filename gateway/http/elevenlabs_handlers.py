"""The handlers of ElevenLabs' routes over HTTP: each parses, calls and wraps."""

from __future__ import annotations

from base64 import b64encode
from contextlib import aclosing
from dataclasses import replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.http.elevenlabs_schema import parse_text_to_speech
from gateway.http.responses import AudioResponse
from gateway.http.spoken import spoken
from gateway.speech.synthesis import ByteStream, Speech
from gateway.speech.turn import AS_MADE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.requests import Request
    from starlette.responses import Response

    from gateway.speech.alignment import Alignment
    from gateway.speech.request import SpeechRequest
    from gateway.speech.turn import Sound, Turn

_COPIES: Final = 3
"""Of audio that is sent whole: as it came, in base64 and in the object."""


async def text_to_speech(request: Request) -> Response:
    """Speak: the audio as it is made."""
    return await _spoken(request)


async def stream_text_to_speech(request: Request) -> Response:
    """The same, under the name that clients use where they play the audio as it comes."""
    return await _spoken(request)


async def text_to_speech_with_timestamps(request: Request) -> Response:
    """Speak: one object of the whole audio, and of when each character is heard."""
    return await _timed(request, is_whole=True)


async def stream_text_to_speech_with_timestamps(request: Request) -> Response:
    """The same as it is made: one object on each line."""
    return await _timed(request, is_whole=False)


async def _spoken(request: Request) -> Response:
    return AudioResponse(await spoken(request, await _order(request)), request.state.record)


async def _timed(request: Request, *, is_whole: bool) -> Response:
    state, record = request.state, request.state.record
    order = replace(await _order(request), timestamps="word")
    record.ordered(order, keep_text=state.settings.log_text)
    turn = state.synthesis.turn(order, record, AS_MADE)
    lines = _lines(turn, order.input, is_whole=is_whole)
    try:
        first = await anext(lines, _line())  # of a text of nothing there is none
    except BaseException:
        await lines.aclose()
        turn.close()
        raise
    return AudioResponse(Speech("application/json", None, ByteStream(first, lines), dict), record)


async def _order(request: Request) -> SpeechRequest:
    state = request.state
    voice, output_format = request.path_params["voice"], request.query_params.get("output_format", "")
    text, wish = parse_text_to_speech(await request.body(), voice, output_format, state.settings)
    return wish.order(state.catalogue, text)


async def _lines(turn: Turn, text: str, *, is_whole: bool) -> AsyncGenerator[bytes, None]:
    """The objects that tell of a text: one for each of its sounds, or for all of them."""
    turn.append(text)
    turn.end()
    try:
        async with aclosing(turn.sounds()) as sounds:
            if is_whole:
                yield _line(*await _held(turn, sounds))
            else:
                async for sound in sounds:
                    yield _line(sound)
    finally:
        turn.close()


async def _held(turn: Turn, sounds: AsyncGenerator[Sound, None]) -> list[Sound]:
    held, held_bytes = [], 0
    async for sound in sounds:
        held.append(sound)
        held_bytes += len(sound.data)
        turn.hold(_COPIES * held_bytes)
    return held


def _line(*sounds: Sound) -> bytes:
    alignments = [sound.alignment for sound in sounds if sound.alignment]
    times = _times(reduce(add, alignments)) if alignments else None
    told: dict[str, Any] = {
        "audio_base64": b64encode(b"".join(sound.data for sound in sounds)).decode(),
        "alignment": times,
        "normalized_alignment": times,
    }
    return msgspec.json.encode(told) + b"\n"


def _times(alignment: Alignment) -> dict[str, list[Any]]:
    return {
        "characters": alignment.characters,
        "character_start_times_seconds": [ms / 1000 for ms in alignment.starts_ms],
        "character_end_times_seconds": [ms / 1000 for ms in alignment.ends_ms],
    }
