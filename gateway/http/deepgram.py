"""Deepgram's `speak`: its query, for a socket and over HTTP, and the route over HTTP.

Their models are voices here; one of their own names means the default voice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from gateway.audio.pcm import SAMPLE_RATE
from gateway.http.fields import NAME_CHARS, NOT_BLANK, SpeakableText, checked, read_body
from gateway.http.request_errors import ModelNotFound
from gateway.http.responses import AudioResponse
from gateway.http.spoken import spoken
from gateway.speech.request import RATES, SPEEDS, SpeechRequest
from gateway.speech.voices import UnknownVoice

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from starlette.requests import HTTPConnection, Request
    from starlette.responses import Response

    from gateway.settings import Settings
    from gateway.speech.voices import Catalogue
    from gateway.talk.host import Host

_THEIRS: Final = "aura"
"""What the names of Deepgram's own voices begin with."""


class _Usual(NamedTuple):
    """What an encoding is here, and has where nothing else is asked for."""

    response_format: str
    sample_rate: int = SAMPLE_RATE
    kilobits: tuple[int, ...] = ()
    """A second: the choices there are."""


_ENCODINGS: Final[Mapping[str, _Usual]] = {
    "linear16": _Usual("wav"),
    "mulaw": _Usual("ulaw", 8000),
    "alaw": _Usual("alaw", 8000),
    "mp3": _Usual("mp3", 22050, kilobits=(32, 48)),
    "opus": _Usual("opus", 48000, kilobits=(12, 16, 24, 32, 48, 64, 96, 128, 192)),
    "flac": _Usual("flac"),
    "aac": _Usual("aac", kilobits=(32, 48, 64, 96, 128)),
}


class _Query(BaseModel):
    """What is asked for in a query. Parameters that are not listed are ignored."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(
        "",
        max_length=NAME_CHARS,
        description="A Kokoro voice, an OpenAI voice or a mix; one of Deepgram's own means the default voice.",
    )
    sample_rate: int | None = Field(
        None,
        ge=RATES.least,
        le=RATES.most,
        description="Samples a second; unset: what is usual for the encoding.",
    )
    speed: float = Field(
        1.0, ge=SPEEDS.least, le=SPEEDS.most, description="Rate of speech; 1 is the voice's own."
    )

    @classmethod
    def read(cls, request: HTTPConnection) -> Self:
        """The query of a request.

        Raises:
            InvalidField: a parameter is none of those that there are.
        """
        return checked(cls, dict(request.query_params))

    def voice(self, catalogue: Catalogue, settings: Settings) -> str:
        """The name of the voice that is meant.

        Raises:
            ModelNotFound: there is none of that name.
        """
        name = settings.voice if not self.model or self.model.startswith(_THEIRS) else self.model
        try:
            return catalogue.resolve(name).canonical
        except UnknownVoice as unknown:
            raise ModelNotFound(str(unknown)) from None


class SocketQuery(_Query):
    """The query of a handshake."""

    encoding: Literal["linear16", "mulaw", "alaw"] = Field(
        "linear16", description="Of the samples: 16 bits each, little-endian, or 8 bits as on telephones."
    )
    container: Literal["none"] = Field("none", description="Samples alone.")

    def order_without_text(self, host: Host) -> SpeechRequest:
        """The request that speaks so what is yet to be written; raises ModelNotFound."""
        return SpeechRequest.without_text(
            host.catalogue,
            self.voice(host.catalogue, host.settings),
            response_format="pcm"
            if self.encoding == "linear16"
            else _ENCODINGS[self.encoding].response_format,
            sample_rate=self.sample_rate or _ENCODINGS[self.encoding].sample_rate,
            speed=self.speed,
        )


class SpeakQuery(_Query):
    """The query of the route over HTTP."""

    encoding: Literal["linear16", "mulaw", "alaw", "mp3", "opus", "flac", "aac"] = Field(
        "mp3", description="Codec of the audio."
    )
    container: Literal["none", "wav", "ogg"] = Field(
        "wav",
        description="Only linear16 has a choice: none, or wav. Others have the one that is usual for them.",
    )
    bit_rate: int | None = Field(
        None, ge=4000, le=650_000, description="Bits a second, for mp3, opus and aac: the nearest there is."
    )

    def order(self, catalogue: Catalogue, settings: Settings, text: str) -> SpeechRequest:
        """The request that speaks `text` so; raises RequestError."""
        usual = _ENCODINGS[self.encoding]
        is_raw = self.encoding == "linear16" and self.container == "none"
        return SpeechRequest.from_fields(
            catalogue,
            text,
            self.voice(catalogue, settings),
            response_format="pcm" if is_raw else usual.response_format,
            sample_rate=self.sample_rate or usual.sample_rate,
            speed=self.speed,
            kilobits=self._kilobits(usual.kilobits),
        )

    def _kilobits(self, choices: tuple[int, ...]) -> int | None:
        """The nearest of those that the encoding has."""
        asked = self.bit_rate
        return min(choices, key=lambda choice: abs(choice * 1000 - asked)) if asked and choices else None


class SpeakBody(BaseModel):
    """Body of a request for speech as Deepgram has it."""

    text: SpeakableText = Field(
        min_length=1,
        description="Text to speak.",
        examples=["Hello, world."],
        json_schema_extra={"pattern": NOT_BLANK},
    )


async def deepgram_speak_text(request: Request) -> Response:
    """Speak: the audio as it is made."""
    state = request.state
    query = SpeakQuery.read(request)
    asked = read_body(SpeakBody, await request.body(), state.settings, text="text")
    order = query.order(state.catalogue, state.settings, asked.text)
    return AudioResponse(await spoken(request, order), state.record)
