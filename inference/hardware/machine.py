"""Facts of the machine this process runs on, read once at start. Knows nothing of what they are used for.

Reading never fails: a fact that cannot be read is None, or what every machine has at least.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

from inference.hardware.cgroup import cpu_quota, memory_limit, whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inference.hardware.cgroup import ReadText

_X86_SETS: Final = (
    "avx avx2 fma avx_vnni avx512f avx512_vnni avx512_bf16 avx512_fp16 amx_tile amx_int8 amx_bf16"
)
_ARM_SETS: Final = "asimd asimdhp asimddp i8mm bf16 sve sve2 svei8mm sme sme2"
_INSTRUCTION_SETS: Final = frozenset(f"{_X86_SETS} {_ARM_SETS}".split())
"""Those that decide how fast matrices multiply, by Linux's names."""

_MAC_INSTRUCTION_SETS: Final = {
    "hw.optional.AdvSIMD": "asimd",
    "hw.optional.arm.AdvSIMD": "asimd",
    "hw.optional.arm.FEAT_FP16": "asimdhp",
    "hw.optional.arm.FEAT_DotProd": "asimddp",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
    "hw.optional.arm.FEAT_BF16": "bf16",
    "hw.optional.arm.FEAT_SME": "sme",
    "hw.optional.arm.FEAT_SME2": "sme2",
    "hw.optional.avx1_0": "avx",
    "hw.optional.avx2_0": "avx2",
    "hw.optional.fma": "fma",
    "hw.optional.avx512f": "avx512f",
}

_EFFICIENCY_SHARE: Final = 2 / 3
"""A core of less than this share of the fastest core's capacity is an efficiency core. Little cores of ARM boards
have 0.2 to 0.55; the middle cores of three-cluster chips, which are worth a worker, 0.8 and more."""

_MOST_CPUS: Final = 1 << 13
"""Linux supports no more; a larger CPU number is not one."""

_MOST_LEVELS: Final = 8
"""Macs have two or three kinds of cores."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the machine has and what of it this process may use. Never changes."""

    system: str
    """`Linux`, `Darwin`, or what Python calls it."""

    architecture: str
    chip: str
    """The name its maker gave it."""

    chip_family: str | None = None
    """`M1`, `M2`, ... on Apple Silicon."""

    chip_variant: str | None = None
    """`base`, `Pro`, `Max` or `Ultra` on Apple Silicon."""

    performance_cores: int
    efficiency_cores: int = 0
    physical_cores: int
    logical_cores: int
    gpu_cores: int | None = None
    gpu_memory_bytes: int | None = None
    """Of the first NVIDIA GPU, where its driver is installed."""

    neural_cores: int | None = None
    """Cores of Apple's Neural Engine."""

    memory_bytes: int
    memory_limit_bytes: int | None = None
    """What the control groups allow, where that is less than all."""

    cpu_quota: float | None = None
    """CPUs' worth of time that the control groups allow."""

    affinity: tuple[int, ...]
    """CPUs that this process may run on."""

    siblings: tuple[tuple[int, ...], ...] = ()
    """The CPUs of each physical core; empty where the system does not tell."""

    efficiency_cpus: tuple[int, ...] = ()
    """CPUs that are efficiency cores; empty where the system gives them no numbers."""

    instruction_sets: frozenset[str] = frozenset()

    @property
    def usable_memory_bytes(self) -> int:
        """What this process may use: all there is, or what the control groups allow."""
        return min(self.memory_bytes, self.memory_limit_bytes or self.memory_bytes)

    def to_dict(self) -> dict[str, Any]:
        """All facts, fit for JSON."""
        return {**asdict(self), "instruction_sets": sorted(self.instruction_sets)}


def read_machine(root: Path = Path("/")) -> Machine:
    """Read this machine; `root` is where its `proc` and `sys` are found on Linux."""
    architecture = platform.machine()
    if sys.platform == "linux":
        cpus = sorted(os.sched_getaffinity(0))
        machine = linux_machine(lambda path: _text(root / path), architecture, cpus)
        return replace(machine, gpu_memory_bytes=_nvidia_memory_bytes())
    if sys.platform == "darwin" and (sysctl := _output("/usr/sbin/sysctl", "hw", "machdep.cpu")):
        ioreg = _output("/usr/sbin/ioreg", "-r", "-d", "1", "-c", "AGXAccelerator")
        return mac_machine(sysctl, ioreg, architecture)
    return _any_machine(architecture)


# --- Linux


def linux_machine(read: ReadText, architecture: str, affinity: Sequence[int]) -> Machine:
    """A Linux machine from the text of its files below `proc` and `sys`, and the CPUs this process may run on."""
    cpuinfo = colon_pairs(read("proc/cpuinfo"))
    cpus = sorted({*cpu_list(read("sys/devices/system/cpu/online")), *affinity})
    cores = _siblings(read, cpus)
    slow = _efficiency_cpus(read, cpus)
    slow_cores = sum(1 for core in cores if core[0] in slow)
    memory = _memory_bytes(read)
    limit = memory_limit(read)
    return Machine(
        system="Linux",
        architecture=architecture,
        chip=_linux_chip(read, cpuinfo) or architecture,
        performance_cores=len(cores) - slow_cores,
        efficiency_cores=slow_cores,
        physical_cores=len(cores),
        logical_cores=len(cpus),
        memory_bytes=memory,
        memory_limit_bytes=limit if limit is not None and limit < memory else None,
        cpu_quota=cpu_quota(read),
        affinity=tuple(affinity),
        siblings=cores,
        efficiency_cpus=slow,
        instruction_sets=_INSTRUCTION_SETS & {*f"{cpuinfo.get('flags')} {cpuinfo.get('Features')}".split()},
    )


def colon_pairs(text: str) -> dict[str, str]:
    """`key : value` lines, the first of each key: of `/proc/cpuinfo` that is the first CPU."""
    pairs: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            pairs.setdefault(key.strip(), value.strip())
    return pairs


def cpu_list(text: str) -> tuple[int, ...]:
    """The CPU numbers of a kernel list such as `0-3,8,10-11`; what is no such list is empty."""
    cpus: set[int] = set()
    for part in filter(None, text.strip().split(",")):
        match = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", part)
        if match is None:
            return ()
        first, last = int(match[1]), int(match[2] or match[1])
        cpus.update(range(first, min(last + 1, _MOST_CPUS)))
    return tuple(sorted(cpus))


def _linux_chip(read: ReadText, cpuinfo: dict[str, str]) -> str:
    """x86 has a model name; boards have a model at the end of cpuinfo or in the device tree; ARM servers have none."""
    board = read("proc/device-tree/model").rstrip("\0\n")
    return cpuinfo.get("model name") or cpuinfo.get("Model") or board


def _siblings(read: ReadText, cpus: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """`cpus` by physical core, each in exactly one; a CPU whose topology is hidden is a core of its own."""
    cores: list[tuple[int, ...]] = []
    left = set(cpus)
    for cpu in cpus:
        if cpu in left:
            threads = cpu_list(read(f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"))
            cores.append(tuple(sorted({cpu, *threads} & left)))
            left.difference_update(cores[-1])
    return tuple(cores)


def _efficiency_cpus(read: ReadText, cpus: Sequence[int]) -> tuple[int, ...]:
    """Intel's kernels list them; ARM's give each CPU's capacity, 1024 for the fastest."""
    if listed := cpu_list(read("sys/devices/cpu_atom/cpus")):
        return listed
    capacities = {
        cpu: whole_number(read(f"sys/devices/system/cpu/cpu{cpu}/cpu_capacity")) or 0 for cpu in cpus
    }
    least = _EFFICIENCY_SHARE * max(capacities.values())
    return tuple(cpu for cpu, capacity in capacities.items() if 0 < capacity < least)


def _memory_bytes(read: ReadText) -> int:
    kilobytes = whole_number(colon_pairs(read("proc/meminfo")).get("MemTotal", "").removesuffix("kB"))
    return kilobytes * 1024 if kilobytes else os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _nvidia_memory_bytes() -> int | None:
    """What the driver's own program says, one GPU a line, in MiB; it takes 0.1 s, and is only where a driver is."""
    program = shutil.which("nvidia-smi")
    asked = ("--query-gpu=memory.total", "--format=csv,noheader,nounits")
    first, _, _ = (_output(program, *asked) if program else "").partition("\n")
    mebibytes = whole_number(first)
    return mebibytes << 20 if mebibytes else None


# --- macOS


def mac_machine(sysctl: str, ioreg: str, architecture: str) -> Machine:
    """A Mac from what `sysctl hw machdep.cpu` and `ioreg -c AGXAccelerator` print."""
    facts = colon_pairs(sysctl)
    physical = whole_number(facts.get("hw.physicalcpu")) or 1
    logical = min(whole_number(facts.get("hw.logicalcpu")) or physical, _MOST_CPUS)
    chip = facts.get("machdep.cpu.brand_string", architecture)
    family, variant = apple_chip(chip)
    efficiency = min(_mac_efficiency_cores(facts), physical - 1)
    gpu = re.search(r'"gpu-core-count" = ([0-9]{1,4})', ioreg)
    # Every M chip has a Neural Engine of 16 cores; an Ultra is two Max chips. 32 is the GPU of an M1 Max.
    neural = None if family is None else 32 if variant == "Ultra" else 16
    return Machine(
        system="Darwin",
        architecture=architecture,
        chip=chip,
        chip_family=family,
        chip_variant=variant,
        performance_cores=physical - efficiency,
        efficiency_cores=efficiency,
        physical_cores=physical,
        logical_cores=logical,
        gpu_cores=int(gpu[1]) if gpu else None,
        neural_cores=neural,
        memory_bytes=whole_number(facts.get("hw.memsize")) or psutil.virtual_memory().total,
        affinity=tuple(range(logical)),
        instruction_sets=frozenset(
            name for key, name in _MAC_INSTRUCTION_SETS.items() if facts.get(key) == "1"
        ),
    )


def apple_chip(brand: str) -> tuple[str | None, str | None]:
    """Family and variant of an Apple Silicon brand string: `Apple M1 Max` is M1, Max."""
    match = re.match(r"Apple (M[0-9]+)\b(?: (Pro|Max|Ultra)\b)?", brand)
    return (match[1], match[2] or "base") if match else (None, None)


def _mac_efficiency_cores(facts: dict[str, str]) -> int:
    """Level 0 is the fastest; of the others those that macOS calls so, and those that it gives no name."""
    return sum(
        whole_number(facts.get(f"hw.perflevel{level}.physicalcpu")) or 0
        for level in range(1, _MOST_LEVELS)
        if facts.get(f"hw.perflevel{level}.name", "Efficiency") == "Efficiency"
    )


# --- Any system


def _any_machine(architecture: str) -> Machine:
    logical = psutil.cpu_count() or 1
    physical = psutil.cpu_count(logical=False) or logical
    return Machine(
        system=platform.system(),
        architecture=architecture,
        chip=platform.processor() or architecture,
        performance_cores=physical,
        physical_cores=physical,
        logical_cores=logical,
        memory_bytes=psutil.virtual_memory().total,
        affinity=tuple(range(logical)),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except (OSError, ValueError):  # ValueError: a path that no file can have
        return ""


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, timeout=5, check=False)  # noqa: S603 - two system tools
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace")
