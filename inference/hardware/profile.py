"""From the facts of a machine to the profile it is run with: workers, threads, pinning, memory, providers.

Pure: the same machine and settings always give the same profile. Knows no model files and starts nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import chain, zip_longest
from typing import Any, Final

from inference.hardware.machine import Machine, read_machine

__all__ = ["HardwareProfile", "Machine", "profile", "read_machine"]

_MIB: Final = 1 << 20

_MOST_WORKERS: Final = 16
"""Without being asked, no more: each loads a model of its own and streams its activations through memory, of which
a socket has far less bandwidth than its cores could use. Cores beyond become threads."""

_MOST_THREADS: Final = 4
"""A second thread brings 1.6 times the speed of one, and eight have been seen to bring 1.24 times that of one."""

_OTHERS_BYTES: Final = 512 * _MIB
"""The gateway with its cache of 256 MiB, the text worker, and what else must run."""

_WORKER_BYTES: Final = 700 * _MIB
"""A speech worker at its largest: 180 MiB with the int8 model loaded, and 500 more to speak 22 s at once, which is
the longest segment at half speed. The usual 10 s take 250 more."""

_GPU_WORKER_BYTES: Final = 2048 * _MIB
"""What a worker may take of an NVIDIA GPU: 1,750 to 1,800 MiB on an H200, each of eight as much as one alone."""

_LEAST_ARENA_BYTES: Final = 128 * _MIB
"""The int8 model's weights take 100 MiB of it. Less than a segment needs costs little: with 64 MiB kept, the kernel
took 2 % of a worker's time to fetch the rest anew for each segment."""

_MOST_ARENA_BYTES: Final = 512 * _MIB
"""More than the longest segment needs would never be used."""

_ARENA_SHARE: Final = 32
"""All arenas together get one part in so many of the memory: 2 GiB of 64."""


@dataclass(frozen=True)
class HardwareProfile:
    """How this machine is used. Lives as long as the process and never changes."""

    machine: Machine
    workers: int
    """Speech workers."""

    threads: int
    """Intra-op threads of each speech worker."""

    affinity: tuple[tuple[int, ...], ...]
    """For each speech worker the CPUs it is pinned to; an empty tuple: not pinned."""

    arena_bytes: int
    """Memory that each speech worker's arena keeps between segments; a long segment takes more while it is spoken."""

    providers: tuple[str, ...]
    """The provider ladder, best first."""

    bound_by: str
    """Why there are no more workers: `cores`, `CPU quota`, `memory`, `GPU memory`, `default limit`, or `setting` if
    asked for."""

    def to_dict(self) -> dict[str, Any]:
        """All figures and the machine's facts, fit for JSON."""
        return {**asdict(self), "machine": self.machine.to_dict()}


def profile(
    machine: Machine,
    *,
    workers: int | None = None,
    threads: int | None = None,
    arena_mb: int | None = None,
    provider: str = "auto",
) -> HardwareProfile:
    """The profile for `machine`; a figure that is given stands, and the others follow from it.

    One thread for each worker and a worker for each fast core speaks most audio per second: 0.6 CPU seconds for a
    second of audio, against 0.78 with two threads. More threads only shorten the wait for a lone request.

    Args:
        machine: its facts.
        workers: speech workers.
        threads: intra-op threads of each.
        arena_mb: memory arena of all speech workers together, MiB.
        provider: `auto`, or the one that must be used.
    """
    bounds = _worker_bounds(machine, threads or 1, provider)
    bound_by = "setting" if workers else min(bounds, key=bounds.__getitem__)
    workers = workers or bounds[bound_by]
    threads = threads or min(max(_usable_cores(machine) // workers, 1), _MOST_THREADS)
    return HardwareProfile(
        machine=machine,
        workers=workers,
        threads=threads,
        affinity=_pinning(machine, workers, threads),
        arena_bytes=arena_mb * _MIB // workers if arena_mb else _arena_bytes(machine, workers),
        providers=_ladder(machine) if provider == "auto" else (provider,),
        bound_by=bound_by,
    )


def _worker_bounds(machine: Machine, threads: int, provider: str) -> dict[str, int]:
    """How many workers of so many threads each scarce thing is enough for; one is always started."""
    bounds = {
        "cores": _fast_cores(machine) // threads,
        "memory": _room_bytes(machine) // _WORKER_BYTES,
        "default limit": _MOST_WORKERS,
    }
    if machine.cpu_quota is not None:
        bounds["CPU quota"] = int(machine.cpu_quota) // threads
    if provider == "cuda" and machine.gpu_memory_bytes is not None:
        bounds["GPU memory"] = machine.gpu_memory_bytes // _GPU_WORKER_BYTES
    return {thing: max(workers, 1) for thing, workers in bounds.items()}


# --- Cores


def _usable_cores(machine: Machine) -> int:
    """Fast cores within the quota: 1.5 CPUs of 64 are one core, and so is half a CPU."""
    quota = _fast_cores(machine) if machine.cpu_quota is None else int(machine.cpu_quota)
    return max(1, min(_fast_cores(machine), quota))


def _fast_cores(machine: Machine) -> int:
    return len(_fast_siblings(machine)) if machine.siblings else machine.performance_cores


def _fast_siblings(machine: Machine) -> list[tuple[int, ...]]:
    """The CPUs this process may use of each performance core; efficiency cores are left to the gateway.

    A process that may only use efficiency cores uses those.
    """
    allowed, slow = set(machine.affinity), set(machine.efficiency_cpus)
    cores = [
        core for siblings in machine.siblings if (core := tuple(cpu for cpu in siblings if cpu in allowed))
    ]
    return [core for core in cores if core[0] not in slow] or cores


def _pinning(machine: Machine, workers: int, threads: int) -> tuple[tuple[int, ...], ...]:
    """CPUs of each worker's own: first one of each physical core, then the siblings that share its arithmetic.

    Nothing is pinned where there are not enough of them, and under a binding quota: it is the mark of a machine
    shared with others, and if each of them pinned itself to the first CPUs, all would wait there for each other.
    """
    cores = _fast_siblings(machine)
    cpus = [cpu for cpu in chain.from_iterable(zip_longest(*cores)) if cpu is not None]
    shared = machine.cpu_quota is not None and machine.cpu_quota < len(cores)
    if machine.system != "Linux" or shared or workers * threads > len(cpus):
        return ((),) * workers
    return tuple(tuple(cpus[first : first + threads]) for first in range(0, workers * threads, threads))


# --- Memory


def _room_bytes(machine: Machine) -> int:
    """What speech workers may take: at least a quarter, or the smallest machines would have none."""
    memory = machine.usable_memory_bytes
    return max(memory - _OTHERS_BYTES, memory // 4)


def _arena_bytes(machine: Machine, workers: int) -> int:
    share = machine.usable_memory_bytes // _ARENA_SHARE // workers
    useful = min(max(share, _LEAST_ARENA_BYTES), _MOST_ARENA_BYTES)
    return min(useful, _room_bytes(machine) // workers)


# --- Providers


def _ladder(machine: Machine) -> tuple[str, ...]:
    """CoreML is tried on Apple Silicon, and stays only if it proves faster there than the CPU.

    No other provider is in the onnxruntime that is installed by default: who has one names it.
    """
    return ("coreml", "cpu") if machine.chip_family else ("cpu",)
