"""What to speak and how, in canonical form, and how any door makes it of the fields it was given.

Knows no JSON, no HTTP and no model's name; every range of a field is here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

from gateway.audio.encoders import ENCODERS
from gateway.audio.pcm import SAMPLE_RATE
from gateway.speech.errors import InvalidField, TextTooLong
from inference import (
    FASTEST,
    SLOWEST,
    InvalidPronunciation,
    Pronunciations,
    UnknownLanguage,
    language_named,
)

if TYPE_CHECKING:
    from typing import Any

    from gateway.speech.voices import Catalogue, Mix
    from inference import Pronunciation

Format = Literal["mp3", "opus", "aac", "flac", "wav", "pcm", "ulaw", "alaw"]
StreamFormat = Literal["audio", "sse"]
Timestamps = Literal["word"]


class Range(NamedTuple):
    """What a number may be, both ends included."""

    least: float
    most: float


SPEEDS: Final = Range(0.25, 4.0)
"""Rate of speech; 1 is the voice's own."""

VOLUMES: Final = Range(0.0, 10.0)
"""Factor of loudness; 1 leaves it alone."""

RATES: Final = Range(8000, 48000)
"""Samples a second that some format can hold."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """What to speak and how, in canonical form: no alias, missing default or unknown format is left in it.

    Lives as long as the request.
    """

    input: str
    """Empty where it is yet to be written."""
    voice: Mix
    response_format: Format = "mp3"
    speed: float = 1.0
    stream_format: StreamFormat = "audio"
    stream: bool | None = None
    """True: as it is made; False: whole; None: as suits the format."""

    timestamps: Timestamps | None = None
    """Of what it is wanted to know when it is heard."""

    lang_code: str = ""
    """Language of the text; empty: the voice's own."""
    volume_multiplier: float = 1.0
    sample_rate: int = SAMPLE_RATE
    """Samples a second of the audio sent."""

    pronunciations: tuple[Pronunciation, ...] = ()
    """Words that are to be said otherwise, with what is said."""

    kilobits: int | None = None
    """A second of the audio sent, where the format has a choice; None: what suits speech."""

    @classmethod
    def from_fields(
        cls, catalogue: Catalogue, text: str, voice: str, lang_code: str = "", **others: Any
    ) -> SpeechRequest:
        """The request that these fields make; `others` are those of the class that need no translation.

        How long a text and how long a name may be is the door's to say, before anything looks at them.

        Raises:
            InvalidField: there is no text, a number is out of range, nobody speaks the language, or a pronunciation
                cannot be used.
            UnsupportedRate: the format cannot hold the sample rate.
            UnknownVoice: the catalogue has no such voice.
        """
        text = speakable(text)
        if not text.strip():
            raise InvalidField("Invalid 'input': there is no text in it.", param="input", code="empty_string")
        return replace(cls.without_text(catalogue, voice, lang_code, **others), input=text)

    @classmethod
    def without_text(
        cls, catalogue: Catalogue, voice: str, lang_code: str = "", **others: Any
    ) -> SpeechRequest:
        """The same for a text that is yet to be written.

        Raises:
            InvalidField, UnsupportedRate, UnknownVoice: as for a text.
        """
        language = _language(lang_code)
        request = cls("", catalogue.resolve(voice), lang_code=language, **others)
        _check_range("speed", request.speed, SPEEDS)
        _check_range("volume_multiplier", request.volume_multiplier, VOLUMES)
        _check_range("sample_rate", request.sample_rate, RATES)
        if request.response_format not in get_args(Format):
            choices = ", ".join(get_args(Format))
            message = f"Invalid 'response_format': choose one of {choices}."
            raise InvalidField(message, param="response_format", code="invalid_value")
        ENCODERS[request.response_format].supported(request.sample_rate)
        _check_pronunciations(request.pronunciations)
        return request

    @property
    def language(self) -> str:
        """What the text is read as."""
        return self.lang_code or self.voice.language

    @property
    def engine_speed(self) -> float:
        """What the engine is asked for.

        Where it does not speak well, speech at 1 is stretched, with the pitch kept: 0, 0 and 1 % of words are wrong at
        1.3, 1.5 and 2.0, where the model swallows 4, 14 and 27 %. The cache then holds one speed for all of them.
        """
        return self.speed if SLOWEST <= self.speed <= FASTEST else 1.0

    @property
    def tempo(self) -> float:
        """How many times as fast as the engine spoke it the audio is heard."""
        return self.speed / self.engine_speed


def speakable(text: str) -> str:
    """`text` without what no phonemizer can take: lone surrogates, control characters other than breaks."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _CONTROL.sub(" ", whole)


def check_length(text: str, most: int) -> None:
    """Refuse a text of more than so many characters.

    Raises:
        TextTooLong: it has more.
    """
    if len(text) > most:
        raise TextTooLong(f"Invalid 'input': {len(text)} characters, and at most {most} are taken.")


def _language(name: str) -> str:
    if not name.strip():
        return ""
    try:
        return language_named(name).code
    except UnknownLanguage as unknown:
        raise InvalidField(
            f"Invalid 'lang_code': {unknown}.", param="lang_code", code="invalid_value"
        ) from None


def _check_pronunciations(words: tuple[Pronunciation, ...]) -> None:
    try:
        Pronunciations(words)
    except InvalidPronunciation as invalid:
        message = f"Invalid 'pronunciations': {invalid}."
        raise InvalidField(message, param="pronunciations", code="invalid_value") from None


def _check_range(field: str, value: float, allowed: Range) -> None:
    if not allowed.least <= value <= allowed.most:
        raise InvalidField(
            f"Invalid '{field}': choose from {allowed.least:g} to {allowed.most:g}.",
            param=field,
            code="integer_out_of_range" if field == "sample_rate" else "decimal_out_of_range",
        )
