"""Makes a tiny model with Kokoro's inputs that hums instead of speaking, and voices for it, some of them broken.

Stands in where the voice does not matter: a token is 1,600 samples (1/15 s) of a sine, so lengths are exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from inference.engine.frames import FRAMES
from tests.support.faults import FAULTS

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES_PER_TOKEN = 1600
STEADY = ("af_heart", "af_bella", "am_adam", "bf_emma", "ef_dora", "zf_xiaoni")
_RADIANS_PER_SAMPLE = 2 * np.pi * 220 / 24000


def write_model(
    path: Path, *, amplitude: float = 0.5, samples: float = SAMPLES_PER_TOKEN, wasted: float = 0.0
) -> Path:
    """A graph of a kilobyte: tokens int64[1,N], style float32[1,256], speed float32[1] -> audio float32[M].

    Inside it are the frames of each token, as in the released graph: 2 or 3 at speed 1.

    Args:
        path: where to.
        amplitude: of the sine.
        samples: of a token at speed 1.
        wasted: work besides, in numbers computed for a token and thrown away.
    """
    constants: dict[str, np.ndarray[tuple[int, ...], np.dtype[Any]]] = {
        "second": np.array(1, np.int64),
        "zero": np.array(0, np.float32),
        "one": np.array(1, np.float32),
        "samples": np.array(samples, np.float32),
        "wasted": np.array(wasted, np.float32),
        "step": np.array(_RADIANS_PER_SAMPLE, np.float32),
        "amplitude": np.array(amplitude, np.float32),
        "first": np.array(0, np.int64),
        "frame": np.array(600, np.float32),
        "zeros": np.array([0], np.int64),
        "ones": np.array([1], np.int64),
        "last": np.array([-1], np.int64),
        "ends": np.array([1 << 40], np.int64),
    }
    nodes = [
        helper.make_node("Shape", ["tokens"], ["shape"]),
        helper.make_node("Gather", ["shape", "second"], ["count"]),
        helper.make_node("Cast", ["count"], ["tokens_f"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["tokens_f", "samples"], ["at_speed_one"]),
        helper.make_node("Gather", ["speed", "first"], ["rate"]),
        helper.make_node("Div", ["at_speed_one", "rate"], ["length"]),
        helper.make_node("Range", ["zero", "length", "one"], ["time"]),
        helper.make_node("Mul", ["time", "step"], ["phase"]),
        helper.make_node("Sin", ["phase"], ["wave"]),
        helper.make_node("Mul", ["wave", "amplitude"], ["loud"]),
        helper.make_node("Mul", ["tokens_f", "wasted"], ["waste_length"]),
        helper.make_node("Range", ["zero", "waste_length", "one"], ["waste"]),
        helper.make_node("Sin", ["waste"], ["waste_sine"]),
        helper.make_node("ReduceSum", ["waste_sine"], ["waste_sum"], keepdims=0),
        helper.make_node("Mul", ["waste_sum", "zero"], ["nothing"]),
        helper.make_node("Add", ["loud", "nothing"], ["audio"]),
        helper.make_node("Add", ["tokens_f", "one"], ["tokens_and_one"]),
        helper.make_node("Range", ["zero", "tokens_and_one", "one"], ["places"]),
        helper.make_node("Mul", ["places", "samples"], ["borders_at_speed_one"]),
        helper.make_node("Div", ["borders_at_speed_one", "rate"], ["borders"]),
        helper.make_node("Div", ["borders", "frame"], ["frames_before"]),
        helper.make_node("Floor", ["frames_before"], ["whole_frames_before"]),
        helper.make_node("Slice", ["whole_frames_before", "ones", "ends"], ["after"]),
        helper.make_node("Slice", ["whole_frames_before", "zeros", "last"], ["before"]),
        helper.make_node("Sub", ["after", "before"], [FRAMES]),
    ]
    graph = helper.make_graph(
        nodes,
        "tone",
        [
            helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, "N"]),
            helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
            helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("audio", TensorProto.FLOAT, ["M"])],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def write_voices(path: Path) -> Path:
    """Voices in the format of voices-v1.0.bin, under real names and under the names of the faults."""
    rows = np.zeros((510, 1, 256), np.float32)
    arrays: dict[str, Any] = dict.fromkeys((*STEADY, *FAULTS), rows)
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return path
