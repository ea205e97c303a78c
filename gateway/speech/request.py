"""What to speak and how, in canonical form. Knows no JSON, no HTTP and no alias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from inference import Mix

Format = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]
StreamFormat = Literal["audio", "sse"]


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """What to speak and how, in canonical form: no alias, missing default or unknown format is left in it.

    Lives as long as the request.
    """

    input: str
    voice: Mix
    model: str
    response_format: Format
    speed: float
    stream_format: StreamFormat
    stream: bool
    lang_code: str
    """Language of the text; empty: the voice's own."""
    volume_multiplier: float
    sample_rate: int
    """Samples a second of the audio sent."""
