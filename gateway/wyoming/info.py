"""What a Wyoming client is told of us: every voice, and that texts are taken as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wyoming.info import Attribution, Info, TtsProgram, TtsVoice

from gateway import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.speech.voices import Voice

_US: Final = Attribution(name="Kokoro Gateway", url="https://huggingface.co/hexgrad/Kokoro-82M")


def info(voices: Mapping[str, Voice]) -> Info:
    """The answer to `describe`."""
    return Info(
        tts=[
            TtsProgram(
                name="kokoro",
                attribution=_US,
                installed=True,
                description="Kokoro-82M on this machine",
                version=__version__,
                voices=[_voice(name, voice) for name, voice in voices.items()],
                supports_synthesize_streaming=True,
            )
        ]
    )


def _voice(name: str, voice: Voice) -> TtsVoice:
    return TtsVoice(
        name=name,
        attribution=_US,
        installed=True,
        description=name,
        version=None,
        languages=tags(voice.language),
    )


def tags(language: str) -> list[str]:
    """A language as pipelines may name it, with its region first: `en-US` and `en`."""
    base, _, region = language.partition("-")
    return [f"{base}-{region.upper()}", base] if region else [base]
