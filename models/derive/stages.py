"""The two stages of a Kokoro graph: what a sentence will sound like, and the sound of any part of it.

Knows at which values the graph falls in two; knows nothing of how either stage is computed or kept.

    tokens, style, speed  -> SCORE   -> frames [N], features [1, 512, T], source [1, 22, 60 T + 1], energy [1, T]
    features, source of any part of T, style -> VOCODER -> audio [300 T]

T counts steps of 12.5 ms. The source is the spectrum of the voice's harmonics; its phase runs through the whole unit,
so that parts rendered apart stay in phase.
"""

from __future__ import annotations

from typing import Final

import onnx_ir as ir

SCORE: Final = "score"
VOCODER: Final = "vocoder"
WHOLE: Final = "is_whole"
"""One more input of the vocoder, which `models.derive.norms` adds: it is given a unit at once. True if left out."""

_NAMES: Final = {
    "/encoder/Clip_output_0": "frames",
    "/decoder/decoder/decode.3/Div_4_output_0": "features",
    "/decoder/decoder/generator/Concat_3_output_0": "source",
    "/decoder/decoder/Unsqueeze_1_output_0": "energy",
}
"""What the release calls the values at which it is cut, and what they are called here.

Frames are not called `duration`: a graph with an output of that name makes kokoro-onnx insert pauses.
"""


def split(model: ir.Model) -> dict[str, ir.Model]:
    """The stages of `model` by name, with weights of their own; renames values of `model`.

    Raises:
        ValueError: it lacks a value at which it would have to be cut.
    """
    for node in model.graph:
        for value in node.outputs:
            value.name = _NAMES.get(value.name or "", value.name)
    tokens = model.graph.inputs[0].name or ""  # `tokens`, or `input_ids` of a later release
    ends: dict[str, tuple[list[ir.Value | str], list[ir.Value | str]]] = {
        SCORE: ([tokens, "style", "speed"], [*_NAMES.values()]),
        VOCODER: (["features", "source", "style"], ["audio"]),
    }
    return {
        stage: ir.Model(ir.convenience.extract(model.graph, *ends), ir_version=model.ir_version)
        for stage, ends in ends.items()
    }
