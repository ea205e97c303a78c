"""The formats that hold the samples as they are: raw, and behind the header of a WAV file."""

from __future__ import annotations

import struct
from typing import Final

from gateway.audio.encoder import Encoder
from gateway.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE

_UNKNOWN_SIZE: Final = 0xFFFFFFFF


class PcmEncoder(Encoder):
    """The samples themselves, s16le, without a header."""

    name = "pcm"
    content_type = "audio/pcm"
    is_transparent = True

    @classmethod
    def bytes_per_second(cls, sample_rate: int, kilobits: int | None = None) -> float:
        """See `Encoder.bytes_per_second`."""
        return sample_rate * SAMPLE_BYTES

    def size(self) -> int | None:
        """See `Encoder.size`."""
        return None if self.total_samples is None else self.total_samples * SAMPLE_BYTES

    def _process(self, pcm: bytes) -> bytes:
        return pcm


class WavEncoder(PcmEncoder):
    """The samples behind the 44-byte header; both sizes are 0xFFFFFFFF while the total is unknown."""

    name = "wav"
    content_type = "audio/wav"

    def __init__(
        self, sample_rate: int = SAMPLE_RATE, total_samples: int | None = None, kilobits: int | None = None
    ) -> None:
        super().__init__(sample_rate, total_samples, kilobits)
        self._header = self._make_header(total_samples)

    def exact(self, first: bytes) -> bytes:
        """See `Encoder.exact`."""
        header = self._make_header(self._taken)
        return header + first[len(header) :]

    def size(self) -> int | None:
        """See `Encoder.size`."""
        samples = super().size()
        return None if samples is None else len(self._make_header(0)) + samples

    def _make_header(self, total_samples: int | None) -> bytes:
        riff_size = data_size = _UNKNOWN_SIZE
        if total_samples is not None:
            data_size = total_samples * SAMPLE_BYTES
            riff_size = 36 + data_size
        rate, frame = self.sample_rate, SAMPLE_BYTES
        form = (1, 1, rate, rate * frame, frame, 8 * frame)
        return struct.pack(
            "<4sI4s4sIHHIIHH4sI", b"RIFF", riff_size, b"WAVE", b"fmt ", 16, *form, b"data", data_size
        )

    def _process(self, pcm: bytes) -> bytes:
        if not self._header:
            return pcm
        return self._drain() + pcm

    def _drain(self) -> bytes:
        header, self._header = self._header, b""
        return header
