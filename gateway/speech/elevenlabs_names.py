"""What ElevenLabs' clients call formats and voices, and what that is here. Knows no message and no route."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from gateway.speech.errors import InvalidField, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES: Final = tomllib.loads((files("gateway.speech") / "data" / "elevenlabs.toml").read_text("utf-8"))

DEFAULT_FORMAT: Final[str] = _NAMES["default_format"]
FORMATS: Final[tuple[str, ...]] = tuple(_NAMES["formats"])
SOCKET_FORMATS: Final = tuple(name for name in FORMATS if not name.startswith("wav_"))

STOCK_VOICES: Final[Mapping[str, str]] = _NAMES["voices"]
"""ElevenLabs' stock voices and the Kokoro voice that answers to each."""


class UnknownFormat(InvalidField):
    """A name that means none of the formats; the message lists them."""

    def __init__(self, name: str, among: tuple[str, ...]) -> None:
        super().__init__(
            f"Unknown output_format {shortened(name)!r}; choose one of {', '.join(among)}.",
            param="output_format",
            code="invalid_value",
        )


@dataclass(frozen=True)
class OutputFormat:
    """One format, as the fields of a request for speech say it."""

    response_format: str
    sample_rate: int
    kilobits: int | None = None

    @classmethod
    def named(cls, name: str, among: tuple[str, ...] = FORMATS) -> OutputFormat:
        """The format meant by `mp3_22050_32`; an empty name is the default.

        Raises:
            UnknownFormat: it is none of those.
        """
        name = name or DEFAULT_FORMAT
        if name not in among:
            raise UnknownFormat(name, among)
        codec, *numbers = name.split("_")
        return cls(codec, *map(int, numbers))


def padded(voice: str) -> str:
    """The id of a voice in the form of ElevenLabs' own, 10 to 40 letters and digits, which some clients insist on.

    `kokoroAfHeart` for `af_heart`.
    """
    return "kokoro" + "".join(part.capitalize() for part in voice.split("_"))
