"""The JSON of requests for captions, and for speech with captions as Kokoro-FastAPI has it. Knows no format of them."""

from __future__ import annotations

from pydantic import BaseModel, Field, StrictBool

from gateway.http.fields import NAME_CHARS
from gateway.http.schema import AudioBody, TextBody
from gateway.speech.captions import CaptionFormat

_MODEL = Field("kokoro", min_length=1, max_length=NAME_CHARS, description="All models speak with Kokoro.")


class CaptionedSpeechBody(AudioBody):
    """Body of a request for speech with timestamps, as Kokoro-FastAPI takes it. Others of its fields are ignored."""

    model: str = _MODEL
    stream: StrictBool | None = Field(
        True, description="True: JSON objects as the audio is made, one a line. False: one of all of it."
    )
    return_timestamps: StrictBool = Field(True, description="False: `timestamps` is null.")


class CaptionsBody(TextBody):
    """Body of a request for captions. Null means the default; fields that are not listed are ignored."""

    model: str = _MODEL
    response_format: CaptionFormat = Field(
        "vtt", description="WebVTT, SubRip, or every word with its times as JSON."
    )


class WordTime(BaseModel):
    """When a word is heard, from the start of the audio."""

    word: str = Field(description="As it is written, without markup.")
    start_time: float = Field(description="Seconds.")
    end_time: float = Field(description="Seconds.")
    start_index: int = Field(description="Where it begins in the text, in characters (Unicode code points).")
    end_index: int


class CaptionedSpeech(BaseModel):
    """Audio, and when each word of it is heard."""

    audio: str = Field(description="Base64; all objects of a reply together are one file.")
    audio_format: str = Field(description="Media type of the audio.")
    timestamps: list[WordTime] | None = Field(description="The words that begin in this audio.")


class Captions(BaseModel):
    """When each word of a text is heard."""

    timestamps: list[WordTime]
