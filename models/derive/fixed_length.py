"""A vocoder that takes windows filled up to a length of its own: what accelerators want, who plan for each length anew.

What fills a window up does not change its sound: the norms, which look at all that there is, are told how much is real.
Knows operators; knows neither lengths nor providers.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import onnx_ir as ir

from models.derive.rewrites import apply, attributes, rule

_SHARE: Final = "share"


def fix_length(vocoder: ir.Model) -> int:
    """Name the lengths of the vocoder, `steps` and `columns`, and give it one more input; return how many norms use it.

    That is `share`, the share of a window that is real; 1 where it is not given.
    """
    graph = vocoder.graph
    inputs = {value.name: value for value in graph.inputs}
    inputs["features"].shape = ir.Shape([1, 512, "steps"])
    inputs["source"].shape = ir.Shape([1, 22, "columns"])
    one = ir.tensor(np.array(1, np.float32), name=_SHARE)
    share = ir.Value(name=_SHARE, type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape([]), const_value=one)
    graph.register_initializer(share)  # an input that has a value already may be left out
    graph.inputs.append(share)

    def weighted(op: Any, x: Any, scale: Any, shift: Any, norm: Any, **_: Any) -> Any:
        return _weighted_norm(op, x, scale, shift, attributes(norm.producer())["epsilon"], share)

    return apply(vocoder, rule(_norm, weighted))


def _norm(op: Any, x: Any, scale: Any, shift: Any) -> Any:
    return op.InstanceNormalization(x, scale, shift, _outputs=["norm"])


def _weighted_norm(op: Any, x: Any, scale: Any, shift: Any, epsilon: float, share: ir.Value) -> Any:
    """Both means are products with a column of weights, which the real part of `x` has in equal parts.

    What is not real becomes zero, as if convolutions padded the real part.
    """
    is_real = _is_real(op, x, share)
    weights = op.Unsqueeze(op.Div(is_real, op.ReduceSum(is_real)), op.Constant(value_ints=[1]))
    channels = op.Constant(value_ints=[1, -1, 1])
    centred = op.Sub(x, op.MatMul(x, weights))
    variance = op.MatMul(op.Mul(centred, centred), weights)
    deviation = op.Sqrt(op.Add(variance, op.Constant(value_float=epsilon)))
    gain = op.Div(op.Reshape(scale, channels), deviation)
    return op.Mul(op.Add(op.Mul(centred, gain), op.Reshape(shift, channels)), is_real)


def _is_real(op: Any, x: Any, share: ir.Value) -> Any:
    """[L] of ones and zeros. Where L is fixed, all but the comparison is done when the graph is loaded."""
    length = op.Shape(x, start=2, end=3)
    zero, one = (op.Constant(value=ir.tensor(np.array(value, np.int64))) for value in (0, 1))
    position = op.Cast(op.Range(zero, op.Squeeze(length), one), to=ir.DataType.FLOAT)
    end = op.Mul(op.Cast(length, to=ir.DataType.FLOAT), share)
    return op.Cast(op.Less(op.Add(position, op.Constant(value_float=0.5)), end), to=ir.DataType.FLOAT)
