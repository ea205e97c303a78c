"""How much of this machine is used, and for what: its workers, and the memory of the cache and of replies.

Knows settings and hardware; opens no file and starts nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from inference import PoolConfig, WorkerSpec, profile, read_machine

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.model_files import Files
    from gateway.settings import Settings
    from inference import HardwareProfile
    from models.derive.choose_graph import Choice

_ALONE_THREADS: Final = 4
"""A window is a second of speech: more threads would wait for each other."""

_MOST_CACHE_BYTES: Final = 256 << 20
"""An hour and a half of PCM, or three hours of replies that are also held as mp3."""

_REPLIES_BYTES: Final = 48 << 20
_REPLIES_BYTES_PER_WORKER: Final = 16 << 20
"""A page of 4,000 characters that is read as it comes takes 5 MB, and a worker keeps three listeners playing."""


def hardware_profile(settings: Settings) -> HardwareProfile:
    """This machine's profile, with what the settings override."""
    return profile(
        read_machine(),
        workers=settings.workers,
        threads=settings.threads,
        arena_mb=settings.arena_mb,
        provider=settings.provider,
    )


def cache_bytes(settings: Settings, hardware: HardwareProfile) -> int:
    """What the cache may take: as set, or what fits this machine."""
    if settings.cache_mb is not None:
        return settings.cache_mb << 20
    return min(_MOST_CACHE_BYTES, hardware.machine.usable_memory_bytes // 16)


def in_flight_bytes(hardware: HardwareProfile) -> int:
    """What the replies in flight may take: a share of the memory, and no more than the workers can be busy with."""
    useful = _REPLIES_BYTES + hardware.workers * _REPLIES_BYTES_PER_WORKER
    return min(hardware.machine.usable_memory_bytes // 16, useful)


def pool_config(
    settings: Settings, hardware: HardwareProfile, files: Files, choice: Choice, accelerated: Path | None
) -> PoolConfig:
    """The pool that runs `choice` on the CPU and `accelerated` on all else."""
    return PoolConfig(
        workers=_workers(settings, hardware, files, choice, accelerated),
        start_timeout_s=settings.start_timeout_s,
        job_timeout_s=settings.job_timeout_s,
        text_timeout_s=settings.text_timeout_s,
        queue_s=settings.queue_s,
        cost=choice.cost,
        idle_s=settings.idle_s,
        worker_bytes=(settings.worker_memory_mb or 0) << 20,
    )


def _workers(
    settings: Settings, hardware: HardwareProfile, files: Files, choice: Choice, accelerated: Path | None
) -> tuple[WorkerSpec, ...]:
    """One text worker, which is idle nearly always, and the profile's speech workers.

    The first of these takes the cores of the others while they are idle; it is the last to be started.
    """
    text = WorkerSpec(role="text", engine="inference.text.engine:TextEngine")
    speech = WorkerSpec(
        role="speech",
        model_path=str(accelerated or ""),
        cpu_model_path=str(choice.graph),
        voices_path=str(files.voices),
        threads=hardware.threads,
        arena_bytes=hardware.arena_bytes,
        providers=hardware.providers,
        provider_is_forced=settings.provider != "auto",
        is_proven=choice.cost is not None and hardware.providers == ("cpu",),
        cache_dir=str(files.model.parent / "compiled"),
    )
    first, *others = (replace(speech, cpus=cpus) for cpus in hardware.affinity)
    threads = min(hardware.workers * hardware.threads, _ALONE_THREADS)
    if settings.express and threads > hardware.threads:
        first = replace(first, alone_threads=threads)
    return (text, first, *others)
