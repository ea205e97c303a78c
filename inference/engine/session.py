"""ONNX Runtime sessions and the provider ladder: every knob with its reason. Knows no text and no sockets."""

from __future__ import annotations

import logging
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import onnxruntime as ort

from inference.engine.fixed_vocoder import FixedVocoder
from inference.engine.frames import telling_frames
from inference.engine.stages import HOPS, Stages
from inference.errors import WorkerFailedToStart
from inference.protocol import SAMPLE_RATE, Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from inference.protocol import WorkerSpec

logger = logging.getLogger(__name__)

CPU: Final = "cpu"
_CPU_PROVIDER: Final = "CPUExecutionProvider"
_SCORE: Final = "score.onnx"
_VOCODER: Final = "vocoder.onnx"
"""A graph in two stages is named by its first; the second lies beside it."""

_CUDA_OPTIONS: Final = {
    # On an H200 a window of 2 s takes 12.4 ms. The default, EXHAUSTIVE, takes as long, but its first 720 ms; DEFAULT, a
    # fallback since 1.20, takes 17.0 ms. A length that is new takes 113 ms with any of them.
    "cudnn_conv_algo_search": "HEURISTIC",
    "use_tf32": "0",  # no faster with it, and the spectrum that becomes sound needs more than ten bits
    "arena_extend_strategy": "kSameAsRequested",  # all lengths are known: doubling would only keep others from the GPU
}

_ARENA_GROW_BY_DOUBLING: Final = 0
_FIRST_CHUNK_BYTES: Final = 64 << 20
_MOST_LOUDNESS_DIFFERENCE: Final = 0.35

_QUIETEST_PEAK: Final = 0.01
_LOUDEST_PEAK: Final = 4.0
"""Bounds of the warm-up's loudest sample; sound models reach 0.3 to 1.1."""

Session: TypeAlias = "ort.InferenceSession | Stages"

Speak: TypeAlias = "Callable[[Session], NDArray[np.float32]]"
"""Speaks the fixed warm-up sentence on a session: float32 samples at 24 kHz."""


class ProviderFailed(Exception):
    """One rung of the ladder could not be used; the message is the reason."""


@dataclass(frozen=True)
class Opened:
    """A session that has spoken the warm-up sentence, and how it was chosen."""

    session: Session
    provider: str
    trials: tuple[Trial, ...]


class _Session(ort.InferenceSession):  # type: ignore[misc]  # onnxruntime ships no types
    """An InferenceSession that gives back after each run what its arena took beyond the first chunk.

    Lives as long as its worker.
    """

    def run(self, output_names: Any, input_feed: dict[str, Any], run_options: Any = None) -> Any:
        if run_options is None:
            run_options = ort.RunOptions()
            run_options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        return super().run(output_names, input_feed, run_options)


def session_options(spec: WorkerSpec, steps: int = 0) -> ort.SessionOptions:
    """The options of one pinned session, of a vocoder for windows of so many steps if they are given."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = spec.threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    # A spinning thread takes the core that another worker is pinned to.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.use_env_allocators", "1")
    if steps:
        options.add_free_dimension_override_by_name("steps", steps)
        options.add_free_dimension_override_by_name("columns", steps * HOPS + 1)
    return options


def share_arena(arena_bytes: int) -> None:
    """Make the CPU memory arena of this process, which sessions take through `session.use_env_allocators`.

    Its first chunk, at most `arena_bytes`, stays; what a long segment takes beyond is given back. It has no hard
    bound: with one of 256 MB a segment of 100 tokens fails. With a first chunk of 64 MB a worker keeps 235 MB after
    a long segment, with one of 256 MB 361 MB, and without shrinking 543 MB, all at the same CPU.
    """
    arena = ort.OrtArenaCfg(
        {
            "max_mem": 0,
            "arena_extend_strategy": _ARENA_GROW_BY_DOUBLING,
            "initial_chunk_size_bytes": min(arena_bytes, _FIRST_CHUNK_BYTES),
            "max_dead_bytes_per_chunk": -1,
        }
    )
    memory = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    ort.create_and_register_allocator(memory, arena)


def open_session(spec: WorkerSpec, speak: Speak) -> Opened:
    """Climb down the provider ladder to the first session that loads and speaks soundly.

    Args:
        spec: model path, threads, arena and the providers in order of preference.
        speak: what to try each session with.

    Raises:
        WorkerFailedToStart: no provider of the ladder can be used; the message names each with its reason.
    """
    share_arena(spec.arena_bytes)
    if spec.is_proven:
        return Opened(_proven(spec), spec.providers[0], ())
    trials: list[Trial] = []
    reference = _reference(spec, speak)
    for provider in spec.providers:
        try:
            session, factor = _try(provider, spec, speak, reference)
        except ProviderFailed as failure:
            logger.warning("provider %s is not used: %s", provider, failure)
            trials.append(Trial(provider, str(failure)))
            continue
        trials.append(Trial(provider, "chosen", round(factor, 3)))
        return Opened(session, provider, tuple(trials))
    raise WorkerFailedToStart("; ".join(f"provider {t.provider}: {t.outcome}" for t in trials))


def open_alone(opened: Opened, spec: WorkerSpec) -> Session:
    """The session for what is spoken while no other worker is at work: of more threads, on all cores.

    Mapped weights are shared with the first; it takes 55 MB more, where a worker of its own would take 130.
    """
    if not spec.alone_threads or not isinstance(opened.session, Stages):
        return opened.session
    wide = replace(spec, threads=spec.alone_threads)
    with _on_all_cpus():  # its threads are born there and stay; this one goes back to its own CPU
        if opened.provider == CPU:
            return _load(CPU, wide)
        return Stages(_open(Path(spec.model_path), _CPU_PROVIDER, wide), opened.session.vocoder)


@contextmanager
def _on_all_cpus() -> Iterator[None]:
    """On all that the gateway may use."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    pinned = os.sched_getaffinity(0)
    os.sched_setaffinity(0, os.sched_getaffinity(os.getppid()))
    try:
        yield
    finally:
        os.sched_setaffinity(0, pinned)


def _proven(spec: WorkerSpec) -> Session:
    """The session that was chosen before. To speak the warm-up again is two thirds of a worker's start."""
    try:
        return _load(spec.providers[0], spec)
    except ProviderFailed as failure:
        raise WorkerFailedToStart(f"provider {spec.providers[0]}: {failure}") from failure


@dataclass(frozen=True)
class _Reference:
    session: Session
    audio: NDArray[np.float32]
    factor: float


def _reference(spec: WorkerSpec, speak: Speak) -> _Reference | None:
    """What the CPU makes of the warm-up sentence, where another provider is to be held against it."""
    if all(provider == CPU for provider in spec.providers):
        return None
    session = _load(CPU, spec)
    audio, factor = _timed(session, speak, runs=2)
    return _Reference(session, audio, factor)


def _try(
    provider: str,
    spec: WorkerSpec,
    speak: Speak,
    reference: _Reference | None,
) -> tuple[Session, float]:
    if provider == CPU and reference is not None:
        _check_sound(reference.audio, None)
        return reference.session, reference.factor
    session = _load(provider, spec)
    # Alone it is only warmed up, which is two thirds of a worker's start; where two are compared, both are warm.
    audio, factor = _timed(session, speak, runs=1 if reference is None else 2)
    _check_sound(audio, None if reference is None else reference.audio)
    # CoreML splits Kokoro's graph into over a hundred partitions: it has been seen to be 27 times slower than the CPU.
    if reference is not None and not spec.provider_is_forced and factor >= reference.factor:
        raise ProviderFailed(f"not faster than the CPU ({factor:.2f} against {reference.factor:.2f})")
    return session, factor


def _load(provider: str, spec: WorkerSpec) -> Session:
    available = {
        name.removesuffix("ExecutionProvider").lower(): name for name in ort.get_available_providers()
    }
    if provider not in available:
        raise ProviderFailed(f"not in this build of onnxruntime, which has {', '.join(sorted(available))}")
    name = available[provider]
    path = Path((provider == CPU and spec.cpu_model_path) or spec.model_path)
    if not path.name:
        raise ProviderFailed("there is no graph in float for it")
    if path.name != _SCORE:
        return _open(path, name, spec)
    # A score has another length each time, which an accelerator would plan for anew, and parts in 8 bits: it takes
    # 40 ms of a CPU for a second of speech.
    score, vocoder = _open(path, _CPU_PROVIDER, spec), path.with_name(_VOCODER)
    if provider == CPU:
        return Stages(score, _open(vocoder, name, spec))
    return Stages(score, FixedVocoder(lambda steps: _open(vocoder, name, spec, steps)))


def _open(path: Path, provider: str, spec: WorkerSpec, steps: int = 0) -> ort.InferenceSession:
    """One session on a provider as onnxruntime calls it, for windows of so many steps only if they are given."""
    kind = _Session if provider == _CPU_PROVIDER else ort.InferenceSession
    try:
        chosen = (provider, provider_options(provider, spec, steps))
        graph = path if path.name in (_SCORE, _VOCODER) else telling_frames(path)
        session = kind(graph, session_options(spec, steps), providers=[chosen])
        session._model_path = str(path)  # kokoro-onnx reads it
    except Exception as error:
        raise ProviderFailed(f"cannot load {path}: {_first_line(error)}") from error
    # onnxruntime falls back to the CPU without an exception when a provider cannot start.
    if session.get_providers()[0] != provider:
        raise ProviderFailed("onnxruntime could not start it")
    return session


def provider_options(provider: str, spec: WorkerSpec, steps: int = 0) -> dict[str, str]:
    """What a provider, as onnxruntime calls it, is opened with; its libraries are loaded."""
    match provider:
        case "CUDAExecutionProvider":
            ort.preload_dlls()  # CUDA's libraries come as packages, where the loader would not look for them
            return _CUDA_OPTIONS
        case "CoreMLExecutionProvider":
            return {
                "ModelFormat": "MLProgram",
                "MLComputeUnits": "ALL",
                # What it compiles is kept by the name of the graph alone, and there is one graph for all lengths.
                "ModelCacheDirectory": str(Path(spec.cache_dir, str(steps))),
            }
    return {}


def _timed(session: Session, speak: Speak, runs: int) -> tuple[NDArray[np.float32], float]:
    """Audio of the last run and its real-time factor; the first run pays for allocations."""
    try:
        for _ in range(runs):
            started = time.perf_counter()
            audio = speak(session)
    except Exception as error:
        raise ProviderFailed(f"cannot speak: {_first_line(error)}") from error
    return audio, (time.perf_counter() - started) / max(len(audio) / SAMPLE_RATE, 1e-3)


def _check_sound(audio: NDArray[np.float32], reference: NDArray[np.float32] | None) -> None:
    """Raise ProviderFailed for audio that is no speech: broken numbers, silence, wrong length or loudness."""
    if not np.isfinite(audio).all():
        raise ProviderFailed("it speaks numbers that are not finite")
    peak = float(np.abs(audio).max(initial=0))
    if not _QUIETEST_PEAK < peak < _LOUDEST_PEAK:
        raise ProviderFailed(f"its loudest sample is {peak:.3f}")
    if reference is None:
        return
    if abs(len(audio) - len(reference)) > len(reference) // 10:
        raise ProviderFailed(f"it speaks {len(audio)} samples where the CPU speaks {len(reference)}")
    difference = _loudness_difference(audio, reference)
    if difference > _MOST_LOUDNESS_DIFFERENCE:
        raise ProviderFailed(f"its loudness differs from the CPU's by {difference:.0%}")


def _loudness_difference(audio: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    """Relative difference of the two envelopes (50 steps): samples cannot be compared, Kokoro's phase is chaotic."""
    ours, theirs = (
        np.array([np.abs(part).mean() for part in np.array_split(x, 50)]) for x in (audio, reference)
    )
    return float(np.abs(ours - theirs).sum() / theirs.sum())


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:300]
