"""Finds and runs the programs that check deploy/, and skips out loud what lacks one."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TOOLS = Path(sys.prefix) / "tools"
"""Where install_tools.sh puts what this machine lacks."""

BELOW_EPHEMERAL = range(15_000, 32_000)


def tool(name: str) -> str:
    """Path of a program; the test is skipped if there is none."""
    places = [
        str(TOOLS / "bin"),
        str(Path(sys.prefix) / "bin"),
        os.environ.get("PATH", ""),
        "/usr/sbin",
        "/sbin",
    ]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        pytest.skip(f"{name} is not on this machine: tests/deploy/install_tools.sh brings it")
    return found


def run(*command: str | Path, text: str | None = None, cwd: Path = ROOT) -> str:
    """Standard output of a command that ends well; its errors are the message if it does not."""
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, cwd=cwd, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def running(
    *command: str | Path,
    port: int,
    said: Path,
    seconds: float = DEADLINE_S,
    variables: dict[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that listens on a port of loopback, ended afterwards; what it says goes to a file."""
    with (
        said.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, env=variables) as process,
    ):
        try:
            wait_for(lambda: _listens(port) or process.poll() is not None, f"{command[0]} listens", seconds)
            assert process.poll() is None, said.read_text()
            yield process
        finally:
            process.terminate()
            try:
                process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()


def nginx_configuration(directory: Path, servers: str) -> None:
    """Write nginx.conf: the least that serves anywhere, as one process and without rights, around `servers`."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {directory}/{kind};" for kind in kinds)
    (directory / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {directory}/pid; error_log stderr notice;"
        f"events {{}} http {{ access_log off; {temporary} {servers} }}"
    )


def free_port() -> int:
    """A port of loopback that nobody listens on now; none that the kernel might give to somebody's connection next."""
    while True:
        port = secrets.choice(BELOW_EPHEMERAL)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def drain_seconds() -> float:
    """Of production."""
    found = re.search(r"^KOKORO_DRAIN_S=(\d+)$", (DEPLOY / "production.env").read_text(), re.MULTILINE)
    assert found
    return float(found[1])
