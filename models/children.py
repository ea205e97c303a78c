"""Starts other programs: each in an environment of its own, and none outlives the process that wanted it.

Knows neither what they do nor what they say. Run as a program itself, it is the guard that stands between the two.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH")


def environment(*prefixes: str, **added: str) -> dict[str, str]:
    """Our environment without the keys in it: what every program needs, what begins with a prefix, what is `added`."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(prefixes)}
    return kept | added


def module(name: str, *arguments: object) -> list[str]:
    """The command that runs a module of ours; -P keeps the current directory off its path, where a numpy.py may lie."""
    return [sys.executable, "-P", "-m", name, *map(str, arguments)]


@contextmanager
def running(
    command: Sequence[str], env: Mapping[str, str], **streams: Any
) -> Iterator[subprocess.Popen[str]]:
    """A program and all that it starts, until this context is left or this process ends, even by SIGKILL.

    What is given is the guard before it, which takes its `streams` and ends with its exit code, or with 128 and the
    number of the signal that ended it.
    """
    life, ours = os.pipe()  # the guard reads one end; the other closes with us, however that comes about
    try:
        guard = subprocess.Popen(  # noqa: S603 - commands of ours
            [sys.executable, "-I", "-S", str(Path(__file__).resolve()), *command],
            env=env,
            stdin=life,
            start_new_session=True,  # a Ctrl-C in the terminal is for us, who close the pipe
            text=True,
            encoding="utf-8",
            errors="replace",
            **streams,
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(life)
    with guard:
        try:
            yield guard
        finally:
            os.close(ours)


def _guard(command: Sequence[str]) -> int:
    """Run a program in a session of its own, and end that session when standard input ends."""
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603

    def end() -> None:
        with suppress(ProcessLookupError, PermissionError):  # it has ended; macOS says the latter
            os.killpg(program.pid, signal.SIGKILL)

    def watch() -> None:
        os.read(0, 1)
        end()

    threading.Thread(target=watch, daemon=True).start()
    code = program.wait()
    end()  # what it started and did not wait for
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(_guard(sys.argv[1:]))
