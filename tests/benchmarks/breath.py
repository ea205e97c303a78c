"""Are windows heard? A unit joined from windows beside the same unit rendered at once, on the derived graph.

    pip install faster-whisper speechmos whisper-normalizer
    python -m tests.benchmarks.breath --graph derived/score.onnx --voices voices-v1.0.bin

Reads the 48 sentences of `quality` and the 40 replies of `chat`, which are also transcribed. Knows how to measure; the
gate is at the end of `main`.
"""

# mypy: disable-error-code="import-untyped,import-not-found"
# The listeners are an optional set of dependencies, and come without types.

from __future__ import annotations

import argparse
import itertools
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soxr
from faster_whisper import WhisperModel
from speechmos import dnsmos

from inference.engine.speech import SpeechEngine
from inference.planning.windows import job, windows
from inference.protocol import (
    SAMPLE_RATE,
    Audio,
    Score,
    SpeechJob,
    Unit,
    WindowJob,
    WorkerSpec,
)
from inference.text.phonemizer import Phonemizer
from tests.benchmarks.quality import HEARING, SENTENCES, sentences, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]

FRAME = 240  # samples, 10 ms
BESIDE = 1200  # samples on either side of a join, 50 ms
VOICED = 0.1  # of the unit's loudest frame
MOST_LONGER, MOST_SILENCE_S, MOST_DRAWN_S, MOST_DRAWN_SHARE = 0.02, 0.06, 0.12, 0.05
MOST_WORSE_MOS, MEAN_STEP_DB, MOST_STEP_DB = 0.02, 1.5, 3.0


@dataclass
class Figures:
    """What all units add up to; lives as long as the run."""

    longer: list[float] = field(default_factory=list)
    silence_s: list[float] = field(default_factory=list)
    drawn_s: list[float] = field(default_factory=list)
    steps_db: list[float] = field(default_factory=list)
    jumps: list[float] = field(default_factory=list)
    ovrl: list[float] = field(default_factory=list)
    p808: list[float] = field(default_factory=list)
    last_words: list[bool] = field(default_factory=list)


@dataclass(frozen=True)
class Rendered:
    """One unit both ways, -1 to 1, and what its joins were like."""

    at_once: Floats
    joined: Floats
    steps_db: list[float]
    jumps: list[float]


def texts() -> Iterator[tuple[str, str, str, bool]]:
    """Language, voice and text of each unit, and whether it is transcribed."""
    for language, voice, text in sentences():
        yield language, voice, text, False
    for text in tomllib.loads(SENTENCES.read_text("utf-8"))["chat"]["en-us"]:
        yield "en-us", "af_heart", text, True


def render(engine: SpeechEngine, unit: Unit) -> Rendered:
    """Speak a unit at once, and from the windows that a waiting listener is given."""
    score = engine.do(SpeechJob("", unit))
    assert isinstance(score, Score), "a graph in two stages is wanted"
    whole = WindowJob("", unit, 0, len(score.energy), True, True, score.records)
    cut = windows(score.energy, is_waited_for=True)
    sounds = [_pcm(engine, job("", unit, score, window)) for window in cut]
    joined = _floats(b"".join(sounds))
    ends = np.cumsum([len(sound) // 2 for sound in sounds[:-1]])
    at_once = _floats(_pcm(engine, whole))
    steps = [step for end in ends if (step := _step_db(joined, at_once, int(end))) is not None]
    plain = np.abs(np.diff(joined))
    jumps = [float(plain[end - 130 : end + 130].max() / plain.max()) for end in ends]
    return Rendered(at_once, joined, steps, jumps)


def _step_db(joined: Floats, at_once: Floats, join: int) -> float | None:
    """By how much the level moves more at a join than there in the unit at once; None where nothing is voiced."""
    before, after = slice(join - BESIDE - FRAME, join - FRAME), slice(join + FRAME, join + FRAME + BESIDE)
    levels = [_level(sound[place]) for sound in (joined, at_once) for place in (before, after)]
    if min(levels) < VOICED * _levels(at_once).max():
        return None
    ours, theirs = levels[1] / levels[0], levels[3] / levels[2]
    return float(abs(20 * np.log10(ours / theirs)))


def _pcm(engine: SpeechEngine, window: WindowJob) -> bytes:
    audio = engine.do(window)
    assert isinstance(audio, Audio)
    return audio.pcm


def _floats(pcm: bytes) -> Floats:
    return np.frombuffer(pcm, "<i2").astype(np.float32) / 32768


def _level(samples: Floats) -> float:
    return float(np.sqrt((samples.astype(float) ** 2).mean()) + 1e-9)


def _levels(samples: Floats) -> Floats:
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(float)
    return np.asarray(np.sqrt((frames**2).mean(axis=1)) + 1e-9)


def longest_silence(samples: Floats) -> float:
    """Seconds of the longest silence within speech."""
    levels = _levels(samples)
    runs = [len(list(run)) for quiet, run in itertools.groupby(levels < 0.01 * levels.max()) if quiet]
    return max(runs, default=0) * FRAME / SAMPLE_RATE


def mel(samples: Floats) -> Floats:
    """Log power in 40 bands for each 10 ms, of zero mean and unit variance each."""
    windows_ = np.lib.stride_tricks.sliding_window_view(np.pad(samples, 300), 600)[::FRAME] * np.hanning(600)
    power = np.abs(np.fft.rfft(windows_, axis=1)) ** 2
    bands = np.log(np.add.reduceat(power, np.geomspace(3, 250, 41).astype(int)[:-1], axis=1) + 1e-3)
    return np.asarray((bands - bands.mean(0)) / (bands.std(0) + 1e-6))


def drawn_out(whole: Floats, ours: Floats, step_cost: float = 4.0) -> float:
    """Most seconds by which any 0.4 s of `whole` lasts longer in `ours`, along their best alignment in time."""
    local = ((mel(whole)[:, None] - mel(ours)[None]) ** 2).sum(2)
    rows, columns = local.shape
    total = np.full((rows + 1, columns + 1), 1e18)
    total[0, 0] = 0
    for i in range(1, rows + 1):
        for j in range(max(1, i - 60), min(columns, i + 60) + 1):
            total[i, j] = local[i - 1, j - 1] + min(
                total[i - 1, j - 1], total[i - 1, j] + step_cost, total[i, j - 1] + step_cost
            )
    i, j, at = rows, columns, np.zeros(rows + 1)
    while i and j:
        at[i] = j
        step = np.argmin((total[i - 1, j - 1], total[i - 1, j] + step_cost, total[i, j - 1] + step_cost))
        i, j = i - (step != 2), j - (step != 1)
    shift = (at - np.arange(rows + 1))[1:]
    return float(max(shift[40:] - shift[:-40], default=0.0)) * FRAME / SAMPLE_RATE


def scores(samples: Floats) -> tuple[float, float]:
    """OVRL and P.808."""
    heard = dnsmos.run(_at_16_khz(samples), sr=16_000)
    return float(heard["ovrl_mos"]), float(heard["p808_mos"])


def _at_16_khz(samples: Floats) -> Floats:
    return np.asarray(np.clip(soxr.resample(samples, SAMPLE_RATE, 16_000), -1, 1), np.float32)


def note(figures: Figures, unit: Rendered) -> None:
    """Add what can be measured of one unit without words."""
    at_once, joined = unit.at_once, unit.joined
    figures.longer.append(len(joined) / len(at_once) - 1)
    figures.silence_s.append(longest_silence(joined) - longest_silence(at_once))
    figures.drawn_s.append(drawn_out(at_once, joined))
    figures.steps_db += unit.steps_db
    figures.jumps += unit.jumps
    for differences, ours, theirs in zip(
        (figures.ovrl, figures.p808), scores(joined), scores(at_once), strict=True
    ):
        differences.append(ours - theirs)


def main() -> int:
    """Render, listen, print; 1 where the gate is not passed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--graph", type=Path, required=True)
    parser.add_argument("--voices", type=Path, required=True)
    parser.add_argument("--whisper", default="base", help="name or directory of a faster-whisper model")
    parser.add_argument("--every", type=int, default=1, help="read only every so many of the texts")
    options = parser.parse_args()
    whisper = WhisperModel(options.whisper, device="cpu", compute_type="int8", cpu_threads=1)
    engine = SpeechEngine(
        WorkerSpec("speech", model_path=str(options.graph), voices_path=str(options.voices))
    )
    phonemizer = Phonemizer()
    figures = Figures()
    for language, voice, text, is_heard in itertools.islice(texts(), 0, None, options.every):
        print(f"{voice}: {text}", file=sys.stderr, flush=True)
        phonemes = " ".join(phonemizer.phonemes(text, language).split())
        unit = render(engine, Unit(phonemes, ((voice, 1.0),), 1.0))
        note(figures, unit)
        if is_heard:
            segments, _ = whisper.transcribe(_at_16_khz(unit.joined), language="en", **HEARING)
            heard = words(" ".join(segment.text for segment in segments), language)
            figures.last_words.append(heard[-1:] == words(text, language)[-1:])
    return report(figures)


def report(figures: Figures) -> int:
    """Print each figure beside its bound, and the verdict."""
    drawn = float(np.mean(np.array(figures.drawn_s) >= MOST_DRAWN_S))
    rows = [
        ("longer or shorter than at once, most", max(np.abs(figures.longer)), MOST_LONGER),
        ("longest silence within, beyond that at once, s, most", max(figures.silence_s), MOST_SILENCE_S),
        (f"share of units with 0.4 s drawn out by {MOST_DRAWN_S} s", drawn, MOST_DRAWN_SHARE),
        (
            "level step at a join, beyond that at once, dB, mean",
            np.mean(figures.steps_db or [0]),
            MEAN_STEP_DB,
        ),
        (
            "the same, most",
            max(figures.steps_db, default=0),
            MOST_STEP_DB,
        ),
        ("largest sample step at a join, of the largest in speech", max(figures.jumps, default=0), 1.0),
        ("OVRL worse by", -np.mean(figures.ovrl), MOST_WORSE_MOS),
        ("P.808 worse by", -np.mean(figures.p808), MOST_WORSE_MOS),
        ("last words not heard, share", 1 - np.mean(figures.last_words or [True]), 0.0),
    ]
    for name, figure, most in rows:
        print(f"{figure:7.3f}  at most {most:5.2f}  {'ok ' if figure <= most else 'NOT'}  {name}")
    units, joins = len(figures.longer), len(figures.jumps)
    errors = [np.std(differences) / units**0.5 for differences in (figures.ovrl, figures.p808)]
    print(f"{units} units, {joins} joins; standard error of OVRL {errors[0]:.3f}, of P.808 {errors[1]:.3f}")
    return 0 if all(figure <= most for _, figure, most in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
