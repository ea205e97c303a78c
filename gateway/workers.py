"""Settings and hardware to worker specs and cache size: who runs which model with how many threads. Starts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inference import PoolConfig, WorkerSpec, profile, read_machine

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.settings import Settings
    from inference import HardwareProfile


_MOST_CACHE_BYTES: Final = 256 << 20
"""An hour and a half of PCM, or three hours of replies that are also held as mp3."""


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
    machine = hardware.machine
    memory = min(machine.memory_bytes, machine.memory_limit_bytes or machine.memory_bytes)
    return min(_MOST_CACHE_BYTES, memory // 16)


def pool_config(
    settings: Settings, hardware: HardwareProfile, model: Path, cpu_model: Path, voices: Path
) -> PoolConfig:
    """One text worker, which is idle nearly always, and the profile's speech workers."""
    speech = [
        WorkerSpec(
            role="speech",
            model_path=str(model),
            cpu_model_path=str(cpu_model),
            voices_path=str(voices),
            threads=hardware.threads,
            cpus=hardware.affinity[number] if hardware.affinity else (),
            arena_bytes=hardware.arena_bytes,
            providers=hardware.providers,
            provider_is_forced=settings.provider != "auto",
            cache_dir=str(model.parent / "compiled"),
        )
        for number in range(hardware.workers)
    ]
    text = WorkerSpec(role="text", engine="inference.text:TextEngine")
    return PoolConfig(
        workers=(text, *speech),
        start_timeout_s=settings.start_timeout_s,
        job_timeout_s=settings.job_timeout_s,
        queue_s=settings.queue_seconds,
    )
