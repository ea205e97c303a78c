"""Looks at everything that could be wrong on this machine, by doing it: each check says what to do when it fails.

Knows no HTTP.
"""

from __future__ import annotations

import dataclasses
import platform
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

from gateway import __version__
from gateway.assembly import pool_config
from gateway.audio.encoders import ENCODERS
from gateway.audio.pcm import silence
from inference import Catalogue, InferenceError, Manner, Pool, PoolConfig, Utterance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway.settings import Settings
    from inference import HardwareProfile

TEST_TEXT = "The doctor listens, and hears nothing wrong."


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    is_well: bool
    found: str
    advice: str = ""
    """What to do, if it is not well."""


@dataclass(frozen=True)
class Report:
    """All that the doctor found."""

    hardware: HardwareProfile
    checks: tuple[Check, ...]

    @property
    def is_well(self) -> bool:
        """True when nothing is wrong."""
        return all(check.is_well for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "version": __version__,
            "is_well": self.is_well,
            "hardware": self.hardware.to_dict(),
            "checks": [dataclasses.asdict(check) for check in self.checks],
        }

    def as_table(self) -> Table:
        """For people."""
        table = Table("", "check", "found", box=None)
        for check in self.checks:
            mark = "[green]✓[/]" if check.is_well else "[red]✗[/]"
            table.add_row(
                mark, check.name, check.found if check.is_well else f"{check.found}\n→ {check.advice}"
            )
        return table


async def examine(
    settings: Settings,
    hardware: HardwareProfile,
    files: Mapping[Path, str],
    graph: tuple[Path, str, str] | None,
) -> Report:
    """Look at everything.

    `files` are the model and the voices with the state they are in; `graph` is the one chosen for the CPU, its
    kind and the reason, or None while the files are not whole.
    """
    checks = [*_machine(hardware), *(_file(path, state) for path, state in files.items())]
    checks += [_encoders(), _port(settings)]
    if graph is not None:
        path, kind, reason = graph
        checks.append(Check("graph", True, f"{kind}: {reason}"))
        model, voices = files
        config = pool_config(settings, hardware, model, path, voices)
        checks += await _speech(settings, config, voices)
    return Report(hardware, tuple(checks))


def _machine(hardware: HardwareProfile) -> list[Check]:
    machine = hardware.machine
    limit = machine.memory_limit_bytes
    memory = f"{machine.memory_bytes / 2**30:.1f} GiB" + (
        f", limited to {limit / 2**30:.1f}" if limit else ""
    )
    cores = f"{machine.physical_cores} physical, {machine.logical_cores} logical"
    quota = f", quota of {machine.cpu_quota:g}" if machine.cpu_quota else ""
    workers = (
        f"{hardware.workers} speech workers of {hardware.threads} threads (bound by {hardware.bound_by})"
    )
    arena = f"arena of {hardware.arena_bytes >> 20} MiB each, providers {' > '.join(hardware.providers)}"
    return [
        Check("python", True, f"{platform.python_version()} on {platform.platform()}"),
        Check("processor", True, f"{machine.chip}: {cores}, {len(machine.affinity)} usable{quota}"),
        Check("instruction sets", True, ", ".join(sorted(machine.instruction_sets)) or "none of interest"),
        Check("memory", True, memory),
        Check("profile", True, f"{workers}, {arena}"),
    ]


def _file(path: Path, state: str) -> Check:
    advice = "run `kokoro-gateway models fetch`"
    return Check(path.name, state == "good", f"{state} in {path.parent}", advice)


def _encoders() -> Check:
    """Encode half a second of silence in every format."""
    failed = []
    for name, encoder in ENCODERS.items():
        try:
            stage = encoder()
            whole = stage.feed(silence(0.5)) + stage.finish()
        except Exception as error:  # whatever a codec library raises is the finding
            failed.append(f"{name} ({error})")
        else:
            failed += [] if whole else [name]
    found = f"failed: {', '.join(failed)}" if failed else ", ".join(ENCODERS)
    return Check("encoders", not failed, found, "install the package again: its wheels bring the codecs")


def _port(settings: Settings) -> Check:
    address = f"{settings.host}:{settings.port}"
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return Check("port", False, f"{address}: {error.strerror}", "choose another with KOKORO_PORT")
    return Check("port", True, f"{address} is free")


async def _speech(settings: Settings, config: PoolConfig, voices: Path) -> list[Check]:
    """Start one worker of each kind, and speak."""
    text, *_, speech = config.workers
    try:
        async with Pool(dataclasses.replace(config, workers=(text, speech))) as pool:
            voice = Catalogue.read(voices).resolve(settings.voice)
            utterance = Utterance(pool.lease("doctor", len(TEST_TEXT)), Manner(voice.language, voice.parts))
            started = time.perf_counter()
            spoken = [s async for s in utterance.segments(TEST_TEXT)]
            elapsed_s = time.perf_counter() - started
            utterance.close()
            return [_languages(pool), _provider(pool), _voice_check(spoken, elapsed_s, voice.canonical)]
    except InferenceError as error:
        return [Check("speech", False, str(error), "see the reason; KOKORO_PROVIDER=cpu needs the least")]


def _languages(pool: Pool) -> Check:
    ready = pool.ready("text")
    return Check(
        "espeak", ready is not None, ", ".join(ready.languages) if ready else "no text worker", "see above"
    )


def _provider(pool: Pool) -> Check:
    ready = pool.ready("speech")
    if ready is None:
        return Check("provider", False, "no speech worker", "see above")
    tried = "; ".join(f"{trial.provider}: {trial.outcome}" for trial in ready.trials)
    return Check("provider", True, f"{ready.provider} ({tried}), loaded in {ready.load_ms / 1000:.1f} s")


def _voice_check(spoken: list[Any], elapsed_s: float, voice: str) -> Check:
    audio_s = sum(piece.audio.seconds for piece in spoken)
    found = f"{voice} spoke {audio_s:.1f} s in {elapsed_s:.1f} s"
    return Check("speech", audio_s > 1, found, "fetch the model again: `kokoro-gateway models fetch`")
