"""Rewrites of the Kokoro graph that change what it costs and not what it computes.

Knows operators and weights; knows nothing of measured ranges, files, sessions or machines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx_ir as ir
from onnx_ir.passes import common as passes
from onnxscript.rewriter import RewriteRule, RewriteRuleSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Part = Callable[..., Any]


def constant(value: ir.Value | None) -> NDArray[Any]:
    """The array behind an initialiser or constant; `ValueError` for anything computed at run time."""
    tensor = ir.convenience.get_const_tensor(value) if value is not None else None
    if tensor is None:
        raise ValueError(f"{value and value.name} is not a constant")
    return tensor.numpy()


def initializer(op: Any, name: str, array: NDArray[Any]) -> ir.Value:
    """A new weight for the nodes a rewrite is about to make."""
    value: ir.Value = op.initializer(ir.tensor(np.ascontiguousarray(array), name=name))
    return value


def optional_input(graph: ir.Graph, name: str, value: NDArray[Any]) -> ir.Value:
    """One more input, a scalar; who leaves it out gives it this value."""
    tensor = ir.tensor(value, name=name)
    added = ir.Value(name=name, type=ir.TensorType(tensor.dtype), shape=ir.Shape([]), const_value=tensor)
    graph.register_initializer(added)
    graph.inputs.append(added)
    return added


def attributes(node: ir.Node) -> dict[str, Any]:
    """The node's attributes, as a rewrite passes them on to the node that takes its place."""
    return {attribute.name: attribute.value for attribute in node.attributes.values()}


def rule(pattern: Part, replacement: Part, condition: Part | None = None) -> RewriteRule:
    """One rewrite; values of a match that others use too stay, `apply` removes the rest."""
    return RewriteRule(pattern, replacement, condition, remove_nodes=False)


def apply(model: ir.Model, *rules: RewriteRule, commute: bool = False) -> int:
    """Replace every match of each rule, drop what became unused, and return how many matched."""
    matched: int = RewriteRuleSet(rules, commute=commute).apply_to_model(model)
    passes.RemoveUnusedNodesPass()(model)
    return matched


def prepare(model: ir.Model) -> None:
    """Every rewrite of this module: the graph that ranges are measured on and 8-bit convolutions are put into."""
    restore_convolutions(model)
    fuse_norms(model)
    split_upsampling(model)
    convolve_spectrum(model)


def restore_convolutions(model: ir.Model) -> int:
    """Turn each ConvInteger of the int8 release, with the chain that scales it, back into a float Conv.

    The release keeps its biases in float, so only the rounding of the weights stays. A float release has no
    such chain and is left as it is.
    """
    return apply(model, rule(_biased_conv_integer, _float_conv), rule(_conv_integer, _float_conv))


def _biased_conv_integer(op: Any, x: Any, weight: Any, zero: Any, scale: Any, bias: Any, shape: Any) -> Any:
    quantized, step, offset = op.DynamicQuantizeLinear(x, _outputs=3)
    unit = op.Mul(step, scale)
    rounded_bias = op.Reshape(op.Cast(op.Floor(op.Div(bias, unit))), shape)
    total = op.ConvInteger(quantized, weight, offset, zero, _outputs=["conv"])
    return op.Mul(op.Cast(op.Add(total, rounded_bias)), unit)


def _conv_integer(op: Any, x: Any, weight: Any, zero: Any, scale: Any) -> Any:
    quantized, step, offset = op.DynamicQuantizeLinear(x, _outputs=3)
    total = op.ConvInteger(quantized, weight, offset, zero, _outputs=["conv"])
    return op.Mul(op.Cast(total), op.Mul(step, scale))


def _float_conv(
    op: Any, x: Any, weight: Any, zero: Any, scale: Any, conv: Any, bias: Any = None, **_: Any
) -> Any:
    restored = initializer(op, f"{weight.name}_float", _levels(weight, zero) * constant(scale))
    inputs = [x, restored] if bias is None else [x, restored, bias]
    return op.Conv(*inputs, **attributes(conv.producer()))


def restore_products(model: ir.Model) -> int:
    """Turn each MatMulInteger of the int8 release, with the chain that scales it, back into a float MatMul."""
    return apply(model, rule(_product_integer, _float_product))


def _product_integer(op: Any, x: Any, weight: Any, zero: Any, scale: Any) -> Any:
    quantized, step, offset = op.DynamicQuantizeLinear(x, _outputs=3)
    total = op.MatMulInteger(quantized, weight, offset, zero)
    return op.Mul(op.Cast(total), op.Mul(step, scale))


def _float_product(op: Any, x: Any, weight: Any, zero: Any, scale: Any, **_: Any) -> Any:
    return op.MatMul(x, initializer(op, f"{weight.name}_float", _levels(weight, zero) * constant(scale)))


def _levels(weight: ir.Value, zero: ir.Value) -> NDArray[np.float32]:
    levels: NDArray[np.float32] = constant(weight).astype(np.float32) - constant(zero).astype(np.float32)
    return levels


def fuse_norms(model: ir.Model) -> int:
    """Turn each mean/variance chain followed by AdaIN's run-time scale and shift into InstanceNormalization.

    Nine passes over the features become one. ONNX allows scale and bias to be computed at run time.
    """
    return apply(model, rule(_norm, _instance_norm), commute=True)


def _norm(op: Any, x: Any, axes: Any, epsilon: Any, scale: Any, shift: Any) -> Any:
    centred = op.Sub(x, op.ReduceMean(x, axes))
    variance = op.ReduceMean(op.Mul(centred, centred), axes)
    return op.Add(op.Mul(scale, op.Div(centred, op.Sqrt(op.Add(variance, epsilon)))), shift)


def _instance_norm(op: Any, x: Any, epsilon: Any, scale: Any, shift: Any, **_: Any) -> Any:
    flat = op.Constant(value_ints=[-1])
    return op.InstanceNormalization(
        x, op.Reshape(scale, flat), op.Reshape(shift, flat), epsilon=float(constant(epsilon))
    )


def split_upsampling(model: ir.Model) -> int:
    """Turn each upsampling ConvTranspose into a 3-tap Conv that makes every phase as a channel, then interleave.

    With stride s, kernel 2s and padding s / 2, output n = m s + j needs only frames m - 1, m and m + 1: phase j of
    each channel is a convolution at the input's rate, which 8 bits can carry and ConvTranspose cannot.
    """
    return apply(model, rule(_conv_transpose, _phases, _is_upsampling))


def _conv_transpose(op: Any, x: Any, weight: Any, bias: Any) -> Any:
    return op.ConvTranspose(x, weight, bias, _outputs=["conv"])


def _is_upsampling(_context: Any, conv: Any, **_: Any) -> bool:
    have = attributes(conv.producer())
    stride = have["strides"][0]
    return bool(
        have.get("group", 1) == 1
        and have["kernel_shape"] == (2 * stride,)
        and tuple(have["pads"]) == (stride // 2, stride // 2)
    )


def _phases(op: Any, x: Any, weight: Any, bias: Any, conv: Any, **_: Any) -> Any:
    (stride,) = attributes(conv.producer())["strides"]
    kernel = constant(weight)  # [inputs, outputs, 2 stride]
    inputs, outputs, _ = kernel.shape
    taps = np.zeros((outputs, stride, inputs, 3), np.float32)
    for phase in range(stride):
        position = phase + stride // 2
        first = 1 + position // stride  # the tap of the later of the two frames this phase is made of
        taps[:, phase, :, first] = kernel[:, :, position % stride].T
        taps[:, phase, :, first - 1] = kernel[:, :, position % stride + stride].T
    phases = op.Conv(
        x,
        initializer(op, f"{weight.name}_phases", taps.reshape(outputs * stride, inputs, 3)),
        initializer(op, f"{bias.name}_phases", np.repeat(constant(bias), stride)),
        kernel_shape=[3],
        pads=[1, 1],
    )
    phases.name = f"{conv.name}_phases"
    apart = op.Reshape(phases, op.Constant(value_ints=[1, outputs, stride, -1]))
    interleaved = op.Transpose(apart, perm=[0, 1, 3, 2])
    return op.Reshape(interleaved, op.Constant(value_ints=[1, outputs, -1]))


def convolve_spectrum(model: ir.Model) -> int:
    """Compute the harmonic source's STFT by convolution: STFT has no fast path for 20 samples (4 % of a run)."""
    return apply(model, rule(_spectrum_part, _filters))


def _spectrum_part(op: Any, signal: Any, step: Any, window: Any, length: Any, part: Any) -> Any:
    spectrum = op.STFT(signal, step, window, length)
    return op.Gather(op.Transpose(spectrum, perm=[0, 2, 1, 3]), part, axis=3)


def _filters(op: Any, signal: Any, step: Any, window: Any, length: Any, part: Any, **_: Any) -> Any:
    size, hop = int(constant(length)), int(constant(step))
    turns = np.outer(np.arange(size // 2 + 1), np.arange(size)) * (2 * np.pi / size)
    basis = np.cos(turns)
    if constant(part):
        # The first and last bin are real, so rounding alone decides whether the phase of a negative one is +pi or -pi,
        # and a coin tossed for each frame is heard: 3.5 dB of mel distance, 1.6 dB of level. STFT's own rounding gives
        # +pi to 99.7 % of the first and -pi to 80 % of the last, which a millionth of the real part makes certain.
        basis, real = -np.sin(turns), basis
        basis[0], basis[-1] = -1e-6 * real[0], 1e-6 * real[-1]
    kernel = initializer(op, f"{part.name}_basis", (basis * constant(window))[:, None].astype(np.float32))
    one_channel = op.Unsqueeze(signal, op.Constant(value_ints=[1]))
    return op.Conv(one_channel, kernel, kernel_shape=[size], strides=[hop])
