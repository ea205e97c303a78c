"""The program that holds a derived graph against the released one: what each costs, and how far apart they sound.

`python -m models.derive.compare RELEASED DERIVED VOICES` prints one JSON object. Knows how to listen; does not judge.
"""

from __future__ import annotations

import json
import sys
import time
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import onnxruntime as ort

from models.derive.stages import SCORE, VOCODER, WHOLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]
    Feed = dict[str, NDArray[np.generic]]
    Session: TypeAlias = "ort.InferenceSession | Stages"

SAMPLE_RATE = 24_000
SIZE, HOP, BANDS = 1024, 512, 80
FLOOR_DB = -60.0  # below the loudest band there is only the noise floor, which differs between any two graphs

# "I'll be right back.", said first and not counted; then a statement, a question and Spanish.
UNCOUNTED = ("af_heart", "aɪl biː ɹˈaɪt bˈæk.")
SENTENCES = (
    ("af_heart", "ðə tɹˈeɪn tə ðə kˈoʊst lˈiːvz æt hˈæf pˈæst sˈɪks."),
    ("bm_george", "wʊd juː lˈaɪk sˈʌm mˈɔː tˈiː wɪð ðˈat?"),
    ("ef_dora", "mˈe ɡˈusta leˈeɾ ˈen la teɾˈasa."),
)


def feed(session: Session, tokens: list[int], styles: Floats) -> Feed:
    """The inputs for one utterance, under the names this graph gives them; `styles` is a voice's [510, 1, 256]."""
    names = {node.name for node in session.get_inputs()}
    return {
        "tokens" if "tokens" in names else "input_ids": np.array([[0, *tokens, 0]], np.int64),
        "style": styles[min(len(tokens), len(styles)) - 1],
        "speed": np.ones(1, np.float32),
    }


def feeds(session: Session, voices: Path) -> list[Feed]:
    """The inputs of UNCOUNTED and SENTENCES."""
    vocabulary = json.loads((resources.files("kokoro_onnx") / "config.json").read_text("utf-8"))["vocab"]
    with np.load(voices) as styles:
        return [
            feed(session, [vocabulary[phoneme] for phoneme in phonemes], styles[voice])
            for voice, phonemes in (UNCOUNTED, *SENTENCES)
        ]


class Stages:
    """The two stages of a derived graph behind the face of one session. Lives as long as a comparison.

    What it speaks is a unit at once, or sounds as a unit of several windows does.
    """

    def __init__(self, score: Path, *, is_whole: bool = True) -> None:
        self._is_whole = np.array(is_whole)
        self._score = single_threaded(score)
        self._vocoder = single_threaded(score.with_name(f"{VOCODER}.onnx"))
        self.get_inputs = self._score.get_inputs

    def run(self, _names: list[str], inputs: Feed) -> list[Floats]:
        """The audio."""
        features, source = self._score.run(["features", "source"], inputs)
        parts = {"features": features, "source": source, "style": inputs["style"], WHOLE: self._is_whole}
        audio: list[Floats] = self._vocoder.run(["audio"], parts)
        return audio


def open_session(path: Path, *, is_whole: bool = True) -> ort.InferenceSession | Stages:
    """A graph, or both stages of one that is named by its first."""
    return Stages(path, is_whole=is_whole) if path.stem == SCORE else single_threaded(path)


def single_threaded(path: Path) -> ort.InferenceSession:
    """One thread, as a worker has on a busy machine."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def speak(session: Session, inputs: Feed) -> tuple[Floats, float]:
    """The audio, and the CPU seconds it took."""
    before = time.process_time()
    (audio,) = session.run(["audio"], inputs)
    return audio.ravel(), time.process_time() - before


@lru_cache(maxsize=1)
def mel_bands() -> Floats:
    """Triangular bands on the mel scale 2595 log10(1 + f / 700): [BANDS, SIZE / 2 + 1]."""
    top = 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, BANDS + 2) / 2595) - 1)
    low, peak, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    hertz = np.linspace(0, SAMPLE_RATE / 2, SIZE // 2 + 1)
    bands = np.minimum((hertz - low) / (peak - low), (high - hertz) / (high - peak))
    triangles: Floats = np.maximum(bands, 0)
    return triangles


def log_mel(audio: Floats) -> Floats:
    """Power in each mel band in dB below the loudest, [frames, BANDS], nothing below FLOOR_DB."""
    starts = range(0, max(len(audio) - SIZE, 1), HOP)
    padded = np.pad(audio, (0, SIZE))
    windows = np.stack([padded[start : start + SIZE] for start in starts]) * np.hanning(SIZE)
    decibels = 10 * np.log10(np.abs(np.fft.rfft(windows)) ** 2 @ mel_bands().T + 1e-12)
    relative: Floats = np.maximum(decibels - decibels.max(), FLOOR_DB)
    return relative


def mel_distance(a: Floats, b: Floats) -> float:
    """How far apart two utterances sound, in dB: log-mel difference along the best alignment in time.

    Symmetric dynamic time warping (a diagonal step counts twice), divided by the steps it can take.
    """
    first, second = log_mel(a), log_mel(b)
    local = np.sqrt(((first[:, None] - second[None]) ** 2).mean(axis=2))
    rows, columns = local.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0
    for diagonal in range(2, rows + columns + 1):
        i = np.arange(max(1, diagonal - columns), min(rows, diagonal - 1) + 1)
        j = diagonal - i
        step = local[i - 1, j - 1]
        straight = np.minimum(total[i - 1, j], total[i, j - 1]) + step
        total[i, j] = np.minimum(straight, total[i - 1, j - 1] + 2 * step)
    return float(total[-1, -1] / (rows + columns))


def main(released: Path, derived: Path, voices: Path) -> dict[str, float]:
    """Speak every sentence on both graphs in turn, so that a busy moment slows both.

    The derived one speaks as in windows, which is further from the release: its norms do not go by what they see.
    """
    sessions = [open_session(released), open_session(derived, is_whole=False)]
    cpu, seconds, distances, lengths, levels, peaks = [0.0, 0.0], [0.0, 0.0], [], [], [], []
    for number, inputs in enumerate(feeds(sessions[0], voices)):
        spoken = [speak(session, inputs) for session in sessions]
        if number == 0:
            continue
        for side, (audio, spent) in enumerate(spoken):
            cpu[side] += spent
            seconds[side] += len(audio) / SAMPLE_RATE
        ours, theirs = spoken[1][0], spoken[0][0]
        distances.append(mel_distance(theirs, ours))
        lengths.append(abs(len(ours) / len(theirs) - 1))
        levels.append(abs(20 * np.log10((ours.std() + 1e-9) / (theirs.std() + 1e-9))))
        peaks.append(np.abs(ours).max())
    return {
        "released_cost": cpu[0] / seconds[0],
        "derived_cost": cpu[1] / seconds[1],
        "distance": float(np.mean(distances)),
        "length": float(max(lengths)),
        "level": float(max(levels)),
        "peak": float(max(peaks)),
    }


if __name__ == "__main__":
    print(json.dumps(main(*(Path(argument) for argument in sys.argv[1:]))))
