"""A vocoder for providers that plan or compile for each length: a session for each of a few, windows filled up to them.

Knows lengths; knows neither providers nor what a window sounds like. What fills a window up is outside of the share of
it that the graph is told is real (`models.derive.fixed_length`), and the sound of it is cut off.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from inference.engine.stages import BINS, FEATURES, HOPS
from inference.protocol import STEP_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnxruntime as ort
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

LENGTHS: Final = (160, 288, 448)
"""Steps, 2 to 5.6 s. With context, first windows have 100 to 210 steps, half of them up to 140; later ones up to 340,
and the last of a unit, which takes a rest along, up to 440."""

_KEPT: Final = len(LENGTHS) + 1
"""Sessions: units rendered at once may be longer, and have one more length at a time."""


class FixedVocoder:
    """Renders windows of any length on sessions of few. Passes for a session, and lives as long as its worker."""

    def __init__(self, open_for: Callable[[int], ort.InferenceSession]) -> None:
        """Open and warm up a session for each length: a first run may take ten times as long. Raises what that does.

        Args:
            open_for: makes a session of the vocoder for windows of so many steps.
        """

        def warmed(steps: int) -> ort.InferenceSession:
            session = open_for(steps)
            session.run(["audio"], _silence(steps))
            return session

        self._session_for = lru_cache(_KEPT)(warmed)
        sessions = [self._session_for(steps) for steps in LENGTHS]
        self.get_outputs = sessions[0].get_outputs

    def run(self, names: list[str], window: dict[str, Floats]) -> list[Floats]:
        """The audio of a window, to the sample as long as one session for all lengths would make it."""
        steps = window["features"].shape[2]
        length = length_for(steps)
        filled = {
            "features": _filled(window["features"], length - steps),
            "source": _filled(window["source"], (length - steps) * HOPS),
            "share": np.array(steps / length, np.float32),
        }
        (audio,) = self._session_for(length).run(names, window | filled)
        return [audio.ravel()[: steps * STEP_SAMPLES]]


def length_for(steps: int) -> int:
    """Of the session that renders a window of so many steps."""
    longest = LENGTHS[-1]
    return next((length for length in LENGTHS if steps <= length), -(-steps // longest) * longest)


def _filled(values: Floats, missing: int) -> Floats:
    return np.pad(values, ((0, 0), (0, 0), (0, missing)))


def _silence(steps: int) -> dict[str, Floats]:
    shapes = {"features": (1, FEATURES, steps), "source": (1, BINS, steps * HOPS + 1), "style": (1, 256)}
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
