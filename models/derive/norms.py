"""What the vocoder's norms take for the mean and deviation of a whole unit, where they see only a window of it.

They tell how a voice sounds more than what it says, so they are predicted from its style by a linear map of low rank,
fitted to units of every voice (`norms-v1.npz`). Knows operators and that file; knows nothing of how it was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx_ir as ir

from models.derive.rewrites import attributes, optional_input
from models.derive.stages import WHOLE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Moments:
    """Mean and log deviation of each channel of what is normed, by style: `at_rest + style @ reads @ writes`."""

    channels: Mapping[str, int]
    """How many there are of each value that is normed, in the order of the columns: means, then deviations."""

    reads: Floats
    """[256, rank]."""

    writes: Floats
    """[rank, columns]."""

    at_rest: Floats
    """[columns]."""


def load(path: Path) -> Moments:
    """Read what `save` wrote."""
    with np.load(path) as stored:
        channels = dict(zip(stored["names"].tolist(), stored["channels"].tolist(), strict=True))
        reads, levels, steps, at_rest = (
            stored[name].astype(np.float32) for name in ("reads", "levels", "steps", "at_rest")
        )
        return Moments(channels, reads, levels * steps, at_rest)


def save(moments: Moments, path: Path) -> None:
    """Write them, `writes` in 8 bits with a step for each column."""
    steps = np.maximum(np.abs(moments.writes).max(axis=0) / 127, 1e-6).astype(np.float16)
    np.savez_compressed(
        path,
        names=np.array(list(moments.channels)),
        channels=np.array(list(moments.channels.values())),
        reads=moments.reads.astype(np.float32),
        levels=np.rint(moments.writes / steps).clip(-127, 127).astype(np.int8),
        steps=steps,
        at_rest=moments.at_rest.astype(np.float16),
    )


def tell(vocoder: ir.Model, moments: Moments) -> int:
    """Give the vocoder one more input, `WHOLE`, and let its norms go by `moments` where that is false; return how many.

    A window costs 2 % less so, and a unit at once what it did.
    """
    graph = vocoder.graph
    is_whole = flag(graph)
    told = predicted(graph, moments)
    norms = [node for node in graph if node.op_type == "InstanceNormalization"]
    for number, norm in enumerate(norms):
        x, scale, shift = norm.inputs
        assert x is not None
        own = _node("InstanceNormalization", [x, scale, shift], attributes(norm), f"own_{number}")
        ours = _node(
            "BatchNormalization", [x, scale, shift, *told[x.name or ""]], {"epsilon": 0.0}, f"told_{number}"
        )
        branches = {
            name: ir.Graph([], node.outputs, nodes=[node], name=f"{name}_{number}")
            for name, node in (("then_branch", own), ("else_branch", ours))
        }
        either = _node("If", [is_whole], branches, f"normed_{number}")
        graph.insert_before(norm, either)
        ir.convenience.replace_all_uses_with(norm.outputs[0], either.outputs[0], replace_graph_outputs=True)
        graph.remove(norm, safe=True)
    return len(norms)


def flag(graph: ir.Graph) -> ir.Value:
    """The input `WHOLE`, made."""
    return optional_input(graph, WHOLE, np.array(True))


def predicted(graph: ir.Graph, moments: Moments) -> dict[str, tuple[ir.Value, ir.Value]]:
    """Mean and variance of each value that is normed, [channels] each."""
    style = next(value for value in graph.inputs if value.name == "style")

    def weight(name: str, array: NDArray[Any]) -> ir.Value:
        value = ir.Value(name=name, const_value=ir.tensor(array, name=name))
        graph.register_initializer(value)
        return value

    sizes = [size for channels in moments.channels.values() for size in (channels, channels)]
    # What a shape depends on is no weight: those lie beside the graph, where shapes are not looked for.
    lengths = _node("Constant", [], {"value_ints": sizes}, "moments_sizes", ir.DataType.INT64)
    row = _node("Constant", [], {"value_ints": [-1]}, "moments_row", ir.DataType.INT64)
    half = _node("MatMul", [style, weight("moments_reads", moments.reads)], {}, "moments_half")
    rest = weight("moments_at_rest", moments.at_rest)
    whole = _node("Gemm", [half.outputs[0], weight("moments_writes", moments.writes), rest], {}, "moments_of")
    flat = _node("Reshape", [whole.outputs[0], row.outputs[0]], {}, "moments_flat")
    split = ir.node("Split", [flat.outputs[0], lengths.outputs[0]], num_outputs=len(sizes))
    nodes = [lengths, row, half, whole, flat, split]
    found: dict[str, tuple[ir.Value, ir.Value]] = {}
    for name, mean, log in zip(moments.channels, split.outputs[::2], split.outputs[1::2], strict=True):
        doubled = _node("Add", [log, log], {}, f"moments_log_{len(found)}")
        variance = _node("Exp", [doubled.outputs[0]], {}, f"moments_variance_{len(found)}")
        nodes += [doubled, variance]
        found[name] = (mean, variance.outputs[0])
    for number, value in enumerate(split.outputs):
        value.name = f"moments_{number}"
    graph.insert_before(next(iter(graph)), nodes)
    return found


def _node(
    kind: str, inputs: list[Any], have: dict[str, Any], name: str, gives: ir.DataType = ir.DataType.FLOAT
) -> ir.Node:
    node = ir.node(kind, inputs, have, name=name)
    node.outputs[0].name, node.outputs[0].type = f"{name}_output", ir.TensorType(gives)
    return node
