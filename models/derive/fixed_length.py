"""A vocoder that takes windows filled up to a length of its own: what accelerators want, who plan for each length anew.

What fills a window up does not change its sound: the norms are told how much is real, and go by the moments of a whole
unit where they are given only a window (`models.derive.norms`). Knows operators; knows neither lengths nor providers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx_ir as ir

from models.derive.norms import flag, predicted
from models.derive.rewrites import apply, attributes, optional_input, rule

if TYPE_CHECKING:
    from models.derive.norms import Moments

_SHARE: Final = "share"


def fix_length(vocoder: ir.Model, moments: Moments) -> int:
    """Name the lengths of the vocoder, `steps` and `columns`, add two inputs, and return how many norms go by them.

    Those are `share`, the share of a window that is real, 1 where it is not given; and whether it is a whole unit.
    """
    graph = vocoder.graph
    inputs = {value.name: value for value in graph.inputs}
    inputs["features"].shape = ir.Shape([1, 512, "steps"])
    inputs["source"].shape = ir.Shape([1, 22, "columns"])
    share = optional_input(graph, _SHARE, np.array(1, np.float32))
    is_whole, told = flag(graph), predicted(graph, moments)

    def weighted(op: Any, x: Any, scale: Any, shift: Any, norm: Any, **_: Any) -> Any:
        epsilon = op.Constant(value_float=attributes(norm.producer())["epsilon"])
        is_real = _is_real(op, x, share)
        own = _weighted_moments(op, x, epsilon, is_real)
        mean, variance = (
            op.Where(is_whole, ours, op.Reshape(theirs, op.Constant(value_ints=[1, -1, 1])))
            for ours, theirs in zip(own, told[x.name], strict=True)
        )
        return _norm_by(op, x, mean, variance, scale, shift, is_real)

    return apply(vocoder, rule(_norm, weighted))


def _norm(op: Any, x: Any, scale: Any, shift: Any) -> Any:
    return op.InstanceNormalization(x, scale, shift, _outputs=["norm"])


def _weighted_moments(op: Any, x: Any, epsilon: Any, is_real: Any) -> tuple[Any, Any]:
    """Mean and variance of the real part of `x`: products with a column of weights, which it has in equal parts."""
    weights = op.Unsqueeze(op.Div(is_real, op.ReduceSum(is_real)), op.Constant(value_ints=[1]))
    mean = op.MatMul(x, weights)
    centred = op.Sub(x, mean)
    return mean, op.Add(op.MatMul(op.Mul(centred, centred), weights), epsilon)


def _norm_by(op: Any, x: Any, mean: Any, variance: Any, scale: Any, shift: Any, is_real: Any) -> Any:
    """What is not real becomes zero, as if convolutions padded the real part."""
    channels = op.Constant(value_ints=[1, -1, 1])
    gain = op.Div(op.Reshape(scale, channels), op.Sqrt(variance))
    return op.Mul(op.Add(op.Mul(op.Sub(x, mean), gain), op.Reshape(shift, channels)), is_real)


def _is_real(op: Any, x: Any, share: ir.Value) -> Any:
    """[L] of ones and zeros. Where L is fixed, all but the comparison is done when the graph is loaded."""
    length = op.Shape(x, start=2, end=3)
    zero, one = (op.Constant(value=ir.tensor(np.array(value, np.int64))) for value in (0, 1))
    position = op.Cast(op.Range(zero, op.Squeeze(length), one), to=ir.DataType.FLOAT)
    end = op.Mul(op.Cast(length, to=ir.DataType.FLOAT), share)
    return op.Cast(op.Less(op.Add(position, op.Constant(value_float=0.5)), end), to=ir.DataType.FLOAT)
