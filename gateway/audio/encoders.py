"""Streaming encoders: mono 16-bit samples in, bytes of a container out, one class for each response format.

Knows no HTTP and no speech; `shaping` is what happens to samples before.
"""

from __future__ import annotations

import struct
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

import av
import lameenc  # type: ignore[import-not-found]

from gateway.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from gateway.audio.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_UNKNOWN_SIZE = 0xFFFFFFFF
_ANY_RATE = range(8000, 48001)
_STANDARD_RATES = (8000, 11025, 12000, 16000, 22050, SAMPLE_RATE, 32000, 44100, 48000)


class UnsupportedRate(ValueError):
    """The format cannot carry this sample rate; the message lists those that it can."""

    def __init__(self, name: str, rate: int, rates: Collection[int]) -> None:
        choices = f"{rates[0]} to {rates[-1]}" if isinstance(rates, range) else ", ".join(map(str, rates))
        super().__init__(f"{name} cannot have a sample rate of {rate} Hz; choose {choices}")


class Encoder(Stage):
    """The last stage: samples become the bytes of one format. Lives for one response.

    `total_samples`, if it is known before the first byte leaves, is written into the headers that have
    room for it, and `finish` raises ValueError when another number of samples was fed.
    """

    name: ClassVar[str]
    content_type: ClassVar[str]
    rates: ClassVar[Collection[int]] = _ANY_RATE
    is_transparent: ClassVar[bool] = False
    """Samples leave it as they came."""

    def __init__(self, sample_rate: int = SAMPLE_RATE, total_samples: int | None = None) -> None:
        super().__init__()
        self.sample_rate = supported_rate(self.name, sample_rate)
        self.total_samples = total_samples

    def finish(self) -> bytes:
        """The rest of the container, and all of it when nothing was fed; see `Stage.finish`."""
        rest = super().finish()
        if self.total_samples not in (None, self._taken):
            raise ValueError(f"{self.total_samples} samples were announced, {self._taken} were fed")
        return rest

    def exact(self, first: bytes) -> bytes:
        """The first bytes that this encoder made, with the sizes in its header where that has room for them."""
        return first

    @classmethod
    @abstractmethod
    def bytes_per_second(cls, sample_rate: int) -> float:
        """About what a second of speech takes, rather more than less."""

    def size(self) -> int | None:
        """Bytes of the whole, where the number of samples settles that and was announced."""
        return None


class PcmEncoder(Encoder):
    """The samples themselves, s16le, without a header."""

    name = "pcm"
    content_type = "audio/pcm"
    is_transparent = True

    @classmethod
    def bytes_per_second(cls, sample_rate: int) -> float:
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

    def __init__(self, sample_rate: int = SAMPLE_RATE, total_samples: int | None = None) -> None:
        super().__init__(sample_rate, total_samples)
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


class Mp3Encoder(Encoder):
    """MPEG layer 3 at a constant bit rate, frames only: no Xing header and no ID3, so that files can be glued.

    LAME itself, not through libav: the same sound at a third of the CPU (23 against 76 ms for 10 s of it).
    96 kb/s is where the bit reservoir stops adding delay (78 ms held back, 102 ms at 64 kb/s) and speech is
    close to transparent: PESQ 4.52 (4.29 at 64, 4.62 at 128).
    """

    name = "mp3"
    content_type = "audio/mpeg"
    rates = _STANDARD_RATES

    def __init__(self, sample_rate: int = SAMPLE_RATE, total_samples: int | None = None) -> None:
        super().__init__(sample_rate, total_samples)
        self._lame = lameenc.Encoder()
        self._lame.silence()
        self._lame.set_channels(1)
        self._lame.set_in_sample_rate(sample_rate)
        self._lame.set_out_sample_rate(sample_rate)
        self._lame.set_bit_rate(self._kilobits(sample_rate))
        self._lame.set_quality(5)

    @classmethod
    def bytes_per_second(cls, sample_rate: int) -> float:
        """See `Encoder.bytes_per_second`."""
        return cls._kilobits(sample_rate) * 1000 / 8

    @staticmethod
    def _kilobits(sample_rate: int) -> int:
        # MPEG 2.5, below 16 kHz, ends at 64 kb/s.
        return 96 if sample_rate >= 16000 else 64  # noqa: PLR2004 - said above

    def _process(self, pcm: bytes) -> bytes:
        return bytes(self._lame.encode(pcm))

    def _drain(self) -> bytes:
        # LAME refuses to flush before its first encode.
        return bytes(self._lame.encode(b"") + self._lame.flush())

    def _release(self) -> None:
        del self._lame


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

    codec: ClassVar[Literal["libopus", "aac", "flac"]]
    muxer: ClassVar[str]
    muxer_options: ClassVar[Mapping[str, str]] = {}

    def __init__(self, sample_rate: int = SAMPLE_RATE, total_samples: int | None = None) -> None:
        super().__init__(sample_rate, total_samples)
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
        return {"b": "40000", "compression_level": "7"}

    @classmethod
    def bytes_per_second(cls, sample_rate: int) -> float:
        """See `Encoder.bytes_per_second`."""
        return 48_000 / 8


class AacEncoder(LibavEncoder):
    """AAC-LC in ADTS.

    The fast coder is better for speech than the default two loops (PESQ 4.40 and 4.34 at 96 kb/s) and takes
    a fifth of the CPU.
    """

    name = "aac"
    content_type = "audio/aac"
    rates = _STANDARD_RATES
    codec = "aac"
    muxer = "adts"

    def _codec_options(self) -> dict[str, str]:
        return {"b": str(self._bit_rate(self.sample_rate)), "aac_coder": "fast"}

    @classmethod
    def bytes_per_second(cls, sample_rate: int) -> float:
        """See `Encoder.bytes_per_second`."""
        return cls._bit_rate(sample_rate) / 8

    @staticmethod
    def _bit_rate(sample_rate: int) -> int:
        # A frame of 1024 samples has at most 6144 bits.
        return min(96_000, 6 * sample_rate)


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
    def bytes_per_second(cls, sample_rate: int) -> float:
        """See `Encoder.bytes_per_second`; 0.45 of the samples at 24 kHz."""
        return 0.6 * sample_rate * SAMPLE_BYTES

    def _complete_header(self, header: bytes, total_samples: int | None) -> bytes:
        # STREAMINFO starts at byte 8; the 64 bits at its byte 10 end in 36 bits of total.
        facts = int.from_bytes(header[18:26]) >> 36 << 36 | (total_samples or 0)
        return header[:18] + facts.to_bytes(8) + header[26:]


ENCODERS: Mapping[str, type[Encoder]] = {
    encoder.name: encoder
    for encoder in (Mp3Encoder, OpusEncoder, AacEncoder, FlacEncoder, WavEncoder, PcmEncoder)
}
"""Response format -> its encoder."""


def supported_rate(name: str, rate: int) -> int:
    """`rate`, if the format `name` can carry it.

    Raises:
        UnsupportedRate: it cannot.
    """
    rates = ENCODERS[name].rates
    if rate not in rates:
        raise UnsupportedRate(name, rate, rates)
    return rate


def audio_frame(pcm: bytes, sample_rate: int, start: int) -> av.AudioFrame:
    """A libav frame holding a copy of `pcm` (whole s16le samples, mono), `start` samples into its stream."""
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // SAMPLE_BYTES)
    frame.planes[0].update(pcm)
    frame.sample_rate = sample_rate
    # Without it the Ogg muxer counts Opus's pre-skip twice, and players refuse files shorter than 60 ms.
    frame.pts = start
    return frame
