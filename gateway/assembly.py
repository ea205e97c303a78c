"""Settings and hardware to worker specs and cache size: who runs which model with how many threads. Starts nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from inference import PoolConfig, WorkerSpec, profile, read_machine

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.settings import Settings
    from inference import HardwareProfile

_EXPRESS_THREADS: Final = 4
"""The express worker speaks a second of speech at a time: more threads would wait for each other."""

_NICE: Final = 10
"""Speech workers make way for the express worker and the gateway: the kernel gives them a tenth of a core that both
want, so that a first segment need not wait for a long one to end. With a quarter, niceness 5, first audio for one of
four clients took 650 ms, not 485."""

_MOST_CACHE_BYTES: Final = 256 << 20
"""An hour and a half of PCM, or three hours of replies that are also held as mp3."""

_REPLIES_BYTES: Final = 48 << 20
_REPLIES_BYTES_PER_WORKER: Final = 16 << 20


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
    return min(_MOST_CACHE_BYTES, _memory(hardware) // 16)


def in_flight_bytes(hardware: HardwareProfile) -> int:
    """What the replies in flight may take: a share of the memory, and no more than the workers can be busy with.

    A page of 4,000 characters that is read as it comes takes 5 MB, and a worker keeps three listeners playing.
    """
    return min(_memory(hardware) // 16, _REPLIES_BYTES + hardware.workers * _REPLIES_BYTES_PER_WORKER)


def _memory(hardware: HardwareProfile) -> int:
    machine = hardware.machine
    return min(machine.memory_bytes, machine.memory_limit_bytes or machine.memory_bytes)


def pool_config(
    settings: Settings,
    hardware: HardwareProfile,
    model: Path,
    cpu_model: Path,
    voices: Path,
    cost: float | None = None,
) -> PoolConfig:
    """One text worker, which is idle nearly always, the profile's speech workers, and one for first segments.

    `cost` is what a second of audio costs on this machine, CPU seconds, where that was measured.
    """
    text = WorkerSpec(role="text", engine="inference.text.engine:TextEngine")
    express = WorkerSpec(
        role="express",
        model_path=str(model),
        cpu_model_path=str(cpu_model),
        voices_path=str(voices),
        threads=min(hardware.workers * hardware.threads, _EXPRESS_THREADS),
        arena_bytes=hardware.arena_bytes,
        providers=hardware.providers,
        provider_is_forced=settings.provider != "auto",
        cache_dir=str(model.parent / "compiled"),
    )
    speech = [
        replace(
            express, role="speech", threads=hardware.threads, cpus=cpus, nice=_NICE if settings.express else 0
        )
        for cpus in hardware.affinity
    ]
    return PoolConfig(
        workers=(text, *([express] if settings.express else []), *speech),
        start_timeout_s=settings.start_timeout_s,
        job_timeout_s=settings.job_timeout_s,
        queue_s=settings.queue_s,
        cost=cost,
    )
