"""Tempo, loudness and sample rate: what must change changes, and nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.audio.mp3 import Mp3Encoder
from gateway.audio.pcm import SAMPLE_RATE
from gateway.audio.resampler import Resampler
from gateway.audio.shaping import Gain, Stretch, shape
from gateway.audio.stage import Chain
from gateway.audio.uncompressed import PcmEncoder
from tests.support.sound import (
    delay,
    from_pcm,
    likeness,
    loudness,
    pieces,
    speech_like,
    strongest_hertz,
    to_pcm,
    tone,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.audio.stage import Stage

TEMPOS = (0.25, 0.5, 0.8, 1.01, 1.25, 1.999, 2.0, 4.0)
RATES = (8000, 11025, 16000, 22050, 44100, 48000)
STAGES: dict[str, Callable[[], Stage]] = {
    "stretch": lambda: Stretch(0.8),
    "gain": lambda: Gain(1.5),
    "resampler": lambda: Resampler(16000),
    "nothing": shape,
    "everything": lambda: shape(tempo=1.5, gain=0.5, sample_rate=44100),
}


def run(stage: Stage, pcm: bytes, size: int = 1 << 16) -> bytes:
    return b"".join([stage.feed(piece) for piece in pieces(pcm, size)] + [stage.finish()])


class TestEveryStage:
    @pytest.mark.parametrize("size", [1, 961, 20_000])
    @pytest.mark.parametrize("name", STAGES)
    def test_does_not_care_how_the_samples_arrive(self, name: str, size: int) -> None:
        pcm = speech_like(0.3)
        in_pieces, whole = (
            from_pcm(run(STAGES[name](), pcm, size)),
            from_pcm(run(STAGES[name](), pcm, len(pcm))),
        )
        assert len(in_pieces) == len(whole)
        assert np.abs(in_pieces - whole).max() <= 1

    @given(
        st.integers(0, 30_000),
        st.floats(0.25, 4) | st.just(1.0),
        st.sampled_from([*RATES, SAMPLE_RATE]) | st.integers(8000, 48000),
    )
    @hypothesis_settings(max_examples=60, deadline=None)
    def test_says_how_many_samples_come_out(self, samples: int, tempo: float, rate: int) -> None:
        stage = shape(tempo=tempo, gain=0.5, sample_rate=rate)
        announced = stage.length(samples)
        assert len(run(stage, bytes(2 * samples), 9600)) // 2 == announced

    @pytest.mark.parametrize("name", STAGES)
    def test_gives_equal_bytes_for_equal_samples(self, name: str) -> None:
        pcm = speech_like(0.5)
        assert run(STAGES[name](), pcm) == run(STAGES[name](), pcm)

    @pytest.mark.parametrize("name", STAGES)
    def test_makes_nothing_of_nothing(self, name: str) -> None:
        assert run(STAGES[name](), b"") == b""

    @pytest.mark.parametrize("name", STAGES)
    def test_is_closed_for_good(self, name: str) -> None:
        stage = STAGES[name]()
        stage.feed(speech_like(0.5))
        stage.close()
        stage.close()
        with pytest.raises(ValueError, match="closed"):
            stage.feed(b"\0\0")


class TestStretch:
    @pytest.mark.parametrize("seconds", [0.0005, 0.05, 3])
    @pytest.mark.parametrize("tempo", TEMPOS)
    def test_length_is_exact(self, tempo: float, seconds: float) -> None:
        pcm = speech_like(seconds)
        assert len(run(Stretch(tempo), pcm, 961)) // 2 == round(len(pcm) / 2 / tempo)

    @pytest.mark.parametrize("tempo", TEMPOS)
    def test_pitch_stays(self, tempo: float) -> None:
        stretched = from_pcm(run(Stretch(tempo), tone(440, 4)))
        middle = stretched[len(stretched) // 4 : -len(stretched) // 4]
        assert strongest_hertz(middle, SAMPLE_RATE) == pytest.approx(440, abs=3)

    @pytest.mark.parametrize("tempo", TEMPOS)
    def test_every_syllable_is_kept_in_its_place(self, tempo: float) -> None:
        pcm = speech_like(4)
        before, after = (loudness(from_pcm(data), 80) for data in (pcm, run(Stretch(tempo), pcm, 961)))
        assert np.corrcoef(before, after)[0, 1] > 0.9

    @pytest.mark.parametrize("tempo", [0.5, 0.8, 1.25, 2.0])
    def test_the_end_is_not_lost(self, tempo: float) -> None:
        pcm = speech_like(1) + tone(1000, 0.1)
        end = from_pcm(run(Stretch(tempo), pcm))[-round(0.04 * SAMPLE_RATE / tempo) :]
        assert loudness(end, 4).min() > 4000

    @pytest.mark.parametrize("tempo", [0.5, 0.8, 1.25, 2.0])
    def test_holds_back_at_most_90_ms(self, tempo: float) -> None:
        stage, fed, given = Stretch(tempo), 0, 0
        for piece in pieces(speech_like(3), SAMPLE_RATE // 50 * 2):
            fed += len(piece)
            given += len(stage.feed(piece))
            assert fed - given * tempo <= 0.09 * SAMPLE_RATE * 2


class TestGain:
    @pytest.mark.parametrize("factor", [0, 0.01, 0.5, 1.7])
    def test_multiplies(self, factor: float) -> None:
        pcm = speech_like(0.5)
        wanted = np.rint(from_pcm(pcm) * factor).clip(-32768, 32767)
        assert np.abs(from_pcm(run(Gain(factor), pcm)) - wanted).max() <= 1

    def test_clips_at_full_scale(self) -> None:
        loud = to_pcm(np.array([-32768.0, -20000, 0, 20000, 32767]))
        assert from_pcm(run(Gain(3), loud)).tolist() == [-32768, -32768, 0, 32767, 32767]

    def test_holds_nothing_back(self) -> None:
        pcm = speech_like(0.5)
        assert len(Gain(2).feed(pcm)) == len(pcm)


class TestResampler:
    @pytest.mark.parametrize("rate", RATES)
    def test_same_duration_and_pitch(self, rate: int) -> None:
        out = from_pcm(run(Resampler(rate), tone(1000, 2), 961))
        assert abs(len(out) - 2 * rate) <= 1
        assert strongest_hertz(out, rate) == pytest.approx(1000, abs=1)

    @pytest.mark.parametrize("rate", RATES)
    def test_gives_the_length_it_announces_also_where_that_is_halfway_between_two(self, rate: int) -> None:
        for samples in range(40, 24_000, 1_240):  # at 44,100 Hz every odd multiple of 40 is halfway
            stage = Resampler(rate)
            announced = stage.length(samples)
            assert len(from_pcm(run(stage, bytes(2 * samples), 9600))) == announced, samples

    def test_what_goes_up_and_comes_down_is_the_same(self) -> None:
        pcm = tone(300, 1)
        up = run(Resampler(48000), pcm)
        back, meant = from_pcm(run(Resampler(SAMPLE_RATE, 48000), up)), from_pcm(pcm)
        assert delay(back, meant) == 0
        assert likeness(back, meant, 0) > 0.9999

    def test_nothing_folds_back_from_above_the_new_band(self) -> None:
        assert np.abs(from_pcm(run(Resampler(8000), tone(6000, 1)))[400:-400]).max() < 10

    def test_full_scale_does_not_wrap_around(self) -> None:
        square = to_pcm(32767 * np.sign(np.sin(2 * np.pi * 100 * np.arange(SAMPLE_RATE) / SAMPLE_RATE)))
        out = from_pcm(run(Resampler(48000), square))
        assert np.abs(np.diff(out)).max() < 50_000

    @pytest.mark.parametrize("rate", RATES)
    def test_holds_back_at_most_80_ms(self, rate: int) -> None:
        stage, fed, given = Resampler(rate), 0, 0
        for piece in pieces(speech_like(2), SAMPLE_RATE // 50 * 2):
            fed += len(piece)
            given += len(stage.feed(piece))
            assert fed / SAMPLE_RATE - given / rate <= 0.08 * 2


class TestChain:
    def test_nothing_asked_passes_samples_uncopied(self) -> None:
        pcm = speech_like(0.1)
        assert shape().feed(pcm) is pcm

    def test_everything_asked_is_done(self) -> None:
        out = from_pcm(run(shape(tempo=0.5, gain=0.25, sample_rate=48000), tone(500, 2), 961))
        assert len(out) == 4 * 48000
        middle = out[48000:-48000]
        assert strongest_hertz(middle, 48000) == pytest.approx(500, abs=1)
        assert np.abs(middle).max() == pytest.approx(2000, rel=0.1)

    def test_an_encoder_may_be_its_end(self) -> None:
        pcm = speech_like(1)
        assert run(Chain(Gain(1.5), Mp3Encoder()), pcm) == run(Mp3Encoder(), run(Gain(1.5), pcm))

    def test_closes_what_it_holds(self) -> None:
        last = PcmEncoder()
        Chain(Gain(2), last).close()
        with pytest.raises(ValueError, match="closed"):
            last.feed(b"\0\0")
