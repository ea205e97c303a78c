"""What each step of deriving is worth: cost and distance of the graph with the steps so far, each beside the release.

    python -m tests.benchmarks.ablation --model kokoro-v1.0.int8.onnx --voices voices-v1.0.bin

Cost is CPU seconds per second of audio on one thread, as a ratio to the release spoken at the same moment; distance
is to the release with its convolutions in float: what it would be without rounding. Run it pinned: taskset -c 1.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

import onnx_ir as ir

from models.derive import bake, quantize
from models.derive import compare as trial
from models.derive import rewrites as graph

Step: TypeAlias = Callable[[ir.Model], Any]
REPEATS = 5


def quantize_sines(model: ir.Model) -> None:
    """Quantise the convolutions and leave the snake activations before them as they are."""
    known = quantize.load(bake.RANGES)
    ordinary = graph.rule(quantize.any_conv, _quantized(known), _is_known(known))
    graph.apply(model, ordinary)


def _is_known(known: dict[str, quantize.Ranges]) -> Callable[..., bool]:
    return lambda _context, conv, **_: conv.name in known and quantize.is_candidate(conv.producer())


def _quantized(known: dict[str, quantize.Ranges]) -> Callable[..., Any]:
    return lambda op, conv, **_: quantize.after_anything(op, conv.producer(), known[conv.name], 8)


def quantize_all(model: ir.Model) -> None:
    """Quantise the convolutions and fold the snake activations into them."""
    quantize.quantize_convolutions(model, quantize.load(bake.RANGES))


STEPS: tuple[tuple[str, tuple[Step, ...]], ...] = (
    ("convolutions in float", (graph.restore_convolutions,)),
    ("+ norms as InstanceNormalization", (graph.restore_convolutions, graph.fuse_norms)),
    ("+ convolutions in 8 bits", (graph.restore_convolutions, graph.fuse_norms, quantize_sines)),
    ("+ snakes as parabolas", (graph.restore_convolutions, graph.fuse_norms, quantize_all)),
    (
        "+ upsampling by phases",
        (graph.restore_convolutions, graph.fuse_norms, graph.split_upsampling, quantize_all),
    ),
    ("+ STFT by convolution", (graph.prepare, quantize_all)),
)


def measure(path: Path, release: Path, reference: Path, voices: Path) -> tuple[float, float]:
    """Median cost ratio to the release, and mean mel distance to the reference."""
    ours, theirs, exact = (trial.open_session(each) for each in (path, release, reference))
    inputs = trial.feeds(ours, voices)
    ratios = []
    for _ in range(REPEATS):
        costs = [sum(trial.speak(session, each)[1] for each in inputs) for session in (ours, theirs)]
        ratios.append(costs[0] / costs[1])
    distances = [
        trial.mel_distance(trial.speak(exact, each)[0], trial.speak(ours, each)[0]) for each in inputs[1:]
    ]
    return median(ratios), sum(distances) / len(distances)


def main() -> None:
    """Build and measure each row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--voices", type=Path, required=True)
    options = parser.parse_args()
    print("  cost   distance  steps")
    with tempfile.TemporaryDirectory() as directory:
        reference = Path(directory) / "0.onnx"
        for number, (name, steps) in enumerate(STEPS):
            model = ir.load(options.model)
            for step in steps:
                step(model)
            path = Path(directory) / f"{number}.onnx"
            ir.save(model, path)
            ratio, distance = measure(path, options.model, reference, options.voices)
            print(f"{ratio:6.2f}  {distance:6.2f} dB  {name}", flush=True)
        ratio, distance = measure(options.model, options.model, reference, options.voices)
        print(f"{ratio:6.2f}  {distance:6.2f} dB  the release itself")


if __name__ == "__main__":
    main()
