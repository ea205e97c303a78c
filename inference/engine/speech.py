"""Phonemes, style and speed to PCM on one pinned session. Knows no text, no HTTP and no processes."""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from kokoro_onnx import Kokoro

from inference.engine.session import open_session
from inference.errors import EngineFailed
from inference.protocol import SAMPLE_RATE, Audio, Ready, SpeechJob

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnxruntime as ort
    from numpy.typing import NDArray

    from inference.protocol import Job, Reply, VoiceParts, WorkerSpec

WARM_UP: Final = "ðə kwˈɪk bɹˈaʊn fˈɑːks dʒˈʌmps ˌoʊvɚ ðə lˈeɪzi dˈɑːɡ."
"""A sentence long enough that its length and loudness say whether a provider speaks soundly."""

_VOICES_KEPT: Final = 64
"""Voices and mixes held in memory, half a megabyte each."""


class SpeechEngine:
    """Speaks segments, one at a time. Lives as long as its worker process."""

    def __init__(self, spec: WorkerSpec) -> None:
        """Load and warm up.

        Raises:
            WorkerFailedToStart: no provider of the ladder works.
        """
        self._voices_path = spec.voices_path
        opened = open_session(spec, self._warm_up)
        self._kokoro = Kokoro.from_session(opened.session, spec.voices_path)
        self._style = lru_cache(_VOICES_KEPT)(self._mix)
        self._provider, self._trials = opened.provider, opened.trials

    def ready(self, load_ms: float) -> Ready:
        """The first message of this worker."""
        return Ready(self._provider, load_ms, self._trials)

    def do(self, job: Job) -> Reply:
        """Speak one segment.

        Raises:
            EngineFailed: the engine refused or failed this segment.
        """
        if not isinstance(job, SpeechJob):
            raise EngineFailed(f"a speech worker cannot do a {type(job).__name__}")
        started = time.perf_counter()
        with _engine_faults():
            samples, _ = self._kokoro.create(
                job.unit.phonemes, self._style(job.unit.voice), job.unit.speed, is_phonemes=True, trim=False
            )
        pcm = to_pcm16(trim(samples))
        return Audio(pcm, round((time.perf_counter() - started) * 1000, 2))

    def _warm_up(self, session: ort.InferenceSession) -> NDArray[np.float32]:
        kokoro = Kokoro.from_session(session, self._voices_path)
        samples, _ = kokoro.create(WARM_UP, kokoro.get_voices()[0], is_phonemes=True, trim=False)
        return np.asarray(samples, dtype=np.float32)

    def _mix(self, voice: VoiceParts) -> NDArray[np.float32]:
        """Style rows of a mix, float32[510, 1, 256]: the weighted sum of its voices'."""
        rows = sum(weight * self._kokoro.get_voice_style(name) for name, weight in voice)
        return np.asarray(rows, dtype=np.float32)


@contextmanager
def _engine_faults() -> Iterator[None]:
    """Anything that kokoro-onnx or onnxruntime raise becomes EngineFailed; their messages may hold phonemes."""
    try:
        yield
    except Exception as error:
        raise EngineFailed(f"the engine failed with {type(error).__name__}") from error


_FRAME: Final = SAMPLE_RATE // 200
"""5 ms in samples, the step in which silence is looked for."""

_SILENCE: Final = 0.003
"""Root mean square below which a frame is silence, of the segment's loudest frame."""

_LEAD_FRAMES: Final = 4
_TAIL_FRAMES: Final = 10
"""Frames of near-silence kept before and after the speech: soft consonants start and end below the threshold."""


def trim(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut the silence that the model puts around a segment (0.3 s before and 0.5 s after), fading what is left.

    Pauses are then set by the plan alone, and the first audible sample comes first.
    """
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    loudness = np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1))
    sounding = np.flatnonzero(loudness > loudness.max(initial=0) * _SILENCE)
    if not len(sounding):
        return samples
    start = max(0, int(sounding[0]) - _LEAD_FRAMES) * _FRAME
    end = min(len(samples), (int(sounding[-1]) + 1 + _TAIL_FRAMES) * _FRAME)
    return _fade(samples[start:end].copy())


def _fade(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fade both ends over 5 ms so that joins do not click."""
    length = min(_FRAME, len(samples))
    ramp = np.linspace(0, 1, length, dtype=np.float32)
    samples[:length] *= ramp
    samples[len(samples) - length :] *= ramp[::-1]
    return samples


def to_pcm16(samples: NDArray[np.float32]) -> bytes:
    """float32 in -1..1 to mono signed 16-bit little-endian; louder samples are clipped."""
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
