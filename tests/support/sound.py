"""Speech-like samples to encode, and decoders that are not the encoders' own where there is one."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING

import av
import numpy as np
import soundfile

from gateway.audio.pcm import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float64]

_COMPARED = 1 << 17
G711 = {"ulaw": "ULAW", "alaw": "ALAW"}


@cache
def speech_like(seconds: float, rate: int = SAMPLE_RATE) -> bytes:
    """A gliding voice of 20 harmonics in syllables of 250 ms, with a hiss in every fourth one."""
    t = np.arange(round(seconds * rate)) / rate
    pitch = 2 * np.pi * np.cumsum(140 + 40 * np.sin(2 * np.pi * 0.37 * t)) / rate
    harmonics = [np.sin(n * pitch) / n for n in range(1, 21) if n * 180 < rate / 2]
    voice = np.sum(harmonics, axis=0)
    hiss = np.random.default_rng(1).normal(0, 0.5, len(t)) * (np.floor(4 * t) % 4 == 3)
    syllables = 0.15 + 0.85 * np.sin(np.pi * 4 * t) ** 2
    return to_pcm((voice + hiss) * syllables * 6000)


def tone(hertz: float, seconds: float, rate: int = SAMPLE_RATE, amplitude: float = 8000) -> bytes:
    return to_pcm(amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate))


def to_pcm(samples: Samples) -> bytes:
    return np.rint(samples).clip(-32768, 32767).astype("<i2").tobytes()


def from_pcm(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, "<i2").astype(np.float64)


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


def decode(name: str, data: bytes, pcm_rate: int = SAMPLE_RATE) -> tuple[Samples, int]:
    """Samples on the scale of s16, and their rate. libsndfile, except for aac, which it does not know."""
    if name == "pcm":
        return from_pcm(data), pcm_rate
    if name == "aac":
        return decode_with_libav(data)
    if name in G711:
        raw = {"format": "RAW", "subtype": G711[name], "samplerate": pcm_rate, "channels": 1}
        return soundfile.read(io.BytesIO(data), **raw)[0] * 32768, pcm_rate
    if name == "flac":
        data = _with_length(data)
    samples, rate = soundfile.read(io.BytesIO(data))
    return samples * 32768, rate


def _with_length(flac: bytes) -> bytes:
    """The same file saying its length, as libav counts it: libsndfile takes 0 for endless."""
    facts = int.from_bytes(flac[18:26])
    if not facts & (1 << 36) - 1:
        facts |= len(decode_with_libav(flac)[0])
    return flac[:18] + facts.to_bytes(8) + flac[26:]


def decode_with_libav(data: bytes) -> tuple[Samples, int]:
    """The same by libav, which also takes a file that breaks off."""
    parts, rate = [np.empty(0)], SAMPLE_RATE
    with av.open(io.BytesIO(data), "r") as container:
        rate = container.streams.audio[0].rate
        for frame in container.decode(audio=0):
            samples = frame.to_ndarray()[0].astype(np.float64)
            parts.append(samples if frame.format.name.startswith("s16") else samples * 32768)
    return np.concatenate(parts), rate


def delay(late: Samples, early: Samples) -> int:
    """How many samples later than in `early` the same sound is in `late`: the shift that correlates best."""
    late, early = late[:_COMPARED], early[:_COMPARED]
    match = np.fft.irfft(np.fft.rfft(late, 2 * _COMPARED) * np.conj(np.fft.rfft(early, 2 * _COMPARED)))
    best = int(np.argmax(match))
    return best if best < _COMPARED else best - 2 * _COMPARED


def loudness(samples: Samples, count: int) -> Samples:
    """Root mean square of `count` equal parts: the shape of speech without its pitch."""
    return np.array([np.sqrt(np.mean(part**2)) for part in np.array_split(samples, count)])


def strongest_hertz(samples: Samples, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate / len(samples))


def likeness(heard: Samples, meant: Samples, late: int) -> float:
    """Correlation (1: equal) of `meant` with what starts `late` samples into `heard`, over all of `meant`."""
    heard = np.pad(heard, (max(0, -late), len(meant)))[max(0, late) :][: len(meant)]
    return float(np.dot(heard, meant) / (np.linalg.norm(heard) * np.linalg.norm(meant)))
