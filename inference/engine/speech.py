"""Phonemes to a score, and windows of a score to PCM, on one pinned session. Knows no text, HTTP or processes."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from kokoro_onnx import Kokoro

from inference.engine.frames import FRAMES
from inference.engine.session import open_alone, open_session
from inference.engine.stages import Stages, from_records, to_records
from inference.errors import EngineFailed
from inference.protocol import SAMPLE_RATE, STEP_SAMPLES, Audio, Ready, Score, SpeechJob, WindowJob

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from inference.engine.session import Session
    from inference.protocol import Job, JobReply, Unit, VoiceParts, WorkerSpec

WARM_UP: Final = "ðə kwˈɪk bɹˈaʊn fˈɑːks dʒˈʌmps ˌoʊvɚ ðə lˈeɪzi dˈɑːɡ."
"""A sentence long enough that its length and loudness say whether a provider speaks soundly."""

_VOICES_KEPT: Final = 64
"""Voices and mixes held in memory, half a megabyte each."""


class SpeechEngine:
    """Speaks units: at once, or in two stages where its graph has them. Lives as long as its worker process."""

    def __init__(self, spec: WorkerSpec) -> None:
        """Load and warm up.

        Raises:
            WorkerFailedToStart: no provider of the ladder works.
        """
        self._voices_path = spec.voices_path
        opened = open_session(spec, self._warm_up)
        self._session = opened.session
        self._alone = open_alone(opened, spec)
        self._kokoro = Kokoro.from_session(opened.session, spec.voices_path)
        self._tokens_input = opened.session.get_inputs()[0].name
        self._outputs = [output.name for output in opened.session.get_outputs()]
        self._style = lru_cache(_VOICES_KEPT)(self._mix)
        self._provider, self._trials = opened.provider, opened.trials

    def ready(self, load_ms: float) -> Ready:
        """The first message of this worker."""
        return Ready(self._provider, load_ms, self._trials, is_staged=isinstance(self._session, Stages))

    def do(self, job: Job) -> JobReply:
        """Score a unit or speak it, or turn a window of a score into sound.

        Raises:
            EngineFailed: the engine refused or failed this job.
        """
        started = time.perf_counter()
        with _engine_faults():
            match job, self._alone if _is_alone(job) else self._session:
                case SpeechJob(), Stages() as stages:
                    frames, energy, records = self._score(stages, job.unit)
                    return Score(frames, energy, records, _ms_since(started))
                case SpeechJob(), _:
                    pcm, cut, frames = self._speak(job.unit)
                    return Audio(pcm, _ms_since(started), cut, frames)
                case WindowJob(), Stages() as stages:
                    pcm, cut = self._sound(stages, job)
                    return Audio(pcm, _ms_since(started), cut)
        raise EngineFailed(f"this worker cannot do a {type(job).__name__}")

    def _score(self, stages: Stages, unit: Unit) -> tuple[tuple[int, ...], tuple[int, ...], bytes]:
        score = stages.score(self._feed(unit))
        energy = np.rint(score.energy * 10).astype(int)
        return tuple(score.frames.astype(int).tolist()), tuple(energy.tolist()), to_records(score)

    def _sound(self, stages: Stages, job: WindowJob) -> tuple[bytes, int]:
        features, source = from_records(job.records)
        style = self._row(job.unit.voice, len(self._tokens(job.unit)))
        samples = stages.sound(features, source, style, is_whole=job.is_first and job.is_last)
        kept = samples[job.skip * STEP_SAMPLES : (job.skip + job.keep) * STEP_SAMPLES]
        trimmed, cut = trim(kept, start=job.is_first, end=job.is_last)
        return to_pcm16(trimmed), cut

    def _speak(self, unit: Unit) -> tuple[bytes, int, tuple[int, ...]]:
        spoken = dict(zip(self._outputs, self._session.run(self._outputs, self._feed(unit)), strict=True))
        trimmed, cut = trim(spoken["audio"].ravel())
        frames = spoken.get(FRAMES, np.zeros(0)).ravel().astype(int)
        return to_pcm16(trimmed), cut, tuple(frames.tolist())

    def _feed(self, unit: Unit) -> dict[str, NDArray[Any]]:
        """What a graph is given to speak or score a unit."""
        tokens = self._tokens(unit)
        return {
            self._tokens_input: np.array([[0, *tokens, 0]], np.int64),
            "style": self._row(unit.voice, len(tokens)),
            "speed": np.array([unit.speed], np.float32),
        }

    def _tokens(self, unit: Unit) -> list[int]:
        tokens: list[int] = self._kokoro.tokenizer.tokenize(unit.phonemes)
        if not tokens:
            raise ValueError("no phonemes that the model knows")
        return tokens

    def _row(self, voice: VoiceParts, tokens: int) -> NDArray[np.float32]:
        """The style of a unit of so many tokens, [1, 256]."""
        rows = self._style(voice)
        row: NDArray[np.float32] = rows[min(tokens, len(rows)) - 1]
        return row

    def _warm_up(self, session: Session) -> NDArray[np.float32]:
        kokoro = Kokoro.from_session(session, self._voices_path)
        with closing(kokoro.voices):
            samples, _ = kokoro.create(WARM_UP, kokoro.get_voices()[0], is_phonemes=True, trim=False)
        return np.asarray(samples, dtype=np.float32)

    def _mix(self, voice: VoiceParts) -> NDArray[np.float32]:
        """Style rows of a mix, float32[510, 1, 256]: the weighted sum of its voices'."""
        rows = sum(weight * self._kokoro.get_voice_style(name) for name, weight in voice)
        return np.asarray(rows, dtype=np.float32)


def _is_alone(job: Job) -> bool:
    return isinstance(job, SpeechJob | WindowJob) and job.is_alone


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
"""Root mean square below which a frame is silence, of the loudest frame there is."""

_FAINT: Final = 0.0005
"""The same of full scale: where a last window is quiet, what nobody hears made the pause behind it 0.5 s longer."""

_LEAD_FRAMES: Final = 4
_TAIL_FRAMES: Final = 10
"""Frames of near-silence kept before and after the speech: soft consonants start and end below the threshold."""


def trim(
    samples: NDArray[np.float32], *, start: bool = True, end: bool = True
) -> tuple[NDArray[np.float32], int]:
    """Cut the silence that the model puts around a unit (0.3 s before and 0.5 s after), fading what is left.

    Pauses are then set by the plan alone, and the first audible sample comes first. Also says how many samples were
    cut off before it.
    """
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    loudness = np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1))
    sounding = np.flatnonzero(loudness > max(loudness.max(initial=0) * _SILENCE, _FAINT))
    if not len(sounding):
        return samples, 0
    low = max(0, int(sounding[0]) - _LEAD_FRAMES) * _FRAME if start else 0
    high = min(len(samples), (int(sounding[-1]) + 1 + _TAIL_FRAMES) * _FRAME) if end else len(samples)
    trimmed = samples[low:high].copy()
    ramp = np.linspace(0, 1, min(_FRAME, len(trimmed)), dtype=np.float32)
    if start:  # over 5 ms, so that joins do not click
        trimmed[: len(ramp)] *= ramp
    if end:
        trimmed[len(trimmed) - len(ramp) :] *= ramp[::-1]
    return trimmed, low


def _ms_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)


def to_pcm16(samples: NDArray[np.float32]) -> bytes:
    """float32 in -1..1 to mono signed 16-bit little-endian; louder samples are clipped."""
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
