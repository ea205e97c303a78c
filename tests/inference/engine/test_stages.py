"""A graph in two stages: the same sound as the graph at once, and any window of it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kokoro_onnx import Kokoro

from inference.engine.speech import WARM_UP, SpeechEngine, trim
from inference.engine.stages import ScoreArrays, from_records, to_records
from inference.errors import EngineFailed
from inference.planning.windows import job, windows
from inference.protocol import (
    RECORD_BYTES,
    STEP_SAMPLES,
    Audio,
    Score,
    SpeechJob,
    TextJob,
    Unit,
    WindowJob,
    WorkerSpec,
)
from tests.support.model import VOICES, derived, released

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

EMPTY = np.zeros(0, np.float32)
UNIT = Unit(WARM_UP, (("af_heart", 1.0),), 1.0)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine() -> Iterator[SpeechEngine]:
    engine = SpeechEngine(WorkerSpec("speech", model_path=str(derived()), voices_path=str(released(VOICES))))
    with closing(engine._kokoro.voices):
        yield engine


@pytest.fixture(scope="module")
def score(engine: SpeechEngine) -> Score:
    reply = engine.do(SpeechJob("r", UNIT))
    assert isinstance(reply, Score)
    return reply


def samples(reply: object) -> NDArray[np.int16]:
    assert isinstance(reply, Audio)
    return np.frombuffer(reply.pcm, "<i2")


def envelope(sound: NDArray[np.int16]) -> NDArray[np.float64]:
    """Root mean square of each 25 ms."""
    frames = sound[: len(sound) // 600 * 600].reshape(-1, 600).astype(float)
    return np.asarray(np.sqrt((frames**2).mean(axis=1)))


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_records_hold_all_of_a_score_to_half_precision(steps: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    features = chance.uniform(-8, 8, (1, 512, steps)).astype(np.float32)
    source = chance.uniform(-4, 4, (1, 22, 60 * steps + 1)).astype(np.float32)
    data = to_records(ScoreArrays(EMPTY, features, source, EMPTY))
    assert len(data) == (steps + 1) * RECORD_BYTES
    for found, sent in zip(from_records(data), (features, source), strict=True):
        assert found.shape == sent.shape
        assert np.abs(found - sent).max() < 0.005
    middle = from_records(data[RECORD_BYTES : 2 * RECORD_BYTES + RECORD_BYTES])
    if steps > 1:
        assert np.abs(middle[1] - source[:, :, 60:121]).max() < 0.005


def test_a_score_says_how_long_each_token_lasts_and_how_loud_each_step_is(score: Score) -> None:
    assert len(score.frames) == len(WARM_UP) + 2
    assert len(score.energy) == 2 * sum(score.frames)
    assert len(score.records) == (len(score.energy) + 1) * RECORD_BYTES
    assert min(score.energy) < -60
    assert max(score.energy) > 20


def test_kokoro_speaks_on_the_stages_as_on_one_session(engine: SpeechEngine, score: Score) -> None:
    kokoro = Kokoro.from_session(engine._session, str(released(VOICES)))
    with closing(kokoro.voices):
        spoken, _ = kokoro.create(WARM_UP, "af_heart", is_phonemes=True, trim=False)
    assert len(spoken) == len(score.energy) * STEP_SAMPLES
    whole = samples(engine.do(WindowJob("r", UNIT, 0, len(score.energy), True, True, score.records)))
    theirs = envelope((trim(spoken)[0] * 32767).astype(np.int16))
    assert (
        np.abs(envelope(whole)[: len(theirs)] - theirs[: len(envelope(whole))]).mean() < 0.15 * theirs.mean()
    )


def test_windows_together_are_as_long_and_as_loud_as_the_unit_at_once(
    engine: SpeechEngine, score: Score
) -> None:
    at_once = samples(engine.do(WindowJob("r", UNIT, 0, len(score.energy), True, True, score.records)))
    sound = b""
    cut = windows(score.energy, is_waited_for=True)
    assert len(cut) > 1
    for window in cut:
        reply = engine.do(job("r", UNIT, score, window))
        assert isinstance(reply, Audio)
        sound += reply.pcm
    joined = np.frombuffer(sound, "<i2")
    assert abs(len(joined) - len(at_once)) <= 480  # the ends are cut to 5 ms by how loud they are
    length = min(len(joined), len(at_once))
    ours, theirs = envelope(joined[:length]), envelope(at_once[:length])
    loud = theirs > 0.05 * theirs.max()
    assert np.abs(20 * np.log10(ours[loud] / theirs[loud])).mean() < 3


def test_windows_are_parts_of_one_sound(engine: SpeechEngine, score: Score) -> None:
    steps = len(score.energy)
    at_once = engine.do(WindowJob("r", UNIT, 0, steps, True, False, score.records))
    assert isinstance(at_once, Audio)
    theirs = samples(at_once).astype(int)
    cut = windows(score.energy, is_waited_for=True)
    assert len(cut) > 1
    for window in cut[:-1]:
        reply = engine.do(job("r", UNIT, score, window))
        assert isinstance(reply, Audio)
        start = window.start * STEP_SAMPLES + reply.cut - at_once.cut
        ours = samples(reply).astype(int)[max(0, -start) :]
        part = theirs[max(0, start) :][: len(ours)]
        heard = np.abs(ours - part)[240:]
        assert heard.max() <= 1


def test_a_unit_without_a_known_phoneme_is_refused(engine: SpeechEngine) -> None:
    with pytest.raises(EngineFailed):
        engine.do(SpeechJob("r", Unit("☃", UNIT.voice, 1.0)))


def test_a_job_of_another_role_is_refused(engine: SpeechEngine) -> None:
    with pytest.raises(EngineFailed, match="TextJob"):
        engine.do(TextJob("r", "a", "en-us"))
