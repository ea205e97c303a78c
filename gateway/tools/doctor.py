"""Looks at everything that could be wrong on this machine, by doing it: each check says what to do when it fails.

Knows no HTTP, and makes nothing that `serve` does not make in the same way.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import platform
import socket
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

import psutil
from rich.table import Table

from gateway import __version__
from gateway.assembly import prepare
from gateway.audio.encoders import ENCODERS
from gateway.audio.pcm import silence
from gateway.keys import UnusableKeys, read_keys
from gateway.model_files import file_states
from gateway.settings import without_secrets
from gateway.sizing import hardware_profile
from gateway.speech.cache_remote import LIMIT_S
from gateway.speech.cache_server import CacheServer, RemoteCacheUnavailable
from gateway.speech.lexicon import Lexicon, UnusableLexicon
from gateway.tools.bench import cpu_s
from inference import InferenceError, Manner, Pool, Text, Utterance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway.assembly import Parts
    from gateway.model_files import Show
    from gateway.settings import Settings
    from inference import HardwareProfile, PoolConfig

TEST_TEXT: Final = "The doctor listens, and hears nothing wrong."
_FOR_CPU, _FOR_GPU = "onnxruntime", "onnxruntime-gpu"
_INSTALL_FOR_GPU: Final = (
    "pip uninstall -y onnxruntime onnxruntime-gpu && pip install 'onnxruntime-gpu[cuda,cudnn]>=1.31,<1.33'"
)
"""An extra could not do it: both distributions bring the same module, and kokoro-onnx asks for the one for CPUs."""

_PROBE: Final = b"kokoro-gateway:doctor"
_CACHE_S: Final = 5.0
"""Longest time for asking the server of the remote cache."""

_MEND_CACHE: Final = (
    "speech goes on without it; see whether it runs, knows user and password, may be written to, and has room "
    "(maxmemory-policy allkeys-lru)"
)

_BUSY_CPUS: Final = 0.2
"""CPUs that other programs may take before the doctor says that its times are theirs too."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    is_well: bool
    found: str
    advice: str = ""
    """What to do, if it is not well."""

    is_needed: bool = True
    """Nothing can be spoken unless it is well."""


@dataclass(frozen=True)
class Report:
    """All that the doctor found."""

    hardware: HardwareProfile
    checks: tuple[Check, ...]

    @property
    def is_well(self) -> bool:
        """True when nothing is wrong that keeps anybody from speaking."""
        return all(check.is_well or not check.is_needed for check in self.checks)

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


class Others:
    """The CPU that other programs take. Lives as long as what is measured beside them."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._before_s = _others_s()

    def cpus(self) -> float:
        """How many CPUs they have kept busy since, on average."""
        return max(0.0, _others_s() - self._before_s) / max(time.monotonic() - self._since, 1e-3)


def _others_s() -> float:
    """CPU seconds that all programs but this one and its workers have taken since the machine started."""
    times = psutil.cpu_times()
    # What a guest of this machine takes is in the time of its user already.
    idle_s = times.idle + sum(getattr(times, kind, 0.0) for kind in ("iowait", "guest", "guest_nice"))
    return float(sum(times) - idle_s - cpu_s(os.getpid()))


def examine(settings: Settings, show: Show) -> Report:
    """Look at everything; `show` is told what takes long."""
    hardware = hardware_profile(settings)
    states = file_states(settings)
    checks = [
        *_machine(hardware),
        runtime(_installed(), hardware),
        *(_file(path, state.value) for path, state in states.items()),
    ]
    checks += [_encoders(), _port(settings), _keys(settings), _lexicon(settings), _remote_cache(settings)]
    needed = {path.name for path in states} | {"lexicon"}
    if all(check.is_well for check in checks if check.name in needed):
        parts = prepare(settings, show)
        checks.append(Check("graph", True, f"{parts.choice.kind}: {parts.choice.reason}"))
        show("starting two workers, and speaking", None)
        checks += asyncio.run(_speech(parts))
    return Report(hardware, tuple(checks))


def _machine(hardware: HardwareProfile) -> list[Check]:
    machine = hardware.machine
    limit = machine.memory_limit_bytes
    memory = f"{machine.memory_bytes / 2**30:.1f} GiB" + (
        f", limited to {limit / 2**30:.1f}" if limit else ""
    )
    cores = f"{machine.physical_cores} physical, {machine.logical_cores} logical"
    quota = f", quota of {machine.cpu_quota:g}" if machine.cpu_quota else ""
    crew = f"{_many(hardware.workers, 'speech worker')} of {_many(hardware.threads, 'thread')}"
    workers = f"{crew} (bound by {hardware.bound_by})"
    arena = f"arena of {hardware.arena_bytes >> 20} MiB each, providers {' > '.join(hardware.providers)}"
    return [
        Check("python", True, f"{platform.python_version()} on {platform.platform()}"),
        Check("processor", True, f"{machine.chip}: {cores}, {len(machine.affinity)} usable{quota}"),
        Check("instruction sets", True, ", ".join(sorted(machine.instruction_sets)) or "none of interest"),
        Check("memory", True, memory),
        Check("profile", True, f"{workers}, {arena}"),
    ]


def _many(number: int, one: str) -> str:
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def _installed() -> dict[str, str]:
    """Version of each distribution of onnxruntime that is installed."""
    found = {}
    for name in (_FOR_CPU, _FOR_GPU):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def runtime(installed: Mapping[str, str], hardware: HardwareProfile) -> Check:
    """Whether the distribution of onnxruntime is the one that this hardware is to be used with."""
    found = " and ".join(f"{name} {number}" for name, number in installed.items())
    if len(installed) > 1:
        advice = f"the last one installed has overwritten the other; for the GPU, {_INSTALL_FOR_GPU}"
        return Check("onnxruntime", False, found, advice)
    advice = f"for the GPU, {_INSTALL_FOR_GPU}, and set KOKORO_PROVIDER=cuda"
    if _FOR_GPU not in installed and "cuda" in hardware.providers:
        return Check("onnxruntime", False, found, advice)
    if _FOR_GPU not in installed and hardware.machine.gpu_memory_bytes is not None:
        return Check("onnxruntime", True, f"{found}; {advice}")
    return Check("onnxruntime", True, found)


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


def _keys(settings: Settings) -> Check:
    try:
        keys = read_keys(settings)
    except UnusableKeys as error:
        return Check("keys", False, str(error), "mend the file of KOKORO_API_KEYS_FILE")
    return Check("keys", True, str(len(keys)) if keys else "none: whoever can connect is let in")


def _lexicon(settings: Settings) -> Check:
    try:
        lexicon = Lexicon(settings.lexicon)
    except UnusableLexicon as error:
        return Check("lexicon", False, str(error), "mend the file of KOKORO_LEXICON")
    return Check("lexicon", True, f"{len(lexicon)} entries" if settings.lexicon else "none")


def _remote_cache(settings: Settings) -> Check:
    """Read and write as `serve` does."""
    if settings.cache_url is None:
        return Check("remote cache", True, "none")
    url = settings.cache_url.get_secret_value()
    shown = without_secrets(url)
    try:
        read_ms, eviction = asyncio.run(_ask_cache(url))
    except RemoteCacheUnavailable as error:
        return Check("remote cache", False, str(error), "see the reason")
    except Exception as error:  # whatever comes of talking to what may be no such server is the finding
        found = f"{shown}: {type(error).__name__}"
        return Check("remote cache", False, found, _MEND_CACHE, is_needed=False)
    limit_ms = LIMIT_S * 1000
    if read_ms > limit_ms:
        found = f"{shown} answers in {read_ms:.0f} ms, and speech waits for {limit_ms:.0f} ms"
        advice = "have a server that is nearer, or less busy"
        return Check("remote cache", False, found, advice, is_needed=False)
    note = "" if eviction.startswith("allkeys") else f"; when full it does {eviction}: set allkeys-lru"
    return Check("remote cache", True, f"{shown} answers in {read_ms:.1f} ms, and takes entries{note}")


async def _ask_cache(url: str) -> tuple[float, str]:
    """Milliseconds for a look-up, the quickest of some, and what is done when the server is full."""
    server = CacheServer(url)
    try:
        async with asyncio.timeout(_CACHE_S):
            await server.connect()
            took_s = []
            for _ in range(5):
                began = time.perf_counter()
                await server.read(_PROBE, 0, 1)
                took_s.append(time.perf_counter() - began)
            await server.write(_PROBE, b"doctor", ttl_s=1)
            return min(took_s) * 1000, await server.eviction()
    finally:
        await server.close()


async def _speech(parts: Parts) -> list[Check]:
    """Start one worker of each kind, and speak; what `serve` runs, but fewer of it."""
    others = Others()
    try:
        async with Pool(_one_of_each(parts.pool)) as pool:
            voice = parts.catalogue.resolve(parts.settings.voice)
            utterance = Utterance(pool.lease("doctor", len(TEST_TEXT)), Manner(voice.language, voice.parts))
            started = time.perf_counter()
            spoken = [s async for s in utterance.segments(Text(TEST_TEXT))]
            elapsed_s = time.perf_counter() - started
            utterance.close()
            timed = [_provider(pool), _voice_check(spoken, elapsed_s, voice.canonical)]
            return [_languages(pool), *beside(timed, others.cpus())]
    except InferenceError as error:
        return [Check("speech", False, str(error), "see the reason; KOKORO_PROVIDER=cpu needs the least")]


def beside(timed: list[Check], others_cpus: float) -> list[Check]:
    """The checks, and with their times that other programs have had a part in them."""
    if others_cpus < _BUSY_CPUS:
        return timed
    note = f"; busy: other programs took {others_cpus:.1f} of {psutil.cpu_count()} CPUs meanwhile"
    return [dataclasses.replace(check, found=check.found + note) for check in timed]


def _one_of_each(config: PoolConfig) -> PoolConfig:
    kept = [spec for spec in config.workers if spec.role in {"text", "speech"}]
    workers = {spec.role: dataclasses.replace(spec, is_proven=False) for spec in kept}
    return dataclasses.replace(config, workers=tuple(workers.values()))


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
    audio_s = sum(each.piece.audio.seconds for each in spoken)
    found = f"{voice} spoke {audio_s:.1f} s in {elapsed_s:.1f} s"
    return Check("speech", audio_s > 1, found, "fetch the model again: `kokoro-gateway models fetch`")
