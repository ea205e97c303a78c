"""The formats that libav encodes: Opus, AAC, FLAC, and G.711 for telephones."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final, Literal

import av

from gateway.audio.encoder import STANDARD_RATES, Encoder
from gateway.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Mapping


_OPUS_KILOBITS: Final = 40
_AAC_KILOBITS: Final = 96


class _Sink:
    """What a muxer wrote and nobody took yet. Cannot seek, so no muxer goes back to correct a header."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(data)
        return len(data)

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


class LibavEncoder(Encoder):
    """A codec and a muxer of libav, writing into memory. Subclasses name and tune them."""

    codec: ClassVar[Literal["libopus", "aac", "flac", "pcm_mulaw", "pcm_alaw"]]
    muxer: ClassVar[str]
    muxer_options: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self, sample_rate: int = SAMPLE_RATE, total_samples: int | None = None, kilobits: int | None = None
    ) -> None:
        super().__init__(sample_rate, total_samples, kilobits)
        self._sink = _Sink()
        # bitexact: equal audio gives equal bytes (Ogg's serial number is random otherwise).
        options = {"flush_packets": "1", "fflags": "bitexact", **self.muxer_options}
        self._container = av.open(self._sink, "w", format=self.muxer, container_options=options)
        self._stream = self._container.add_stream(
            self.codec, rate=sample_rate, options=self._codec_options(), layout="mono"
        )
        self._container.start_encoding()
        self._header = self._complete_header(self._sink.take(), total_samples)

    @abstractmethod
    def _codec_options(self) -> dict[str, str]:
        """Options of the codec at this sample rate."""

    def _complete_header(self, header: bytes, total_samples: int | None) -> bytes:
        return header

    def _process(self, pcm: bytes) -> bytes:
        self._container.mux(self._stream.encode(audio_frame(pcm, self.sample_rate, self._taken)))
        return self._take()

    def _drain(self) -> bytes:
        if not self._taken:
            # A container without a packet is none: 20 ms of silence.
            self._sink.write(self._process(bytes(self.sample_rate // 50 * SAMPLE_BYTES)))
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._take()

    def _take(self) -> bytes:
        header, self._header = self._header, b""
        return header + self._sink.take()

    def _release(self) -> None:
        self._container.close()
        del self._container, self._stream


class OpusEncoder(LibavEncoder):
    """Opus in Ogg, sample-exact at both ends.

    40 kb/s with complexity 7, the least that looks at the signal to choose a mode, sounds like 64 kb/s
    without (PESQ 4.47 and 4.48) in 44 instead of 79 kb/s, for 5 ms more CPU per second of audio.
    The muxer sends a page when the next one is begun: pages of 60 ms hold back 107 ms, of 100 ms 187 ms.
    """

    name = "opus"
    content_type = "audio/opus"
    rates = (8000, 12000, 16000, SAMPLE_RATE, 48000)
    codec = "libopus"
    muxer = "ogg"
    muxer_options: ClassVar = {"page_duration": "60000"}

    def _codec_options(self) -> dict[str, str]:
        # Left to itself it takes 55 kb/s where 32 were asked for, in speech full of hisses.
        vbr = "constrained" if self.kilobits else "on"
        return {"b": f"{self.kilobits or _OPUS_KILOBITS}000", "compression_level": "7", "vbr": vbr}

    @classmethod
    def bytes_per_second(cls, sample_rate: int, kilobits: int | None = None) -> float:
        """See `Encoder.bytes_per_second`: the rate is an aim, which speech passes by a fifth."""
        return 1.2 * (kilobits or _OPUS_KILOBITS) * 1000 / 8


class AacEncoder(LibavEncoder):
    """AAC-LC in ADTS.

    The fast coder is better for speech than the default two loops (PESQ 4.40 and 4.34 at 96 kb/s) and takes
    a fifth of the CPU.
    """

    name = "aac"
    content_type = "audio/aac"
    rates = STANDARD_RATES
    delay = 1024
    codec = "aac"
    muxer = "adts"

    def _codec_options(self) -> dict[str, str]:
        return {"b": str(self._bit_rate(self.sample_rate, self.kilobits)), "aac_coder": "fast"}

    @classmethod
    def bytes_per_second(cls, sample_rate: int, kilobits: int | None = None) -> float:
        """See `Encoder.bytes_per_second`."""
        return cls._bit_rate(sample_rate, kilobits) / 8

    @staticmethod
    def _bit_rate(sample_rate: int, kilobits: int | None) -> int:
        # A frame of 1024 samples has at most 6144 bits.
        return min((kilobits or _AAC_KILOBITS) * 1000, 6 * sample_rate)


class FlacEncoder(LibavEncoder):
    """Native FLAC; STREAMINFO says the length if it is known, else 0, which means unknown.

    Not through libsndfile, which was tried: 8 % larger for the same CPU, its frames of 170 ms cannot be shortened, it
    has to seek, and soundfile brings numpy, 10 MB, into this process.
    """

    name = "flac"
    content_type = "audio/flac"
    codec = "flac"
    muxer = "flac"
    muxer_options: ClassVar = {"metadata_header_padding": "0"}

    def _codec_options(self) -> dict[str, str]:
        # Frames of 50 ms: the default of 96 ms is 1 % larger and holds back twice as much.
        return {"compression_level": "5", "frame_size": str(self.sample_rate // 20)}

    def exact(self, first: bytes) -> bytes:
        """See `Encoder.exact`."""
        return self._complete_header(first, self._taken)

    @classmethod
    def bytes_per_second(cls, sample_rate: int, kilobits: int | None = None) -> float:
        """See `Encoder.bytes_per_second`; 0.45 of the samples at 24 kHz."""
        return 0.6 * sample_rate * SAMPLE_BYTES

    def _complete_header(self, header: bytes, total_samples: int | None) -> bytes:
        # STREAMINFO starts at byte 8; the 64 bits at its byte 10 end in 36 bits of total.
        facts = int.from_bytes(header[18:26]) >> 36 << 36 | (total_samples or 0)
        return header[:18] + facts.to_bytes(8) + header[26:]


class _G711Encoder(LibavEncoder):
    """For telephones, at 8 kHz: one byte a sample, and no container."""

    def _codec_options(self) -> dict[str, str]:
        return {}

    @classmethod
    def bytes_per_second(cls, sample_rate: int, kilobits: int | None = None) -> float:
        """See `Encoder.bytes_per_second`."""
        return sample_rate

    def _drain(self) -> bytes:
        # Nothing is held back, and nothing is needed to make a stream of no samples one.
        return b""


class MuLawEncoder(_G711Encoder):
    """G.711 as North America and Japan have it."""

    name = "ulaw"
    content_type = "audio/PCMU"
    codec = "pcm_mulaw"
    muxer = "mulaw"


class ALawEncoder(_G711Encoder):
    """G.711 as the rest of the world has it."""

    name = "alaw"
    content_type = "audio/PCMA"
    codec = "pcm_alaw"
    muxer = "alaw"


def audio_frame(pcm: bytes, sample_rate: int, start: int) -> av.AudioFrame:
    """A libav frame holding a copy of `pcm` (whole s16le samples, mono), `start` samples into its stream."""
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // SAMPLE_BYTES)
    frame.planes[0].update(pcm)
    frame.sample_rate = sample_rate
    # Without it the Ogg muxer counts Opus's pre-skip twice, and players refuse files shorter than 60 ms.
    frame.pts = start
    return frame
