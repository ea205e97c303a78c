"""The two stages of a derived graph: the score of a unit, and the sound of any window of it. Knows no text, no sockets.

A score travels as records, one for each step of 12.5 ms and one more: what the vocoder reads of that step, in half
precision, which is finer than the 8 bits that follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from inference.protocol import RECORD_BYTES

if TYPE_CHECKING:
    import onnxruntime as ort
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Feed = dict[str, NDArray[Any]]

FEATURES: Final = 512
BINS: Final = 22
HOPS: Final = 60
"""Columns of the source in a step; the source has one more, with which it ends."""

_RECORD: Final = FEATURES + BINS * HOPS
assert np.dtype(np.float16).itemsize * _RECORD == RECORD_BYTES


@dataclass(frozen=True)
class ScoreArrays:
    """What the score stage gives for a unit of T steps."""

    frames: Floats
    """[N]: 25 ms, two steps, each."""

    features: Floats
    """[1, 512, T]."""

    source: Floats
    """[1, 22, 60 T + 1]: magnitudes and phases of the voice's harmonics."""

    energy: Floats
    """[T]: log of the loudness, about -10 in silence and 2 to 8 in speech."""


class Stages:
    """Both stages of one graph, which also pass for a session of the whole. Lives as long as its worker."""

    def __init__(self, score: ort.InferenceSession, vocoder: ort.InferenceSession) -> None:
        self._score = score
        self.vocoder = vocoder
        self._model_path = score._model_path  # kokoro-onnx reads these of the session it is given
        self.get_inputs = score.get_inputs
        self.get_outputs = vocoder.get_outputs
        self.get_modelmeta = score.get_modelmeta
        self.get_providers = score.get_providers

    def run(self, _names: Any, feed: Feed) -> list[Floats]:
        """The audio of a whole unit, as the graph they were cut from gives it."""
        score = self.score(feed)
        return [self.sound(score.features, score.source, feed["style"], is_whole=True)]

    def score(self, feed: Feed) -> ScoreArrays:
        """The score of what kokoro-onnx would feed to the whole graph."""
        frames, features, source, energy = self._score.run(["frames", "features", "source", "energy"], feed)
        return ScoreArrays(frames.ravel(), features, source, energy.ravel())

    def sound(
        self, features: Floats, source: Floats, style: NDArray[np.float32], *, is_whole: bool
    ) -> Floats:
        """Samples of any steps of a score, or of all of them: then norms go by what they see, else by the style."""
        window = {"features": features, "source": source, "style": style, "is_whole": np.array(is_whole)}
        (audio,) = self.vocoder.run(["audio"], window)
        samples: Floats = audio.ravel()
        return samples


def to_records(score: ScoreArrays) -> bytes:
    """T + 1 records in the order of time, so that whoever cuts a score cuts bytes."""
    steps = score.features.shape[2]
    records = np.zeros((steps + 1, _RECORD), np.float16)
    records[:steps, :FEATURES] = score.features[0].T
    hops = score.source[0, :, :-1].reshape(BINS, steps, HOPS)
    records[:steps, FEATURES:] = hops.transpose(1, 2, 0).reshape(steps, -1)
    records[steps, FEATURES : FEATURES + BINS] = score.source[0, :, -1]
    return records.tobytes()


def from_records(data: bytes) -> tuple[Floats, Floats]:
    """Features and source of records; of the last only the first column of the source is read."""
    records = np.frombuffer(data, np.float16).reshape(-1, _RECORD)
    steps = len(records) - 1
    features = records[:steps, :FEATURES].T[None]
    columns = records[:, FEATURES:].reshape(-1, BINS)[: steps * HOPS + 1]
    return features.astype(np.float32, order="C"), columns.T[None].astype(np.float32, order="C")
