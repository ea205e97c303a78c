"""What is cut from around a segment, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.engine.speech import to_pcm16, trim

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 24_000
FADE_S, LEAD_S, TAIL_S = 0.005, 0.020, 0.050


def silence(seconds: float) -> NDArray[np.float32]:
    return np.zeros(round(seconds * RATE), np.float32)


def hum(seconds: float, loudness: float = 0.5) -> NDArray[np.float32]:
    time = np.arange(round(seconds * RATE)) / RATE
    return (loudness * np.sin(2 * np.pi * 220 * time)).astype(np.float32)


def test_silence_around_speech_goes_but_for_what_soft_consonants_need() -> None:
    trimmed, cut = trim(np.concatenate([silence(0.3), hum(1), silence(0.5)]))
    assert len(trimmed) / RATE == pytest.approx(LEAD_S + 1 + TAIL_S, abs=0.005)
    assert cut / RATE == pytest.approx(0.3 - LEAD_S, abs=0.005)


def test_silence_within_speech_stays() -> None:
    spoken = np.concatenate([hum(0.2), silence(0.4), hum(0.2)])
    trimmed, cut = trim(spoken)
    assert (len(trimmed), cut) == (len(spoken), 0)


@pytest.mark.parametrize("loudness", [0.001, 0.05, 1.0])
def test_silence_is_judged_by_the_loudest_part(loudness: float) -> None:
    noise = hum(0.3, loudness * 0.001)
    trimmed, _ = trim(np.concatenate([noise, hum(0.5, loudness), noise]))
    assert len(trimmed) / RATE == pytest.approx(LEAD_S + 0.5 + TAIL_S, abs=0.01)


def test_what_nobody_hears_is_no_speech_where_the_loudest_is_quiet() -> None:
    trimmed, _ = trim(np.concatenate([hum(0.5, 0.05), hum(0.5, 0.0004)]))
    assert len(trimmed) / RATE == pytest.approx(0.5 + TAIL_S, abs=0.01)


def test_what_is_left_is_the_same_sound_with_soft_ends() -> None:
    spoken = hum(0.5)
    (trimmed, _), fade = trim(spoken), round(FADE_S * RATE)
    assert np.array_equal(trimmed[fade:-fade], spoken[fade:-fade])
    assert trimmed[0] == trimmed[-1] == 0


@pytest.mark.parametrize("samples", [silence(0), silence(0.001), silence(0.2)], ids=["none", "few", "many"])
def test_silence_alone_stays_as_it_is(samples: NDArray[np.float32]) -> None:
    trimmed, cut = trim(samples)
    assert np.array_equal(trimmed, samples)
    assert cut == 0


def test_the_samples_that_are_given_do_not_change() -> None:
    spoken = hum(0.1)
    before = spoken.copy()
    trim(spoken)
    assert np.array_equal(spoken, before)


@given(st.lists(st.floats(-1, 1, width=32), max_size=1000), st.integers(1, 400))
def test_any_samples_become_no_more_and_stay_in_range(values: list[float], repeated: int) -> None:
    samples = np.repeat(np.array(values, np.float32), repeated)[:50_000]
    trimmed, cut = trim(samples)
    assert cut + len(trimmed) <= len(samples)
    assert np.abs(trimmed).max(initial=0) <= np.abs(samples).max(initial=0)


def test_samples_outside_the_range_are_clipped_not_wrapped() -> None:
    pcm = to_pcm16(np.array([-3, -1, 0, 1, 3], np.float32))
    assert np.frombuffer(pcm, "<i2").tolist() == [-32767, -32767, 0, 32767, 32767]
