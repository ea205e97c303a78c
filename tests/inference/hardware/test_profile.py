"""The profile that recorded machines and imagined ones are run with."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.hardware.profile import HardwareProfile, Machine, profile, read_machine
from tests.support.recorded import linux, mac

MIB = 1 << 20
GIB = 1 << 30

UNPINNED: tuple[int, ...] = ()

BOX_V1 = {
    "proc/self/cgroup": "5:memory:/docker/4f1c\n4:cpu,cpuacct:/docker/4f1c",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "150000",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "2147483648",
}
BOX_V2 = {
    "proc/self/cgroup": "0::/",
    "sys/fs/cgroup/cpu.max": "150000 100000",
    "sys/fs/cgroup/memory.max": "2147483648",
}


def epyc(*, cpus: str = "0-127", quota: float | None = None, limit: int | None = None) -> Machine:
    return replace(linux("epyc_64_core", cpus=cpus), cpu_quota=quota, memory_limit_bytes=limit)


# --- Recorded machines


def test_m1_max_has_8_threads_and_2_gib_in_all() -> None:
    found = profile(mac("m1_max"))
    assert (found.workers, found.threads) == (8, 1)
    assert found.workers * found.arena_bytes == 2 * GIB
    assert found.providers == ("coreml", "cpu")
    assert found.machine.neural_cores == 16


def test_macs_run_a_worker_on_each_performance_core_and_pin_none() -> None:
    for name, workers in (("m1", 4), ("m4_pro", 10)):
        found = profile(mac(name))
        assert (found.workers, found.threads, found.bound_by) == (workers, 1, "cores")
        assert found.affinity == (UNPINNED,) * workers


def test_two_core_vm_leaves_no_core_to_the_gateway() -> None:
    found = profile(linux("two_core_vm"))
    assert (found.workers, found.threads, found.affinity) == (2, 1, ((0,), (1,)))
    assert 2 * found.arena_bytes == pytest.approx(found.machine.memory_bytes / 32, rel=0.01)
    assert found.providers == ("cpu",)


def test_epyc_gets_wider_workers_before_it_gets_more_than_16() -> None:
    found = profile(linux("epyc_64_core"))
    assert (found.workers, found.threads, found.bound_by) == (16, 4, "default limit")
    assert found.affinity[0] == (0, 1, 2, 3)
    assert found.affinity[-1] == (60, 61, 62, 63)


def test_raspberry_pi_runs_4_workers_in_8_gb_and_in_4() -> None:
    pi = linux("raspberry_pi_5", "aarch64")
    assert (profile(pi).workers, profile(pi).threads) == (4, 1)
    assert profile(replace(pi, memory_bytes=4_145_000_000)).workers == 4


def test_small_memory_means_fewer_workers() -> None:
    pi = linux("raspberry_pi_5", "aarch64")
    two, one = (profile(replace(pi, memory_bytes=gb * GIB)) for gb in (2, 1))
    assert (two.workers, two.threads, two.bound_by) == (2, 2, "memory")
    assert (one.workers, one.threads, one.bound_by) == (1, 4, "memory")


@pytest.mark.parametrize("box", [BOX_V1, BOX_V2], ids=["version 1", "version 2"])
def test_container_with_one_and_a_half_cpus_of_64_gets_one(box: dict[str, str]) -> None:
    found = profile(linux("epyc_64_core", changed=box))
    assert (found.workers, found.threads, found.bound_by) == (1, 1, "CPU quota")
    assert found.arena_bytes <= 2 * GIB // 8


@pytest.mark.parametrize(("quota", "cores"), [(0.1, 1), (1.0, 1), (2.9, 2), (8.0, 8)])
def test_whole_cpus_of_a_quota_count(quota: float, cores: int) -> None:
    found = profile(epyc(quota=quota))
    assert found.workers * found.threads == cores


# --- Pinning


def test_taskset_is_obeyed() -> None:
    found = profile(epyc(cpus="8-11"))
    assert (found.workers, found.threads) == (4, 1)
    assert found.affinity == ((8,), (9,), (10,), (11,))


def test_two_cpus_of_one_core_are_one_worker() -> None:
    found = profile(epyc(cpus="5,69"))
    assert (found.workers, found.threads, found.affinity) == (1, 1, ((5,),))


def test_siblings_are_used_when_all_cores_are() -> None:
    found = profile(epyc(cpus="0-1,64-65"), workers=4)
    assert found.affinity == ((0,), (1,), (64,), (65,))


def test_efficiency_cores_are_left_to_the_gateway() -> None:
    hybrid = replace(linux("raspberry_pi_5", "aarch64"), efficiency_cpus=(0, 1))
    assert profile(hybrid).affinity == ((2,), (3,))


def test_efficiency_cores_are_used_where_no_others_are_allowed() -> None:
    hybrid = replace(linux("raspberry_pi_5", "aarch64"), efficiency_cpus=(0, 1), affinity=(0, 1))
    assert profile(hybrid).affinity == ((0,), (1,))


def test_containers_that_share_a_machine_by_quota_do_not_pin_to_the_same_cpus() -> None:
    assert profile(epyc(quota=2.0)).affinity == (UNPINNED, UNPINNED)


def test_quota_for_all_cpus_restricts_nothing() -> None:
    assert profile(epyc(cpus="0-3", quota=4.0)).affinity == ((0,), (1,), (2,), (3,))


# --- Settings


def test_settings_win() -> None:
    found = profile(linux("two_core_vm"), workers=3, threads=2, arena_mb=900, provider="coreml")
    assert (found.workers, found.threads, found.bound_by) == (3, 2, "setting")
    assert found.arena_bytes == 300 * MIB
    assert found.providers == ("coreml",)
    assert found.affinity == (UNPINNED,) * 3


def test_fewer_workers_are_wider() -> None:
    assert profile(mac("m1_max"), workers=2).threads == 4
    assert profile(mac("m1_max"), workers=1).threads == 4


def test_wider_workers_are_fewer() -> None:
    assert profile(mac("m1_max"), threads=2).workers == 4
    assert profile(mac("m1_max"), threads=64).workers == 1


# --- Any machine


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    cores, smt = draw(st.integers(1, 100)), draw(st.sampled_from([1, 2, 4]))
    siblings = tuple(tuple(core + cores * thread for thread in range(smt)) for core in range(cores))
    cpus = [cpu for core in siblings for cpu in core]
    slow = draw(st.integers(0, cores - 1))
    memory = draw(st.integers(128 * MIB, 2048 * GIB))
    pins = draw(st.booleans())
    return Machine(
        system="Linux" if pins else "Darwin",
        architecture="x86_64",
        chip="any",
        performance_cores=cores - slow,
        efficiency_cores=slow,
        physical_cores=cores,
        logical_cores=len(cpus),
        memory_bytes=memory,
        memory_limit_bytes=draw(st.none() | st.integers(64 * MIB, memory)),
        cpu_quota=draw(st.none() | st.floats(0.05, 200)),
        affinity=tuple(sorted(draw(st.sets(st.sampled_from(cpus), min_size=1)))),
        siblings=siblings if pins else (),
        efficiency_cpus=tuple(cpu for core in siblings[:slow] for cpu in core) if pins else (),
    )


some = st.none() | st.integers(1, 64)


@given(machines())
def test_threads_never_exceed_what_may_be_used(machine: Machine) -> None:
    found = profile(machine)
    most = len(machine.affinity) if machine.siblings else machine.performance_cores
    assert 1 <= found.workers * found.threads <= most
    assert found.workers * found.threads <= max(1, machine.cpu_quota or most)


@given(machines(), some, some)
def test_arenas_fit_into_memory(machine: Machine, workers: int | None, threads: int | None) -> None:
    found = profile(machine, workers=workers, threads=threads)
    assert 0 < found.workers * found.arena_bytes < (machine.memory_limit_bytes or machine.memory_bytes)


@given(machines(), some, some)
def test_pinned_cpus_are_allowed_and_not_shared(
    machine: Machine, workers: int | None, threads: int | None
) -> None:
    found = profile(machine, workers=workers, threads=threads)
    pinned = [cpu for cpus in found.affinity for cpu in cpus]
    assert len(found.affinity) == found.workers
    assert len(pinned) == len(set(pinned))
    assert set(pinned) <= set(machine.affinity)
    assert {len(cpus) for cpus in found.affinity} in ({0}, {found.threads})


@given(machines())
def test_default_workers_are_pinned_to_cores_of_their_own(machine: Machine) -> None:
    found = profile(machine)
    cores = [cpu % len(machine.siblings) for cpus in found.affinity for cpu in cpus]
    assert len(cores) == len(set(cores))


@given(machines(), some, some, st.none() | st.integers(16, 10_000))
def test_overrides_stand(
    machine: Machine, workers: int | None, threads: int | None, arena_mb: int | None
) -> None:
    found = profile(machine, workers=workers, threads=threads, arena_mb=arena_mb)
    assert workers in (None, found.workers)
    assert threads in (None, found.threads)
    assert arena_mb is None or found.arena_bytes == arena_mb * MIB // found.workers


# --- This machine


def test_this_machine_has_a_profile_that_fits_into_json() -> None:
    found = profile(read_machine())
    figures = json.loads(json.dumps(found.to_dict()))
    assert figures["workers"] == found.workers
    assert figures["machine"]["memory_bytes"] == found.machine.memory_bytes
    assert figures["affinity"] == [list(cpus) for cpus in found.affinity]


@pytest.mark.skipif(platform.system() != "Linux", reason="only Linux pins")
def test_pinning_of_this_machine_is_accepted_by_its_kernel() -> None:
    found: HardwareProfile = profile(read_machine())
    before = os.sched_getaffinity(0)
    try:
        for cpus in filter(None, found.affinity):
            os.sched_setaffinity(0, cpus)
            assert os.sched_getaffinity(0) == set(cpus)
    finally:
        os.sched_setaffinity(0, before)


def test_workers_on_cuda_are_as_many_as_the_memory_of_the_gpu_holds_unless_told_otherwise() -> None:
    machine = replace(linux("epyc_64_core"), gpu_memory_bytes=12 << 30)
    assert profile(machine, provider="cuda").bound_by == "GPU memory"
    assert profile(machine, provider="cuda").workers < profile(machine).workers
    assert profile(machine, provider="cuda", workers=16).workers == 16
    small = replace(machine, gpu_memory_bytes=2 << 30)
    assert profile(small, provider="cuda").workers == 1
