"""Measure the channel ranges that `models/` ships, over every voice, nine languages and three speeds.

    python -m tests.benchmarks.calibrate --model kokoro-v1.0.int8.onnx --voices voices-v1.0.bin

Takes about ten minutes on one core. Knows how ranges are measured; knows nothing of what is done with them.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx_ir as ir
from kokoro_onnx.tokenizer import Tokenizer

from models.derive import bake, compare, quantize
from models.derive import rewrites as graph

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnxruntime as ort
    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[np.float32]]

SENTENCES = Path(__file__).with_name("sentences.toml")
LANGUAGES = {
    "a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr", "h": "hi", "i": "it", "j": "ja", "p": "pt-br", "z": "cmn",
}  # fmt: skip
SPEEDS = (1.0, 0.5, 1.0, 2.0, 1.0, 1.3)


def jobs(voices: list[str]) -> Iterator[tuple[str, str, str, float]]:
    """Every voice reads a sentence of its language and one of English; the speed changes from job to job."""
    sentences = tomllib.loads(SENTENCES.read_text(encoding="utf-8"))["calibration"]
    turns = {language: itertools.cycle(texts) for language, texts in sentences.items()}
    speeds = itertools.cycle(SPEEDS)
    for voice in voices:
        own = LANGUAGES[voice[0]]
        for language in (own, "en-us"):
            yield voice, language, next(turns[language]), next(speeds)
    for text in sentences["en-us"]:  # whispering fills other ranges than voiced speech does
        yield "af_nicole", "en-us", text, next(speeds)


def observed(source: Path, directory: Path) -> tuple[ort.InferenceSession, list[str]]:
    """A session of the float graph that reports the least and greatest value of each channel of each candidate."""
    model = ir.load(source)
    graph.prepare(model)
    names: list[str] = []
    axes = ir.Value(name="time_axis", const_value=ir.tensor(np.array([2]), name="time_axis"))
    model.graph.register_initializer(axes)
    for conv in [node for node in model.graph if quantize.is_candidate(node)]:
        name = str(conv.outputs[0].name)
        names.append(name)
        for side, value in (("input", conv.inputs[0]), ("output", conv.outputs[0])):
            for end, reduce in (("low", "ReduceMin"), ("high", "ReduceMax")):
                node = ir.node(reduce, [value, axes], {"keepdims": 0}, name=f"{name}:{side}_{end}")
                node.outputs[0].name = node.name
                node.outputs[0].type = ir.TensorType(ir.DataType.FLOAT)
                model.graph.append(node)
                model.graph.outputs.append(node.outputs[0])
    path = directory / "observed.onnx"
    ir.save(model, path)
    return compare.single_threaded(path), names


def tokens_of(tokenizer: Tokenizer, text: str, language: str, most: int) -> list[int]:
    """The first tokens of a text, at most so many."""
    return list(tokenizer.tokenize(" ".join(tokenizer.phonemize(text, language).split())[:most]))


def feed(
    session: ort.InferenceSession, tokens: list[int], styles: NDArray[np.float32], speed: float
) -> compare.Feed:
    """What a graph is given to speak them at a speed, in the voice of these styles, [510, 1, 256]."""
    return compare.feed(session, tokens, styles) | {"speed": np.array([speed], np.float32)}


def read_options(description: str | None, output: Path) -> argparse.Namespace:
    """Which `model` and `voices` to measure, and the `output` to write: this one, if none is given."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--voices", type=Path, required=True)
    parser.add_argument("--output", type=Path, default=output)
    return parser.parse_args()


def widen(ranges: Arrays, seen: Arrays) -> None:
    """Stretch the ranges so far to hold what one more sentence showed."""
    for key, value in seen.items():
        stretch = np.minimum if key.endswith("low") else np.maximum
        ranges[key] = stretch(ranges.get(key, value), value)


def main() -> None:
    """Read the options, run every job, write the ranges."""
    options = read_options(__doc__, bake.RANGES)
    voices = np.load(options.voices)
    tokenizer = Tokenizer()
    ranges: Arrays = {}
    with tempfile.TemporaryDirectory() as directory:
        session, _ = observed(options.model, Path(directory))
        keys = [output.name for output in session.get_outputs() if ":" in output.name]
        for voice, language, text, speed in jobs(list(voices)):
            tokens = tokens_of(tokenizer, text, language, 500)
            values = session.run(keys, feed(session, tokens, voices[voice], speed))
            widen(ranges, {k: v[0] for k, v in zip(keys, values, strict=True)})
            print(f"{voice} {language} {speed} {len(tokens)} tokens", flush=True)
    quantize.save(ranges, options.output)


if __name__ == "__main__":
    main()
