"""What samples are here: mono s16le, at the engine's rate until they are resampled. Knows no format and no stage."""

from __future__ import annotations

from inference import SAMPLE_BYTES, SAMPLE_RATE

__all__ = ["SAMPLE_BYTES", "SAMPLE_RATE", "seconds", "silence"]


def seconds(samples: int, sample_rate: int = SAMPLE_RATE) -> float:
    """How long so many samples play."""
    return samples / sample_rate


def silence(seconds: float, sample_rate: int = SAMPLE_RATE) -> bytes:
    """So much of nothing."""
    return bytes(round(seconds * sample_rate) * SAMPLE_BYTES)
