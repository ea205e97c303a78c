"""What Linux control groups let this process have: CPU quota and memory limit, of version 1 and 2, nested or not.

Pure: works on a function that gives the text of a file. Knows nothing of the machine around the groups.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

ReadText: TypeAlias = Callable[[str], str]
"""The text of the file at a path below the root (`proc/cpuinfo`); empty where it cannot be read."""

_MOUNT: Final = "sys/fs/cgroup"

_UNLIMITED_BYTES: Final = 1 << 60
"""Version 1 says "no limit" as the largest multiple of a page below 2^63."""


def cpu_quota(read: ReadText) -> float | None:
    """CPUs' worth of time that this process may use, the least of its own and all enclosing groups; None: no quota."""
    quotas = [_quota(*read(f"{group}/cpu.max").split()[:2]) for group in _unified_groups(read)]
    for group in _groups(read, "cpu"):
        quotas += [_quota(read(f"{group}/cpu.cfs_quota_us"), read(f"{group}/cpu.cfs_period_us"))]
    return min((quota for quota in quotas if quota is not None), default=None)


def memory_limit(read: ReadText) -> int | None:
    """Bytes that this process may use, the least of its own and all enclosing groups; None: no limit."""
    texts = [
        read(f"{group}/{file}") for group in _unified_groups(read) for file in ("memory.max", "memory.high")
    ]
    texts += [read(f"{group}/memory.limit_in_bytes") for group in _groups(read, "memory")]
    limits = [
        number for text in texts if (number := whole_number(text)) is not None and number < _UNLIMITED_BYTES
    ]
    return min(limits, default=None)


def _memberships(read: ReadText) -> Iterator[tuple[str, str]]:
    """Controllers and path of each hierarchy; version 2 has no controllers in its line: `0::/path`."""
    for line in read("proc/self/cgroup").splitlines():
        controllers, _, path = line.partition(":")[2].partition(":")
        yield controllers, path


def _unified_groups(read: ReadText) -> list[str]:
    """This process's group of version 2 and those around it; version 2 may be mounted beside version 1."""
    paths = [path for controllers, path in _memberships(read) if not controllers] or ["/"]
    return [
        group for mount in (_MOUNT, f"{_MOUNT}/unified") for path in paths for group in _lineage(mount, path)
    ]


def _groups(read: ReadText, controller: str) -> list[str]:
    """This process's group of version 1 for `controller` and those around it.

    Two controllers mounted together have a directory named for both (`cpu,cpuacct`), mostly with a link for each.
    """
    groups = _lineage(f"{_MOUNT}/{controller}", "/")
    for controllers, path in _memberships(read):
        if controller in controllers.split(","):
            groups += _lineage(f"{_MOUNT}/{controller}", path) + _lineage(f"{_MOUNT}/{controllers}", path)
    return groups


def _lineage(mount: str, path: str) -> list[str]:
    """The group at `path` and all that it lies in, down to the mount.

    The path is the host's where a container has no cgroup namespace: then only the mount itself is there to be read.
    """
    parts = [part for part in PurePosixPath(path).parts if part not in {"/", ".."}]
    return ["/".join((mount, *parts[:depth])) for depth in range(len(parts) + 1)]


def _quota(quota: str = "", period: str = "") -> float | None:
    """CPUs from microseconds of time in each period; `max` and -1 are no quota."""
    used, of = whole_number(quota), whole_number(period)
    return used / of if used and of else None


def whole_number(text: str | None) -> int | None:
    """The number that `text` is, if it is one: not negative and of no more digits than the kernel writes."""
    match = re.fullmatch(r"[0-9]{1,20}", (text or "").strip())
    return int(match[0]) if match else None
