"""Settings and hardware to worker specs: who runs which model with how many threads where. Starts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference import PoolConfig, WorkerSpec, profile, read_machine

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.settings import Settings
    from inference import HardwareProfile


def hardware_profile(settings: Settings) -> HardwareProfile:
    """This machine's profile, with what the settings override."""
    return profile(
        read_machine(),
        workers=settings.workers,
        threads=settings.threads,
        arena_mb=settings.arena_mb,
        provider=settings.provider,
    )


def pool_config(settings: Settings, hardware: HardwareProfile, model: Path, voices: Path) -> PoolConfig:
    """One text worker, which is idle nearly always, and the profile's speech workers."""
    speech = [
        WorkerSpec(
            role="speech",
            model_path=str(model),
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
