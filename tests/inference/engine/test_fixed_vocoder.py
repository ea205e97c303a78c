"""The graph for accelerators, on the CPU: a vocoder in float whose windows are filled up to a few lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.engine.fixed_vocoder import LENGTHS, FixedVocoder, length_for
from inference.engine.session import session_options
from inference.planning.windows import job, windows
from inference.protocol import RECORD_BYTES, STEP_SAMPLES, Score, Unit, WorkerSpec
from models.derive import rewrites
from models.derive.bake import bake
from models.derive.compare import feeds
from models.derive.stages import VOCODER, split
from tests.support.model import MODEL, VOICES, released

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Feed = dict[str, NDArray[Any]]

REACH = 8
"""Steps at the end of a window that may hear where it ends: convolutions reach 6. A join is twice as far from it."""


@pytest.fixture(scope="module")
def release() -> Path:
    return released(MODEL)


@pytest.fixture(scope="module")
def pair(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a graph whose vocoder is in float."""
    directory = tmp_path_factory.mktemp("float")
    bake(release, directory, 8, is_accelerated=True)
    return directory


@pytest.fixture(scope="module")
def sentence(pair: Path) -> Feed:
    """What the vocoder is given for a sentence."""
    score = session(pair / "score.onnx")
    inputs = feeds(score, released(VOICES))[1]
    features, source = score.run(["features", "source"], inputs)
    return {"features": features, "source": source, "style": np.asarray(inputs["style"], np.float32)}


def session(path: Path, steps: int = 0) -> ort.InferenceSession:
    options = session_options(WorkerSpec("speech"), steps)
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def part(sentence: Feed, steps: int) -> Feed:
    """A window of the sentence, which is said again for as long as it takes."""
    times = -(-steps // sentence["features"].shape[2])
    return {
        "features": np.tile(sentence["features"], times)[:, :, :steps],
        "source": np.tile(sentence["source"][:, :, :-1], times + 1)[:, :, : 60 * steps + 1],
        "style": sentence["style"],
    }


def sound(vocoder: Any, window: Feed) -> Floats:
    (audio,) = vocoder.run(["audio"], window)
    return np.asarray(audio.ravel())


def test_the_vocoder_in_float_gives_the_samples_of_the_released_graph_in_float(
    release: Path, pair: Path, sentence: Feed, tmp_path: Path
) -> None:
    model = ir.load(release)
    rewrites.prepare(model)
    ir.save(split(model)[VOCODER], tmp_path / "vocoder.onnx")
    theirs, ours = (sound(session(where / "vocoder.onnx"), sentence) for where in (tmp_path, pair))
    assert np.abs(theirs).max() > 0.1
    np.testing.assert_allclose(ours, theirs, atol=0.01)  # the release rounds the style to 8 bits


def test_nothing_of_the_vocoder_is_in_8_bits(pair: Path) -> None:
    graph = onnx.load(pair / "vocoder.onnx", load_external_data=False).graph
    assert not [
        node.op_type for node in graph.node if "Integer" in node.op_type or "Quantize" in node.op_type
    ]
    assert not [node for node in graph.node if node.op_type == "QLinearConv"]


@pytest.fixture(scope="module")
def fixed(pair: Path) -> FixedVocoder:
    return FixedVocoder(lambda steps: session(pair / "vocoder.onnx", steps))


@pytest.mark.parametrize(("steps", "is_whole"), [(40, True), (LENGTHS[0], False), (LENGTHS[0] + 1, True)])
def test_a_window_that_is_filled_up_sounds_as_it_does_alone(
    pair: Path, fixed: FixedVocoder, sentence: Feed, steps: int, is_whole: bool
) -> None:
    window = part(sentence, steps) | {"is_whole": np.array(is_whole)}
    alone, filled = sound(session(pair / "vocoder.onnx"), window), sound(fixed, window)
    assert len(filled) == len(alone) == steps * STEP_SAMPLES
    inner = (steps - REACH) * STEP_SAMPLES
    np.testing.assert_allclose(filled[:inner], alone[:inner], atol=0.01 * np.abs(alone).max())


@given(st.integers(1, 5000))
def test_lengths_hold_what_they_are_for_and_there_are_few_of_them(steps: int) -> None:
    assert length_for(steps) >= steps
    assert length_for(steps) in LENGTHS or length_for(steps) % LENGTHS[-1] == 0


@given(st.lists(st.integers(-100, 80), min_size=1, max_size=60), st.booleans())
def test_no_window_of_a_sentence_needs_another_length(levels: list[int], is_waited_for: bool) -> None:
    energy = tuple([-100] * 24 + [level for level in levels for _ in range(25)] + [-100] * 40)
    score = Score((), energy, bytes(RECORD_BYTES * (len(energy) + 1)), 0.0)
    for window in windows(energy, is_waited_for=is_waited_for):
        message = job("", Unit("", (), 1.0), score, window)
        assert length_for(len(message.records) // RECORD_BYTES - 1) in LENGTHS
