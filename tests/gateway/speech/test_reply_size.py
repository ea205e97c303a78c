from __future__ import annotations

from typing import Any

import pytest

from gateway.audio.encoders import ENCODERS
from gateway.speech.reply_size import reply_bytes
from gateway.speech.request import SpeechRequest
from gateway.speech.voices import Catalogue

CATALOGUE = Catalogue(["af_heart"])
PAGE = "It was the best of times, it was the worst. " * 90


def paid(is_whole: bool, text: str = PAGE, room: int = 0, **fields: Any) -> int:
    request = SpeechRequest.from_fields(CATALOGUE, text, "af_heart", **fields)
    return reply_bytes(request, room, is_whole=is_whole)


@pytest.mark.parametrize("name", ENCODERS)
def test_whole_it_is_priced_by_all_of_its_audio_and_as_a_stream_by_the_look_ahead(name: str) -> None:
    two, three, four = (paid(True, PAGE * pages, response_format=name) for pages in (2, 3, 4))
    assert four - three == pytest.approx(three - two, abs=1)
    assert four - three > 1e6
    assert paid(False, PAGE * 4, response_format=name) == paid(False, PAGE, response_format=name) < 2e6


@pytest.mark.parametrize("name", ["mp3", "aac", "flac"])
def test_slow_speech_at_a_high_rate_is_dear(name: str) -> None:
    slow = paid(True, response_format=name, speed=0.25, sample_rate=48000)
    assert slow > 2 * paid(True, response_format=name)


def test_a_wav_is_priced_by_what_the_engine_speaks() -> None:
    at_low, at_high = (
        paid(True, response_format="wav", speed=0.25, sample_rate=rate) for rate in (8000, 48000)
    )
    assert at_low == at_high
    assert at_high == pytest.approx(paid(True, response_format="wav"), rel=0.05)
    asked = paid(True, response_format="wav", speed=0.8)
    assert asked == pytest.approx(1.25 * paid(True, response_format="wav"), rel=0.05)


def test_what_is_collected_for_the_cache_has_its_price_up_to_the_room_there_is() -> None:
    assert paid(False, room=1 << 30) - paid(False) == pytest.approx(len(PAGE) / 15 * 12000, rel=0.01)
    assert paid(False, room=1000) - paid(False) == 1000
