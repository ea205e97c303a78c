"""From an order to speech, as all routes over HTTP have it. Knows requests; knows no API and no response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.http.cache_control import allowed_use

if TYPE_CHECKING:
    from starlette.requests import Request

    from gateway.speech.request import SpeechRequest
    from gateway.speech.synthesis import Speech


async def spoken(request: Request, order: SpeechRequest) -> Speech:
    """What is spoken, once its first bytes are there: noted on the record, and with the cache as the client allows.

    Raises:
        InferenceError: it is refused, or cannot be spoken.
        InvalidField: its reply is wanted whole, and would take more memory than there is.
    """
    state = request.state
    state.record.ordered(order, keep_text=state.settings.log_text)
    use = allowed_use(request.headers.get("cache-control", ""))
    speech: Speech = await state.synthesis.stream(order, state.record, use)
    return speech
