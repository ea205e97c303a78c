from __future__ import annotations

import kokoro_onnx.config

from gateway.audio import pcm
from inference import protocol
from models.derive import compare


def test_all_sides_mean_the_same_samples() -> None:
    """Four programs that may not import each other: gateway, wire, engine, and the comparison of graphs."""
    rates = {pcm.SAMPLE_RATE, protocol.SAMPLE_RATE, compare.SAMPLE_RATE, kokoro_onnx.config.SAMPLE_RATE}
    assert rates == {24000}
    assert pcm.SAMPLE_BYTES == protocol.SAMPLE_BYTES


def test_silence_is_as_long_as_it_is_asked_for() -> None:
    assert pcm.seconds(len(pcm.silence(0.25)) // pcm.SAMPLE_BYTES) == 0.25
    assert pcm.silence(0.5, 8000) == bytes(8000)
