"""Quotas and limits of control groups, as their files say them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inference.hardware.cgroup import cpu_quota, memory_limit, whole_number
from tests.support.recorded import reader

GIB = 1 << 30


def quota(files: dict[str, str]) -> float | None:
    return cpu_quota(reader(files))


def limit(files: dict[str, str]) -> int | None:
    return memory_limit(reader(files))


def test_no_files_are_no_limits() -> None:
    assert quota({}) is None
    assert limit({}) is None


# --- Version 2


def test_a_container_of_version_2_finds_its_limits_at_the_mount() -> None:
    files = {
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/cpu.max": "150000 100000\n",
        "sys/fs/cgroup/memory.max": "2147483648\n",
    }
    assert quota(files) == 1.5
    assert limit(files) == 2 * GIB


def test_max_is_no_limit() -> None:
    files = {
        "proc/self/cgroup": "0::/a\n",
        "sys/fs/cgroup/a/cpu.max": "max 100000\n",
        "sys/fs/cgroup/a/memory.max": "max\n",
    }
    assert quota(files) is None
    assert limit(files) is None


def test_the_least_of_nested_groups_counts() -> None:
    files = {
        "proc/self/cgroup": "0::/kubepods.slice/pod.slice/box.scope\n",
        "sys/fs/cgroup/kubepods.slice/cpu.max": "6000000 100000\n",
        "sys/fs/cgroup/kubepods.slice/pod.slice/cpu.max": "250000 100000\n",
        "sys/fs/cgroup/kubepods.slice/pod.slice/box.scope/cpu.max": "max 100000\n",
        "sys/fs/cgroup/kubepods.slice/memory.max": str(8 * GIB),
        "sys/fs/cgroup/kubepods.slice/pod.slice/memory.max": "max",
        "sys/fs/cgroup/kubepods.slice/pod.slice/box.scope/memory.max": str(3 * GIB),
    }
    assert quota(files) == 2.5
    assert limit(files) == 3 * GIB


def test_groups_that_the_process_is_not_in_do_not_count() -> None:
    files = {
        "proc/self/cgroup": "0::/mine\n",
        "sys/fs/cgroup/other/cpu.max": "100000 100000\n",
        "sys/fs/cgroup/mine/deeper/memory.max": str(GIB),
    }
    assert quota(files) is None
    assert limit(files) is None


def test_memory_that_would_be_reclaimed_is_no_memory() -> None:
    files = {
        "proc/self/cgroup": "0::/mine\n",
        "sys/fs/cgroup/mine/memory.max": str(4 * GIB),
        "sys/fs/cgroup/mine/memory.high": str(3 * GIB),
    }
    assert limit(files) == 3 * GIB


def test_a_path_above_the_namespace_is_looked_for_below_the_mount() -> None:
    files = {"proc/self/cgroup": "0::/../../box\n", "sys/fs/cgroup/box/cpu.max": "200000 100000\n"}
    assert quota(files) == 2


def test_version_2_mounted_beside_version_1_counts() -> None:
    files = {
        "proc/self/cgroup": "1:cpu:/\n0::/mine\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/unified/mine/cpu.max": "300000 100000\n",
    }
    assert quota(files) == 3


# --- Version 1


def test_a_container_of_version_1_without_a_namespace_finds_its_limits_at_the_mount() -> None:
    files = {
        "proc/self/cgroup": "5:memory:/docker/4f1c\n4:cpu,cpuacct:/docker/4f1c\n",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "150000\n",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "2147483648\n",
    }
    assert quota(files) == 1.5
    assert limit(files) == 2 * GIB


def test_own_group_of_version_1_is_found_on_the_host() -> None:
    files = {
        "proc/self/cgroup": "5:memory:/a/b\n4:cpu,cpuacct:/a\n",
        "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "50000\n",
        "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "sys/fs/cgroup/memory/a/memory.limit_in_bytes": str(5 * GIB),
        "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": str(6 * GIB),
    }
    assert quota(files) == 0.5
    assert limit(files) == 5 * GIB


def test_minus_one_and_the_largest_number_are_no_limits() -> None:
    files = {
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    }
    assert quota(files) is None
    assert limit(files) is None


# --- Anything


@given(st.text(max_size=60), st.text(max_size=30))
def test_no_text_breaks_the_reading(groups: str, number: str) -> None:
    def read(path: str) -> str:
        return groups if path == "proc/self/cgroup" else number

    assert (found := cpu_quota(read)) is None or found > 0
    assert (found := memory_limit(read)) is None or found >= 0


@given(st.integers(0, 2**63))
def test_numbers_are_read_as_the_kernel_writes_them(number: int) -> None:
    assert whole_number(f"{number}\n") == number


def test_what_is_no_number_is_none() -> None:
    assert [whole_number(text) for text in (None, "", "max", "-1", "1.5", "²", "1 2", "9" * 5000)] == [
        None
    ] * 8
