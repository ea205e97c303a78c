"""Each rewrite against ONNX Runtime's own operators, on graphs small enough to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort
import pytest
from onnx import helper, numpy_helper

from inference import read_machine
from models.derive import quantize
from models.derive import rewrites as graph
from models.derive.choose_graph import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Arrays = dict[str, "NDArray[Any]"]

HERE = read_machine()
MOST_BITS = Recipe.for_machine(HERE.architecture, HERE.instruction_sets).weight_bits
"""Of weights whose products do not saturate on this machine: a graph with more is derived on others alone."""


def small(nodes: list[onnx.NodeProto], weights: Arrays, x: NDArray[Any]) -> ir.Model:
    """A model of these nodes, from `x` to `y`."""
    info = helper.make_tensor_value_info
    proto = helper.make_model(
        helper.make_graph(
            nodes,
            "small",
            [info("x", onnx.TensorProto.FLOAT, x.shape)],
            [info("y", onnx.TensorProto.FLOAT, None)],
            [numpy_helper.from_array(array, name) for name, array in weights.items()],
        ),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=9,
    )
    return ir.from_proto(proto)


def run(model: ir.Model, x: NDArray[Any]) -> NDArray[Any]:
    session = ort.InferenceSession(ir.to_proto(model).SerializeToString(), providers=["CPUExecutionProvider"])
    (y,) = session.run(["y"], {"x": x})
    return np.asarray(y)


def operators(model: ir.Model) -> list[str]:
    return [node.op_type for node in model.graph]


@pytest.fixture
def noise() -> Callable[..., NDArray[np.float32]]:
    generator = np.random.default_rng(7)
    return lambda *shape: generator.standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("stride", [6, 10])
def test_upsampling_by_phases_equals_conv_transpose(
    stride: int, noise: Callable[..., NDArray[np.float32]]
) -> None:
    x, weights = noise(1, 5, 9), {"w": noise(5, 3, 2 * stride), "b": noise(3)}
    node = helper.make_node(
        "ConvTranspose",
        ["x", "w", "b"],
        ["y"],
        strides=[stride],
        kernel_shape=[2 * stride],
        pads=[stride // 2, stride // 2],
    )
    model = small([node], weights, x)
    expected = run(model, x)
    assert graph.split_upsampling(model) == 1
    assert "ConvTranspose" not in operators(model)
    np.testing.assert_allclose(run(model, x), expected, atol=1e-5)


def test_other_conv_transposes_are_left_alone(noise: Callable[..., NDArray[np.float32]]) -> None:
    x, weights = noise(1, 4, 9), {"w": noise(4, 1, 3), "b": noise(4)}
    node = helper.make_node(
        "ConvTranspose", ["x", "w", "b"], ["y"], strides=[2], kernel_shape=[3], pads=[1, 1], group=4
    )
    assert graph.split_upsampling(small([node], weights, x)) == 0


@pytest.mark.parametrize("part", [0, 1])
def test_spectrum_by_convolution_equals_stft(part: int, noise: Callable[..., NDArray[np.float32]]) -> None:
    x = noise(1, 200)
    weights: Arrays = {
        "step": np.array(5),
        "length": np.array(20),
        "window": np.hanning(20).astype(np.float32),
        "part": np.array(part),
    }
    nodes = [
        helper.make_node("STFT", ["x", "step", "window", "length"], ["s"], onesided=1),
        helper.make_node("Transpose", ["s"], ["t"], perm=[0, 2, 1, 3]),
        helper.make_node("Gather", ["t", "part"], ["y"], axis=3),
    ]
    model = small(nodes, weights, x)
    expected = run(model, x)
    assert graph.convolve_spectrum(model) == 1
    np.testing.assert_allclose(run(model, x), expected, atol=1e-4)


def test_negative_real_bins_keep_one_sign_of_phase(noise: Callable[..., NDArray[np.float32]]) -> None:
    x = noise(1, 400)
    weights: Arrays = {
        "step": np.array(5),
        "length": np.array(20),
        "window": np.ones(20, np.float32),
        "re": np.array(0),
        "im": np.array(1),
    }
    nodes = [
        helper.make_node("STFT", ["x", "step", "window", "length"], ["s"], onesided=1),
        helper.make_node("Transpose", ["s"], ["t"], perm=[0, 2, 1, 3]),
        helper.make_node("Gather", ["t", "re"], ["real"], axis=3),
        helper.make_node("Gather", ["t", "im"], ["imaginary"], axis=3),
        helper.make_node("Concat", ["real", "imaginary"], ["y"], axis=1),
    ]
    model = small(nodes, weights, x)
    assert graph.convolve_spectrum(model) == 2
    real, imaginary = np.split(run(model, x)[0], 2)
    assert (np.arctan2(imaginary[0], real[0])[real[0] < 0] > 3).all()
    assert (np.arctan2(imaginary[-1], real[-1])[real[-1] < 0] < -3).all()


def test_parabola_stays_within_a_sixtieth_of_the_sine() -> None:
    z = np.linspace(-20, 20, 100_001)
    r = z - quantize.PERIOD * np.rint(z / quantize.PERIOD)
    wave = np.sin(np.pi * z / quantize.PERIOD) ** 2 * quantize.PERIOD / np.pi
    error = quantize.LIFT - r**2 * (r**2 - quantize.DOUBLE) - wave
    assert np.abs(error).max() < quantize.PERIOD / np.pi / 60


def snake_conv(x: NDArray[Any], slope: NDArray[Any], weights: Arrays) -> ir.Model:
    """Norm, snake and convolution, as the vocoder has them, with AdaIN's scale and shift of x's first two frames."""
    nodes = [
        helper.make_node("InstanceNormalization", ["x", "scale", "shift"], ["n"]),
        helper.make_node("Mul", ["slope", "n"], ["an"]),
        helper.make_node("Sin", ["an"], ["s"]),
        helper.make_node("Pow", ["s", "two"], ["p"]),
        helper.make_node("Mul", ["inverse", "p"], ["w"]),
        helper.make_node("Add", ["n", "w"], ["u"]),
        helper.make_node("Conv", ["u", "kernel", "bias"], ["y"], kernel_shape=[3], pads=[1, 1]),
    ]
    return small(nodes, weights | {"slope": slope, "inverse": 1 / slope, "two": np.array(2, np.float32)}, x)


@pytest.mark.parametrize("bits", range(7, MOST_BITS + 1))
@pytest.mark.parametrize("least_slope", [0.02, 0.3, 1.0])
def test_eight_bit_convolution_after_a_snake_stays_close(
    bits: int, least_slope: float, noise: Callable[..., NDArray[np.float32]]
) -> None:
    channels = 64
    x = noise(1, channels, 500)
    slope = np.linspace(least_slope, 2, channels, dtype=np.float32).reshape(1, channels, 1)
    slope[0, 3] *= -1  # the release has a few
    weights: Arrays = {
        "scale": 2 + noise(channels) / 4,
        "shift": noise(channels),
        "kernel": noise(channels, channels, 3) / 14,
        "bias": noise(channels),
    }
    model = snake_conv(x, slope, weights)
    expected = run(model, x)[0]
    normed = (x[0] - x[0].mean(1, keepdims=True)) / np.sqrt(x[0].var(1, keepdims=True) + 1e-5)
    normed = normed * weights["scale"][:, None] + weights["shift"][:, None]
    active = normed + np.sin(slope[0] * normed) ** 2 / slope[0]
    ranges = quantize.Ranges(active.min(1), active.max(1), expected.min(1), expected.max(1))

    assert quantize.quantize_convolutions(model, {"y": ranges}, bits) == 1
    assert "Sin" not in operators(model)
    assert "QLinearConv" in operators(model)
    error = run(model, x)[0] - expected
    assert np.sqrt((error**2).mean() / expected.var()) < 0.04
    assert np.abs(error.mean(1)).max() < 0.05 * expected.std()


def test_ranges_survive_being_stored(tmp_path: Any) -> None:
    measured = {f"/a/Conv:{end}": np.arange(3, dtype=np.float32) for end in ("input_low", "input_high")}
    measured |= {f"/a/Conv:{end}": np.arange(5, dtype=np.float32) for end in ("output_low", "output_high")}
    quantize.save(measured, tmp_path / "ranges.npz")
    ranges = quantize.load(tmp_path / "ranges.npz")
    assert list(ranges) == ["/a/Conv"]
    assert ranges["/a/Conv"].output_high.tolist() == [0, 1, 2, 3, 4]
