"""The program that makes one derived graph: `python -m models.derive.bake SOURCE DIRECTORY BITS ACCELERATED`.

Runs as a process of its own, so that the gigabyte it needs goes back and nobody else loads onnx. Prints a line for
each step it begins. Knows the order of the steps; knows nothing of names, records or choices.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import onnx_ir as ir
import onnxruntime as ort

from models.derive import norms, quantize
from models.derive import rewrites as graph
from models.derive.fixed_length import fix_length
from models.derive.stages import VOCODER, split

RANGES = Path(__file__).with_name("ranges-v1.npz")
NORMS = Path(__file__).with_name("norms-v1.npz")


def bake(source: Path, directory: Path, bits: int, *, is_accelerated: bool = False) -> None:
    """Write the graph and the weights of each stage, laid out for this machine, into `directory`.

    Accelerators have no kernels for 8-bit convolutions: they get the vocoder in float; the score stays with the CPU.
    Raises `ValueError` where the graph cannot be cut in two or has no convolution that ranges were measured for.
    """
    _announce("reading the released graph")
    model = ir.load(source)
    _announce("rewriting norms and upsampling")
    graph.prepare(model)
    _announce("quantising convolutions")
    stages, ranges = split(model), quantize.load(RANGES)
    del model
    if is_accelerated:
        _save_float(stages.pop(VOCODER), directory / f"{VOCODER}.onnx")
    if not all(quantize.quantize_convolutions(stage, ranges, bits) for stage in stages.values()):
        raise ValueError(
            f"{source.name} is not a graph this recipe knows: no convolution of it has known ranges"
        )
    if VOCODER in stages:
        norms.tell(stages[VOCODER], norms.load(NORMS))
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        for name, stage in stages.items():
            ir.save(stage, Path(scratch) / f"{name}.onnx")
        del stages, stage
        _announce("laying out weights for this machine")
        for rewritten in Path(scratch).iterdir():
            lay_out(rewritten, directory)


def _save_float(vocoder: ir.Model, path: Path) -> None:
    """As it is, for ONNX Runtime lays out what an accelerator runs when it is loaded."""
    graph.restore_products(vocoder)
    fix_length(vocoder, norms.load(NORMS))
    ir.save(vocoder, path, external_data=f"{path.stem}.bin")


def lay_out(source: Path, directory: Path) -> None:
    """Let ONNX Runtime optimise the graph and write it, with its weights beside it packed as its kernels read them.

    Weights in a file of their own are mapped: a session starts in 0.3 s and all workers share one copy.
    """
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = str(directory / source.name)
    for key, value in {
        "session.optimized_model_external_initializers_file_name": f"{source.stem}.bin",
        "session.optimized_model_external_initializers_min_size_in_bytes": "1024",
        "session.save_external_prepacked_constant_initializers": "1",
    }.items():
        options.add_session_config_entry(key, value)
    ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def _announce(step: str) -> None:
    print(step, flush=True)


if __name__ == "__main__":
    bake(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), is_accelerated=bool(int(sys.argv[4])))
