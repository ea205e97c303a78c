"""What samples are here: mono s16le, at one rate until they are resampled. Knows no format and no stage."""

from __future__ import annotations

from typing import Final

SAMPLE_RATE: Final = 24000
"""Samples a second of everything that the engine speaks."""

SAMPLE_BYTES: Final = 2


def seconds(samples: int, sample_rate: int = SAMPLE_RATE) -> float:
    """How long so many samples play."""
    return samples / sample_rate


def silence(seconds: float, sample_rate: int = SAMPLE_RATE) -> bytes:
    """So much of nothing."""
    return bytes(round(seconds * sample_rate) * SAMPLE_BYTES)
