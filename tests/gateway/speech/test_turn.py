from __future__ import annotations

from contextlib import ExitStack, closing

import psutil
import pytest

from gateway.audio.encoders import ENCODERS
from gateway.audio.shaping import shape
from gateway.audio.stage import Chain
from gateway.speech.request import SpeechRequest
from gateway.speech.turn import PIECE_S, heard_bytes
from gateway.speech.voices import Catalogue

CATALOGUE = Catalogue(["af_heart"])
HUM = b"\x00\x10\x00\xf0" * 12000 * 3
"""A second and a half."""


@pytest.mark.parametrize(
    ("name", "rate", "kilobits"),
    [
        ("pcm", 24000, None),
        ("pcm", 48000, None),
        ("mp3", 22050, 32),
        ("mp3", 44100, 128),
        ("opus", 48000, 32),
    ],
)
def test_what_a_turn_may_hold_covers_what_makes_its_sound(name: str, rate: int, kilobits: int | None) -> None:
    order = SpeechRequest.without_text(
        CATALOGUE, "af_heart", response_format=name, sample_rate=rate, kilobits=kilobits
    )
    turns, before = 40, psutil.Process().memory_info().rss
    with ExitStack() as held:
        for _ in range(turns):
            shaping = shape(tempo=1.0, gain=1.0, sample_rate=rate)
            stages = Chain(shaping, ENCODERS[name](rate, kilobits=kilobits))
            held.enter_context(closing(stages)).feed(HUM[: round(PIECE_S * 48000)])
        grown = psutil.Process().memory_info().rss - before
    assert grown / turns < heard_bytes(order)
