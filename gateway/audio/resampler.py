"""The same sound at another sample rate.

The only module of the gateway that loads numpy; knows no formats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr

from gateway.audio.pcm import SAMPLE_RATE
from gateway.audio.stage import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Resampler(Stage):
    """Samples at `sample_rate` from samples at `from_rate`. Holds back up to 80 ms."""

    def __init__(self, sample_rate: int, from_rate: int = SAMPLE_RATE) -> None:
        super().__init__()
        # float32: soxr dithers int16, and equal audio would no longer give equal bytes.
        self._rates = from_rate, sample_rate
        self._given = 0
        self._stream = soxr.ResampleStream(from_rate, sample_rate, 1, dtype="float32", quality="HQ")

    def length(self, samples: int) -> int:
        """See `Stage.length`."""
        from_rate, sample_rate = self._rates
        return (2 * samples * sample_rate + from_rate) // (2 * from_rate)

    def _process(self, pcm: bytes) -> bytes:
        out = self._resample(np.frombuffer(pcm, "<i2"))
        self._given += len(out)
        return out.tobytes()

    def _drain(self) -> bytes:
        """soxr ends half a sample sooner or later where the length is no whole number; headers have promised ours."""
        out = self._resample(np.empty(0, "<i2"), last=True)
        owed = self.length(self._taken) - self._given
        if len(out) < owed:
            out = np.pad(out, (0, owed - len(out)), mode="edge" if len(out) else "constant")
        return out[: max(owed, 0)].tobytes()

    def _resample(self, samples: NDArray[np.int16], *, last: bool = False) -> NDArray[np.int16]:
        out: NDArray[np.float32] = self._stream.resample_chunk(samples.astype(np.float32), last=last)
        return np.rint(out).clip(-32768, 32767).astype("<i2")

    def _release(self) -> None:
        del self._stream
