"""Reply size: the memory a reply may hold at once, before it is made. Knows formats and speeds; knows no worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.audio.encoders import ENCODERS
from gateway.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from inference import Pace

if TYPE_CHECKING:
    from gateway.speech.request import SpeechRequest

_TEXT_BYTES_PER_SECOND: Final = 15
"""Of UTF-8, at speed 1: a letter of English is about a token, and one of Chinese, of three bytes, three to five."""

_WORK_BYTES: Final = 256 << 10
"""Stages, encoder and the piece that is in them."""


def reply_bytes(request: SpeechRequest, room: int, *, is_whole: bool) -> int:
    """Bytes that the reply may hold, up to `room` of them for the cache.

    An estimate: how a text is read is not known yet, and a digit may be a word.
    """
    encoder = ENCODERS[request.response_format]
    heard_s = len(request.input.encode()) / _TEXT_BYTES_PER_SECOND / request.speed
    spoken = _spoken_bytes(request, heard_s)
    ahead = min(spoken, _spoken_bytes(request, Pace().look_ahead_s))
    encoded = heard_s * encoder.bytes_per_second(request.sample_rate, request.kilobits)
    if is_whole and not encoder.is_transparent:
        held = ahead + encoded
    else:
        held = (spoken if is_whole else ahead) + min(encoded, room)
    return _WORK_BYTES + round(held)


def _spoken_bytes(request: SpeechRequest, heard_s: float) -> float:
    """As the engine speaks it."""
    return heard_s * request.tempo * SAMPLE_RATE * SAMPLE_BYTES
