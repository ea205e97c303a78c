"""Norms that are told the moments of a unit, on a graph small enough to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort
import pytest
from onnx import helper, numpy_helper

from models.derive import norms
from models.derive.fixed_length import fix_length

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

CHANNELS = 512
CHANCE = np.random.default_rng(3)
SCALE, SHIFT = CHANCE.normal(2, 1, (2, CHANNELS)).astype(np.float32)
STYLE = CHANCE.normal(0, 1, (1, 256)).astype(np.float32)
MOMENTS = norms.Moments(
    {"features": CHANNELS},
    CHANCE.normal(0, 0.05, (256, 3)).astype(np.float32),
    CHANCE.normal(0, 0.5, (3, 2 * CHANNELS)).astype(np.float32),
    CHANCE.normal(0, 0.5, 2 * CHANNELS).astype(np.float32),
)


def vocoder() -> ir.Model:
    """One norm of the features, with the inputs of a vocoder."""
    info = helper.make_tensor_value_info
    proto = helper.make_model(
        helper.make_graph(
            [
                helper.make_node(
                    "InstanceNormalization", ["features", "scale", "shift"], ["audio"], epsilon=1e-5
                )
            ],
            "small",
            [
                info("features", onnx.TensorProto.FLOAT, [1, CHANNELS, "T"]),
                info("source", onnx.TensorProto.FLOAT, [1, 22, "C"]),
                info("style", onnx.TensorProto.FLOAT, [1, 256]),
            ],
            [info("audio", onnx.TensorProto.FLOAT, [1, CHANNELS, "T"])],
            [numpy_helper.from_array(SCALE, "scale"), numpy_helper.from_array(SHIFT, "shift")],
        ),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=9,
    )
    return ir.from_proto(proto)


def run(model: ir.Model, features: NDArray[Any], **more: Any) -> NDArray[Any]:
    session = ort.InferenceSession(ir.to_proto(model).SerializeToString(), providers=["CPUExecutionProvider"])
    source = np.zeros((1, 22, 61), np.float32)
    (audio,) = session.run(None, {"features": features, "source": source, "style": STYLE} | more)
    return np.asarray(audio[0])


def by(mean: NDArray[Any], deviation: NDArray[Any], features: NDArray[Any]) -> NDArray[Any]:
    shifted = (features[0] - mean[:, None]) / deviation[:, None]
    return np.asarray(shifted * SCALE[:, None] + SHIFT[:, None])


KINDS: dict[str, Callable[[ir.Model], int]] = {
    "told": lambda model: norms.tell(model, MOMENTS),
    "fixed": lambda model: fix_length(model, MOMENTS),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_unit_at_once_is_normed_by_what_it_is_and_a_window_by_its_style(kind: str) -> None:
    model, features = vocoder(), CHANCE.normal(1, 3, (1, CHANNELS, 40)).astype(np.float32)
    assert KINDS[kind](model) == 1
    own = by(features[0].mean(1), features[0].std(1), features)
    np.testing.assert_allclose(run(model, features), own, atol=1e-3)
    np.testing.assert_allclose(run(model, features, is_whole=np.array(True)), own, atol=1e-3)
    mean, deviation = np.split((MOMENTS.at_rest + STYLE @ MOMENTS.reads @ MOMENTS.writes)[0], 2)
    told = by(mean, np.exp(deviation), features)
    np.testing.assert_allclose(run(model, features, is_whole=np.array(False)), told, rtol=1e-3, atol=1e-2)


def test_moments_survive_being_stored(tmp_path: Path) -> None:
    norms.save(MOMENTS, tmp_path / "norms.npz")
    found = norms.load(tmp_path / "norms.npz")
    assert found.channels == MOMENTS.channels
    for stored, measured in (
        (found.reads, MOMENTS.reads),
        (found.writes, MOMENTS.writes),
        (found.at_rest, MOMENTS.at_rest),
    ):
        assert np.abs(stored - measured).max() < 0.01 * np.abs(measured).max()
