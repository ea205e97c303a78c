"""The tone model in two stages, which takes and gives what the stages of a derived graph do.

A token is three frames of 25 ms, the source is the tone itself at a fifth of the rate, and the energy is that of speech
throughout, so nothing is cut as silence and lengths are exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper

if TYPE_CHECKING:
    from pathlib import Path

FRAMES_PER_TOKEN = 3
SAMPLES_PER_TOKEN = FRAMES_PER_TOKEN * 600
_RADIANS_PER_HOP = 2 * np.pi * 220 / 4800

Constants = dict[str, "np.ndarray[Any, np.dtype[Any]]"]


def write_stages(directory: Path) -> Path:
    """`score.onnx` and `vocoder.onnx`, a kilobyte each; returns the first."""
    info = helper.make_tensor_value_info
    _save(
        directory / "score.onnx",
        _score_nodes(),
        [
            info("tokens", TensorProto.INT64, [1, "N"]),
            info("style", TensorProto.FLOAT, [1, 256]),
            info("speed", TensorProto.FLOAT, [1]),
        ],
        [info(name, TensorProto.FLOAT, None) for name in ("frames", "features", "source", "energy")],
        {
            "second": np.array([1]),
            "frames_per_token": np.array([FRAMES_PER_TOKEN], np.float32),
            "steps_per_token": np.array([2 * FRAMES_PER_TOKEN]),
            "hops_per_step": np.array([60]),
            "one": np.array([1]),
            "zero_scalar": np.array(0.0, np.float32),
            "one_scalar": np.array(1.0, np.float32),
            "half": np.array(0.5, np.float32),
            "zero": np.array([0.0], np.float32),
            "loud": np.array([5.0], np.float32),
            "radians": np.array(_RADIANS_PER_HOP, np.float32),
            "feature_shape": np.array([1, 512]),
            "source_shape": np.array([1, 22]),
            "scalar_shape": np.array([], np.int64),
        },
    )
    _save(
        directory / "vocoder.onnx",
        _vocoder_nodes(),
        [
            info("features", TensorProto.FLOAT, [1, 512, "steps"]),
            info("source", TensorProto.FLOAT, [1, 22, "columns"]),
            info("style", TensorProto.FLOAT, [1, 256]),
            info("share", TensorProto.FLOAT, []),
            info("is_whole", TensorProto.BOOL, []),
        ],
        [info("audio", TensorProto.FLOAT, ["M"])],
        {
            "share": np.array(1, np.float32),
            "is_whole": np.array(True),
            "starts": np.array([0, 0, 0]),
            "ends": np.array([1, 1, -1]),
            "axes": np.array([0, 1, 2]),
            "column": np.array([-1, 1]),
            "five": np.array([1, 5]),
            "flat": np.array([-1]),
        },
    )
    return directory / "score.onnx"


def _score_nodes() -> list[onnx.NodeProto]:
    node = helper.make_node
    return [
        node("Shape", ["tokens"], ["count"], start=1, end=2),
        node("Expand", ["frames_per_token", "count"], ["frames"]),
        node("Mul", ["count", "steps_per_token"], ["steps"]),
        node("Mul", ["steps", "hops_per_step"], ["hops"]),
        node("Add", ["hops", "one"], ["columns"]),
        node("Concat", ["feature_shape", "steps"], ["features_like"], axis=0),
        node("Expand", ["zero", "features_like"], ["features"]),
        node("Expand", ["loud", "steps"], ["energy"]),
        node("Cast", ["columns"], ["columns_f"], to=TensorProto.FLOAT),
        node("Reshape", ["columns_f", "scalar_shape"], ["limit"]),
        node("Range", ["zero_scalar", "limit", "one_scalar"], ["time"]),
        node("Mul", ["time", "radians"], ["phase"]),
        node("Sin", ["phase"], ["wave"]),
        node("Mul", ["wave", "half"], ["tone"]),
        node("Concat", ["source_shape", "columns"], ["source_like"], axis=0),
        node("Expand", ["tone", "source_like"], ["source"]),
    ]


def _vocoder_nodes() -> list[onnx.NodeProto]:
    node = helper.make_node
    return [
        node("Slice", ["source", "starts", "ends", "axes"], ["row"]),
        node("Reshape", ["row", "column"], ["held"]),
        node("Tile", ["held", "five"], ["repeated"]),
        node("Reshape", ["repeated", "flat"], ["audio"]),
    ]


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: Constants,
) -> None:
    weights = [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
