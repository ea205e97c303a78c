"""What a process has started, while that comes and goes."""

from __future__ import annotations

from contextlib import suppress

import psutil


def descendants(pid: int) -> dict[psutil.Process, list[str]]:
    """The live processes below one, each with its command line."""
    found = {}
    for process in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has ended since
            found[process] = process.cmdline()
    return found
