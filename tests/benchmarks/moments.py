"""Measure the moments that `models/` ships for the vocoder's norms, over every voice, nine languages and three speeds.

    python -m tests.benchmarks.moments --model kokoro-v1.0.int8.onnx --voices voices-v1.0.bin

Takes about four minutes on one core. Knows how they are measured and fitted; knows nothing of what is done with them.
"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx_ir as ir
from kokoro_onnx.tokenizer import Tokenizer

from models.derive import bake, norms, quantize
from models.derive import rewrites as graph
from models.derive.compare import single_threaded
from models.derive.stages import SCORE, VOCODER, split
from tests.benchmarks.calibrate import feed, jobs, read_options, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnxruntime as ort
    from numpy.typing import NDArray

    from models.derive.compare import Feed

    Floats = NDArray[np.floating[Any]]

SPEEDS: Final = (1.0, 0.8, 1.0, 1.2)
LEAST, MOST = 40, 90
"""Tokens: shorter units are rendered at once, longer ones say nothing new of a voice."""

RANK: Final = 54
"""Of the map: one for each voice; with half as many, means are off by twice as much."""

RIDGE: Final = 0.01
EPSILON: Final = 1e-5
"""As in the norms of the release."""


def stages(
    source: Path, directory: Path
) -> tuple[ort.InferenceSession, ort.InferenceSession, dict[str, int]]:
    """Sessions of the score and of a vocoder that tells of each value that is normed, and its channels by name."""
    model = ir.load(source)
    graph.prepare(model)
    parts, ranges = split(model), quantize.load(bake.RANGES)
    for part in parts.values():
        quantize.quantize_convolutions(part, ranges)
    vocoder = parts[VOCODER].graph
    inputs = [node.inputs[0] for node in vocoder if node.op_type == "InstanceNormalization"]
    normed = {str(value.name): value for value in inputs if value is not None}
    vocoder.outputs.extend(normed.values())
    sessions = []
    for name in (SCORE, VOCODER):
        ir.save(parts[name], directory / f"{name}.onnx")
        sessions.append(single_threaded(directory / f"{name}.onnx"))
    return sessions[0], sessions[1], dict.fromkeys(normed, 0)


def moments(values: list[Floats]) -> Floats:
    """Means and log deviations of each value, [columns]."""
    columns = []
    for value in values:
        columns += [value[0].mean(axis=1), np.log(value[0].var(axis=1) + EPSILON) / 2]
    return np.concatenate(columns)


def units(score: ort.InferenceSession, voices: Any) -> Iterator[Feed]:
    """What the score is given."""
    tokenizer = Tokenizer()
    speeds = itertools.cycle(SPEEDS)
    for voice, language, text, _ in jobs(list(voices)):
        tokens = tokens_of(tokenizer, text, language, MOST)
        if len(tokens) >= LEAST:
            yield feed(score, tokens, voices[voice], next(speeds))


def fit(styles: Floats, seen: Floats, channels: dict[str, int]) -> norms.Moments:
    """The linear map of least error, a little drawn to the mean of all: [units, 256] to [units, columns]."""
    centre, rest, wide = styles.mean(axis=0), seen.mean(axis=0), seen.std(axis=0) + 1e-6
    spread = (styles.std(axis=0) + 1e-6) * styles.shape[1] ** 0.5
    scaled = (styles - centre) / spread
    weights = scaled.T @ np.linalg.solve(
        scaled @ scaled.T + RIDGE * np.eye(len(styles)), (seen - rest) / wide
    )
    writes = np.linalg.svd(scaled @ weights, full_matrices=False)[2][:RANK]
    reads = weights @ writes.T / spread[:, None]
    writes = writes * wide
    return norms.Moments(channels, reads, writes, rest - centre @ reads @ writes)


def main() -> None:
    """Read the options, render every unit, write what was fitted."""
    options = read_options(__doc__, bake.NORMS)
    styles, seen = [], []
    with tempfile.TemporaryDirectory() as directory:
        score, vocoder, channels = stages(options.model, Path(directory))
        for unit in units(score, np.load(options.voices)):
            features, source = score.run(["features", "source"], unit)
            values = vocoder.run(
                list(channels), {"features": features, "source": source, "style": unit["style"]}
            )
            channels = {name: value.shape[1] for name, value in zip(channels, values, strict=True)}
            styles.append(unit["style"].ravel())
            seen.append(moments(values))
            print(f"{len(seen)}: {features.shape[2] / 80:.1f} s", flush=True)
    norms.save(fit(np.array(styles), np.array(seen), channels), options.output)


if __name__ == "__main__":
    main()
