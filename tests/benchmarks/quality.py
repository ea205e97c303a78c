"""Does a graph still speak as well as the released one? WER, DNSMOS, mel distance and cost, side by side.

    pip install faster-whisper speechmos whisper-normalizer
    python -m tests.benchmarks.quality --voices voices-v1.0.bin kokoro-v1.0.int8.onnx derived/model.onnx

The first graph is what the others are held against. Reads the 48 sentences of `sentences.toml` in six languages and 14
voices. Knows how to measure; the gate is at the end of `main`.
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
from kokoro_onnx.tokenizer import Tokenizer
from speechmos import dnsmos
from whisper_normalizer.basic import BasicTextNormalizer
from whisper_normalizer.english import EnglishTextNormalizer

from models.derive import compare as trial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]

SENTENCES = Path(__file__).with_name("sentences.toml")
VOICES = {
    "en-us": ("af_heart", "am_michael", "af_bella", "am_fenrir", "af_nicole", "am_puck"),
    "en-gb": ("bf_emma", "bm_george"),
    "es": ("ef_dora", "em_alex"),
    "fr-fr": ("ff_siwis",),
    "it": ("if_sara",),
    "pt-br": ("pf_dora", "pm_alex"),
}
MOST_WORSE_WER, MOST_WORSE_OVRL, MOST_WORSE_P808 = 0.005, 0.05, 0.02
AUDIBLE = 0.01  # of full scale
# Without the last, Whisper may loop over three letters to the end of its window: 100 errors for one sentence.
HEARING = {"beam_size": 5, "temperature": 0.0, "no_repeat_ngram_size": 3}


@dataclass
class Figures:
    """What one graph's sentences add up to; lives as long as the run."""

    errors: int = 0
    words: int = 0
    cpu: float = 0.0
    seconds: float = 0.0
    peak: float = 0.0
    edges: float = 0.0  # seconds by which the first or last sound has moved, at most
    ovrl: list[float] = field(default_factory=list)
    p808: list[float] = field(default_factory=list)
    mel: list[float] = field(default_factory=list)

    @property
    def wer(self) -> float:
        """Word errors per word."""
        return self.errors / self.words

    def row(self) -> str:
        """One line of the table."""
        return (
            f"{self.cpu / self.seconds:6.3f} {self.wer * 100:6.2f} % {np.mean(self.ovrl):7.3f}"
            f" {np.mean(self.p808):7.3f} {np.mean(self.mel):6.2f} dB {self.peak:6.2f} {self.edges * 1000:6.0f} ms"
        )


def sentences() -> Iterator[tuple[str, str, str]]:
    """Language, voice and text of each sentence."""
    for language, texts in tomllib.loads(SENTENCES.read_text("utf-8"))["quality"].items():
        for voice, text in zip(itertools.cycle(VOICES[language]), texts, strict=False):
            yield language, voice, text


def word_errors(said: list[str], heard: list[str]) -> int:
    """Least number of words to replace, drop or add to make one of the other."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]


def words(text: str, language: str) -> list[str]:
    """Words as Whisper's evaluation compares them: numbers, spelling and contractions made one."""
    normalize = EnglishTextNormalizer() if language.startswith("en") else BasicTextNormalizer()
    return str(normalize(text)).split()


def sound(audio: Floats) -> tuple[float, float]:
    """Seconds before the first audible sample and after the last."""
    (audible,) = np.nonzero(np.abs(audio) > AUDIBLE)
    return audible[0] / trial.SAMPLE_RATE, (len(audio) - audible[-1]) / trial.SAMPLE_RATE


def listen(figures: Figures, whisper: WhisperModel, language: str, text: str, audio: Floats) -> None:
    """Add what Whisper and DNSMOS make of one utterance."""
    samples = np.clip(soxr.resample(audio, trial.SAMPLE_RATE, 16_000), -1, 1).astype(np.float32)
    segments, _ = whisper.transcribe(samples, language=language[:2], **HEARING)
    heard = " ".join(segment.text for segment in segments)
    said = words(text, language)
    figures.errors += word_errors(said, words(heard, language))
    figures.words += len(said)
    scores = dnsmos.run(samples, sr=16_000)
    figures.ovrl.append(float(scores["ovrl_mos"]))
    figures.p808.append(float(scores["p808_mos"]))


def main() -> int:
    """Speak, listen, print the table; 1 where a graph does not pass the gate."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("graphs", type=Path, nargs="+")
    parser.add_argument("--voices", type=Path, required=True)
    parser.add_argument("--whisper", default="base", help="name or directory of a faster-whisper model")
    options = parser.parse_args()
    whisper = WhisperModel(options.whisper, device="cpu", compute_type="int8", cpu_threads=1)
    tokenizer = Tokenizer()
    sessions = [trial.open_session(path) for path in options.graphs]
    table = [Figures() for _ in sessions]
    with np.load(options.voices) as voices:
        styles = {voice: voices[voice] for voice in itertools.chain(*VOICES.values())}
    for number, (language, voice, text) in enumerate(sentences(), 1):
        print(f"{number}: {voice}", file=sys.stderr, flush=True)
        tokens = tokenizer.tokenize(tokenizer.phonemize(text, language))
        feed = trial.feed(sessions[0], tokens, styles[voice])
        reference: Floats | None = None
        for figures, session in zip(table, sessions, strict=True):
            audio, cpu = trial.speak(session, feed)
            reference = audio if reference is None else reference
            figures.cpu += cpu
            figures.seconds += len(audio) / trial.SAMPLE_RATE
            figures.peak = max(figures.peak, float(np.abs(audio).max()))
            moved = np.abs(np.subtract(sound(audio), sound(reference)))
            figures.edges = max(figures.edges, float(moved.max()))
            figures.mel.append(trial.mel_distance(reference, audio))
            listen(figures, whisper, language, text, audio)
    return report(options.graphs, table)


def report(graphs: list[Path], table: list[Figures]) -> int:
    """Print the table and the verdict."""
    print("  cost      WER    OVRL   P.808    mel     peak  edges  graph")
    for path, figures in zip(graphs, table, strict=True):
        print(f"{figures.row()}  {path.parent.name}/{path.name}")
        better = np.subtract(figures.p808, table[0].p808)
        print(
            f"        P.808 {better.mean():+.3f} +- {better.std() / len(better) ** 0.5:.3f} beside the first"
        )
    first, *others = table
    passed = all(
        figures.wer <= first.wer + MOST_WORSE_WER
        and np.mean(figures.ovrl) >= np.mean(first.ovrl) - MOST_WORSE_OVRL
        and np.mean(figures.p808) >= np.mean(first.p808) - MOST_WORSE_P808
        and figures.peak <= max(first.peak, 1)
        for figures in others
    )
    print("passed" if passed else "NOT as good as the first")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
