"""Facts of recorded machines, and of the one that runs the tests."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.hardware.machine import (
    apple_chip,
    colon_pairs,
    cpu_list,
    linux_machine,
    mac_machine,
    read_machine,
)
from tests.support.recorded import files_of, linux, mac, reader

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1 << 30

on_linux = pytest.mark.skipif(platform.system() != "Linux", reason="reads the files of a Linux machine")


# --- Recorded machines


def test_two_core_vm() -> None:
    machine = linux("two_core_vm")
    assert (machine.system, machine.architecture, machine.chip) == ("Linux", "x86_64", "AMD EPYC")
    assert (machine.physical_cores, machine.logical_cores, machine.performance_cores) == (2, 2, 2)
    assert machine.affinity == (0, 1)
    assert machine.siblings == ((0,), (1,))
    assert machine.memory_bytes == 24684096 * 1024
    assert machine.memory_limit_bytes is None
    assert machine.cpu_quota is None
    assert machine.instruction_sets == {"avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16"}
    assert (machine.chip_family, machine.neural_cores, machine.gpu_cores) == (None, None, None)


def test_epyc_has_two_cpus_for_each_core() -> None:
    machine = linux("epyc_64_core")
    assert machine.chip == "AMD EPYC 9554 64-Core Processor"
    assert (machine.physical_cores, machine.logical_cores, machine.efficiency_cores) == (64, 128, 0)
    assert machine.affinity == tuple(range(128))
    assert machine.siblings[:2] == ((0, 64), (1, 65))


def test_raspberry_pi_is_named_by_its_board() -> None:
    machine = linux("raspberry_pi_5", "aarch64")
    assert machine.chip == "Raspberry Pi 5 Model B Rev 1.0"
    assert (machine.physical_cores, machine.performance_cores) == (4, 4)
    assert machine.instruction_sets == {"asimd", "asimdhp", "asimddp"}


def test_board_is_named_by_its_kernel_or_by_its_device_tree() -> None:
    files = files_of("raspberry_pi_5")
    no_tree = files | {"proc/device-tree/model": ""}
    tree_only = files | {
        "proc/cpuinfo": files["proc/cpuinfo"].partition("Revision")[0],
        "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
    }
    names = {linux_machine(reader(told), "aarch64", range(4)).chip for told in (no_tree, tree_only)}
    assert names == {"Raspberry Pi 5 Model B Rev 1.0"}


def test_nameless_processor_is_called_by_its_architecture() -> None:
    assert linux_machine(reader({}), "aarch64", [0]).chip == "aarch64"


@pytest.mark.parametrize(
    ("name", "chip", "cores", "gpu_cores", "memory_gib"),
    [
        ("m1", ("M1", "base"), (4, 4), 8, 16),
        ("m1_max", ("M1", "Max"), (8, 2), 32, 64),
        ("m4_pro", ("M4", "Pro"), (10, 4), 20, 48),
    ],
)
def test_macs(
    name: str, chip: tuple[str, str], cores: tuple[int, int], gpu_cores: int, memory_gib: int
) -> None:
    machine = mac(name)
    assert (machine.chip_family, machine.chip_variant) == chip
    assert (machine.performance_cores, machine.efficiency_cores) == cores
    assert (machine.physical_cores, machine.logical_cores) == (sum(cores), sum(cores))
    assert (machine.gpu_cores, machine.neural_cores) == (gpu_cores, 16)
    assert machine.memory_bytes == memory_gib * GIB
    assert machine.affinity == tuple(range(sum(cores)))


def test_only_the_newer_macs_multiply_8_bit_matrices() -> None:
    assert mac("m1_max").instruction_sets == {"asimd", "asimdhp", "asimddp"}
    assert mac("m4_pro").instruction_sets == {"asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sme", "sme2"}


def test_an_ultra_has_the_neural_engines_of_two_chips() -> None:
    sysctl, ioreg = files_of("m1_max").values()
    machine = mac_machine(sysctl.replace("M1 Max", "M1 Ultra"), ioreg, "arm64")
    assert (machine.chip_variant, machine.neural_cores) == ("Ultra", 32)


def test_levels_not_called_efficiency_are_performance_cores() -> None:
    sysctl, ioreg = files_of("m4_pro").values()
    machine = mac_machine(sysctl.replace("name: Efficiency", "name: Performance"), ioreg, "arm64")
    assert (machine.performance_cores, machine.efficiency_cores) == (14, 0)


def test_gpu_that_is_not_reported_is_not_guessed() -> None:
    sysctl, _ = files_of("m1").values()
    assert mac_machine(sysctl, "", "arm64").gpu_cores is None


@pytest.mark.parametrize(
    ("brand", "family", "variant"),
    [
        ("Apple M1", "M1", "base"),
        ("Apple M2 Pro", "M2", "Pro"),
        ("Apple M3 Max", "M3", "Max"),
        ("Apple M4", "M4", "base"),
        ("Apple M12 Ultra", "M12", "Ultra"),
        ("Apple M1 (Virtual)", "M1", "base"),
        ("Intel(R) Core(TM) i9-9880H CPU @ 2.30GHz", None, None),
        ("Apple processor", None, None),
    ],
)
def test_apple_brand_strings(brand: str, family: str | None, variant: str | None) -> None:
    assert apple_chip(brand) == (family, variant)


# --- Restricted processes


def test_container_with_a_quota() -> None:
    box = {
        "proc/self/cgroup": "0::/",
        "sys/fs/cgroup/cpu.max": "150000 100000",
        "sys/fs/cgroup/memory.max": str(2 * GIB),
    }
    machine = linux("epyc_64_core", changed=box)
    assert (machine.cpu_quota, machine.memory_limit_bytes) == (1.5, 2 * GIB)
    assert machine.memory_bytes > 500 * GIB


def test_limit_above_the_memory_is_no_limit() -> None:
    box = {"proc/self/cgroup": "0::/", "sys/fs/cgroup/memory.max": str(1024 * GIB)}
    assert linux("epyc_64_core", changed=box).memory_limit_bytes is None


def test_process_under_taskset_may_use_a_part_of_the_machine() -> None:
    machine = linux("epyc_64_core", cpus="2-3,66")
    assert machine.affinity == (2, 3, 66)
    assert machine.logical_cores == 128


# --- Cores of two kinds


def test_intel_lists_its_efficiency_cpus() -> None:
    siblings = {0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3", 4: "4", 5: "5", 6: "6", 7: "7"}
    files = {
        f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list": core
        for cpu, core in siblings.items()
    }
    files["sys/devices/cpu_atom/cpus"] = "4-7"
    machine = linux_machine(reader(files), "x86_64", range(8))
    assert (machine.performance_cores, machine.efficiency_cores, machine.logical_cores) == (2, 4, 8)
    assert machine.efficiency_cpus == (4, 5, 6, 7)


def test_arm_tells_little_cores_by_their_capacity() -> None:
    capacities = (530, 530, 530, 530, 1024, 1024, 1000, 1000)
    files = {f"sys/devices/system/cpu/cpu{cpu}/cpu_capacity": str(c) for cpu, c in enumerate(capacities)}
    machine = linux_machine(reader(files), "aarch64", range(8))
    assert (machine.performance_cores, machine.efficiency_cores) == (4, 4)
    assert machine.efficiency_cpus == (0, 1, 2, 3)


# --- Parsers


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("0\n", (0,)),
        ("0-3", (0, 1, 2, 3)),
        ("0-1,8,10-11\n", (0, 1, 8, 10, 11)),
        ("0,64", (0, 64)),
        ("", ()),
        ("\n", ()),
        ("none", ()),
        ("0-", ()),
        ("3-1", ()),
        ("0-99999999999", ()),
    ],
)
def test_cpu_lists(text: str, cpus: tuple[int, ...]) -> None:
    assert cpu_list(text) == cpus


@given(st.sets(st.integers(0, 8191), max_size=40))
def test_cpu_lists_are_read_as_the_kernel_writes_them(cpus: set[int]) -> None:
    assert cpu_list(",".join(map(str, sorted(cpus)))) == tuple(sorted(cpus))


def test_first_processor_of_cpuinfo_counts() -> None:
    assert colon_pairs("flags\t: a b\nno pair\n\nflags\t: c\nempty:\n") == {"flags": "a b", "empty": ""}


@given(st.text(max_size=80), st.text("0123456789,-\n: kBMemTotal", max_size=40))
def test_no_text_breaks_the_reading_of_linux(prose: str, numbers: str) -> None:
    contents = (prose, numbers, f"MemTotal: {numbers} kB\nflags: {prose}")
    machine = linux_machine(lambda path: contents[len(path) % 3], "x86_64", [0, 3])
    cpus = [cpu for core in machine.siblings for cpu in core]
    assert len(cpus) == len(set(cpus))
    assert set(machine.affinity) <= set(cpus)
    assert machine.physical_cores == machine.performance_cores + machine.efficiency_cores
    assert machine.memory_bytes > 0


@given(
    st.text(max_size=80), st.sampled_from(["hw.physicalcpu", "hw.logicalcpu", "hw.perflevel1.physicalcpu"])
)
def test_no_text_breaks_the_reading_of_macos(text: str, key: str) -> None:
    machine = mac_machine(f"{key}: {text}\n{text}", text, "arm64")
    assert machine.performance_cores >= 1
    assert machine.physical_cores == machine.performance_cores + machine.efficiency_cores


@pytest.mark.parametrize("name", ["two_core_vm", "epyc_64_core", "raspberry_pi_5"])
def test_machines_fit_into_json(name: str) -> None:
    machine = linux(name)
    facts = json.loads(json.dumps(machine.to_dict()))
    assert facts["instruction_sets"] == sorted(machine.instruction_sets)
    assert facts["siblings"] == [list(core) for core in machine.siblings]


# --- This machine


def test_this_machine_is_read() -> None:
    machine = read_machine()
    assert (machine.system, machine.architecture) == (platform.system(), platform.machine())
    assert machine.chip
    assert machine.logical_cores == psutil.cpu_count()
    assert machine.physical_cores == psutil.cpu_count(logical=False)
    assert machine.memory_bytes == psutil.virtual_memory().total


@on_linux
def test_affinity_of_this_process_is_read() -> None:
    assert read_machine().affinity == tuple(sorted(os.sched_getaffinity(0)))


@on_linux
def test_affinity_of_a_restricted_process_is_read() -> None:
    only = max(os.sched_getaffinity(0))
    script = (
        f"import os; os.sched_setaffinity(0, {{{only}}})\n"
        "from inference.hardware.machine import read_machine; print(*read_machine().affinity)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == [str(only)]


@on_linux
def test_machine_without_readable_files_is_still_a_machine(tmp_path: Path) -> None:
    machine = read_machine(tmp_path)
    assert machine.affinity == tuple(sorted(os.sched_getaffinity(0)))
    assert machine.physical_cores == machine.logical_cores == len(machine.affinity)
    assert machine.memory_bytes == psutil.virtual_memory().total
    assert machine.instruction_sets == frozenset()
