"""The handlers of ElevenLabs' routes over HTTP: each parses, calls and wraps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.http.cache_control import allowed_use
from gateway.http.elevenlabs_schema import parse_text_to_speech
from gateway.http.responses import AudioResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def text_to_speech(request: Request) -> Response:
    """Speak: the audio as it is made."""
    return await _spoken(request)


async def stream_text_to_speech(request: Request) -> Response:
    """The same, under the name that clients use where they play the audio as it comes."""
    return await _spoken(request)


async def _spoken(request: Request) -> Response:
    state, record = request.state, request.state.record
    voice, output_format = request.path_params["voice"], request.query_params.get("output_format", "")
    text, wish = parse_text_to_speech(await request.body(), voice, output_format, state.settings)
    order = wish.order(state.catalogue, text)
    record.ordered(order, keep_text=state.settings.log_text)
    use = allowed_use(request.headers.get("cache-control", ""))
    return AudioResponse(await state.synthesis.stream(order, record, use), record)
