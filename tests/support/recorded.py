"""What machines print about themselves, from the files in `machines/`, each as `head -v` shows a row of files.

`two_core_vm` was recorded and trimmed; the others are put together from what such machines are known to print.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inference.hardware.machine import Machine, cpu_list, linux_machine, mac_machine

if TYPE_CHECKING:
    from inference.hardware.cgroup import ReadText

_MACHINES: Final = Path(__file__).parent / "machines"


def files_of(name: str) -> dict[str, str]:
    """Text by path (or by command, for a Mac)."""
    _, *parts = re.split(r"^==> (.*) <==\n", (_MACHINES / f"{name}.txt").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def reader(files: dict[str, str]) -> ReadText:
    return lambda path: files.get(path, "")


def linux(
    name: str, architecture: str = "x86_64", *, cpus: str | None = None, changed: dict[str, str] | None = None
) -> Machine:
    """A recorded machine as a process sees it that may use `cpus` only, or that has some other files."""
    files = files_of(name) | (changed or {})
    return linux_machine(
        reader(files), architecture, cpu_list(cpus or files["sys/devices/system/cpu/online"])
    )


def mac(name: str) -> Machine:
    sysctl, ioreg = files_of(name).values()
    return mac_machine(sysctl, ioreg, "arm64")
