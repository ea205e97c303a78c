"""What a process has started, while that comes and goes: who ends between being listed and asked is left out."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def descendants(pid: int) -> dict[psutil.Process, list[str]]:
    """The live processes below one, each with its command line."""
    return _asked(psutil.Process(pid).children(recursive=True))


def workers(pid: int) -> dict[psutil.Process, list[str]]:
    """The live worker processes that one has started, each with its command line."""
    started = _asked(psutil.Process(pid).children())
    return {process: command for process, command in started.items() if "inference.worker" in command}


@contextmanager
def suspended(processes: Iterable[psutil.Process]) -> Iterator[None]:
    """They stand still while this is open, so that what they have been given is not done however slow a test is."""
    standing = list(processes)
    for process in standing:
        process.suspend()
    try:
        yield
    finally:
        for process in standing:
            process.resume()


def environment(process: psutil.Process) -> dict[str, str]:
    """Its environment; nothing if it has just ended."""
    try:
        return process.environ()
    except psutil.Error:
        return {}


def is_gone(pid: int) -> bool:
    """True once it has ended, whether its parent has heard of that or not."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def are_gone(processes: Iterable[psutil.Process]) -> bool:
    """True once all of them have ended; another process may have got the number of one by now."""
    return not _asked([process for process in processes if process.is_running()])


def _asked(processes: list[psutil.Process]) -> dict[psutil.Process, list[str]]:
    found = {}
    for process in processes:
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                found[process] = process.cmdline()
    return found
