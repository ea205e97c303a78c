"""What ElevenLabs' clients ask for, as a request for speech. Knows no message and no route."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from gateway.speech.elevenlabs_names import FORMATS, STOCK_VOICES, OutputFormat
from gateway.speech.request import SPEEDS, SpeechRequest
from inference import UnknownLanguage, language_named

if TYPE_CHECKING:
    from gateway.speech.voices import Catalogue

_CODE: Final = 2
"""Letters of ISO 639-1."""


@dataclass(frozen=True)
class Wish:
    """How a text is to be spoken, in our words. Lives as long as the request, or the socket."""

    voice: str
    output_format: OutputFormat
    language: str = ""
    """Of the text; empty: the voice's own."""

    speed: float = 1.0

    @classmethod
    def of(
        cls,
        voice: str,
        output_format: str,
        language_code: str,
        speed: float | None,
        formats: tuple[str, ...] = FORMATS,
    ) -> Wish:
        """The wish that these fields make: a speed out of range is its end, a language that nobody speaks is none.

        Raises:
            UnknownFormat: it is none of `formats`.
        """
        wish = cls(voice, OutputFormat.named(output_format, formats), _language(voice, language_code))
        return wish.at(speed)

    def at(self, speed: float | None) -> Wish:
        """The same at another speed; beyond our range, at its end."""
        return self if speed is None else replace(self, speed=min(max(speed, SPEEDS.least), SPEEDS.most))

    def order(self, catalogue: Catalogue, text: str) -> SpeechRequest:
        """The request that speaks `text` so.

        Raises:
            RequestError: there is no such voice, or no text.
        """
        return SpeechRequest.from_fields(catalogue, text, self.voice, **self._fields)

    def order_without_text(self, catalogue: Catalogue) -> SpeechRequest:
        """The request that speaks so what is yet to be written.

        Raises:
            UnknownVoice: there is no such voice.
        """
        return SpeechRequest.without_text(catalogue, self.voice, **self._fields)

    @property
    def _fields(self) -> dict[str, Any]:
        return vars(self.output_format) | {"lang_code": self.language, "speed": self.speed}


def _language(voice: str, code: str) -> str:
    """A stock voice stands for several languages; a voice of Kokoro's says its own."""
    if voice not in STOCK_VOICES or len(code) != _CODE:
        return ""
    try:
        return language_named(code).code
    except UnknownLanguage:
        return ""
