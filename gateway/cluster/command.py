"""`kokoro-gateway cluster`: starts a node on this machine, deploys if it is the first, and ends what it has started.

Knows processes and signals; what is deployed is settled in `deployment.py`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.cluster.environment import PREPARE, environment, grace_s

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gateway.settings import Settings

JOIN_PORT: Final = 6379
"""Where further machines join: outside of the ports of Ray's workers (10002 to 19999) and replicas (30000 to 31000)."""

TOKEN: Final = Path.home() / ".ray" / "auth_token"
"""Whoever has it may join, and run programs as the user of every machine."""

_OBJECT_STORE_BYTES: Final = 80 << 20
"""The least that Ray takes. Nothing is kept in it."""


class ClusterFailed(Exception):
    """Ray did not start, or has ended; with what it said last."""


def run(
    settings: Settings,
    join: str | None,
    join_port: int,
    announce: Callable[[str], None],
    prepare: str = PREPARE,
) -> None:
    """Be one machine of a fleet until SIGTERM or SIGINT; the first one, unless it shall `join` another.

    Raises:
        ClusterFailed: Ray could not be started, or ended by itself.
    """
    signals = _Signals()
    with _run_directory() as directory, _log_piped(directory / "log"):
        variables = environment(settings, directory, is_first=join is None)
        node = Node.start(arguments(join, join_port, directory), variables)
        try:
            node.wait_until_ready(signals.leave)
            if signals.leave.is_set():
                return
            if join is not None:
                announce(join)
                signals.stay(node)
                return
            fleet = _Fleet(f"127.0.0.1:{join_port}", variables, prepare)
            announce(fleet.deploy())
            signals.stay(node, fleet.renew)
            fleet.end()
        finally:
            node.end(grace_s(settings) + 30)


def arguments(join: str | None, join_port: int, directory: Path) -> list[str]:
    """What the node is started with: as few processes as Ray lets one have."""
    common = ["--num-cpus=1", "--num-gpus=0", f"--object-store-memory={_OBJECT_STORE_BYTES}"]
    common += ["--include-log-monitor=false", "--disable-usage-stats", "--log-color=false"]
    if join is not None:
        return [*common, f"--address={join}"]
    first = ["--head", f"--port={join_port}", f"--temp-dir={directory / 'ray'}"]
    first += ["--include-dashboard=false", "--no-monitor"]
    return [*common, *first]


def require_access(join: str | None) -> None:
    """See that there is a token of Ray, which keeps strangers out, and a fleet that knows it; the first makes both.

    Raises:
        ClusterFailed: a fleet is to be joined, and there is no token or the fleet cannot be asked with it.
    """
    if not (TOKEN.exists() or os.environ.keys() & {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"}):
        if join is not None:
            raise ClusterFailed(f"there is no {TOKEN}: copy it from the first machine of the fleet")
        making = [sys.executable, "-m", "ray.scripts.scripts", "get-auth-token", "--generate"]
        subprocess.run(making, check=True, capture_output=True)  # noqa: S603 - our own words
    if join is not None:
        _require_fleet(join)


def _require_fleet(join: str) -> None:
    """See that a fleet is there to be joined; a node of Ray would try for minutes, and say nothing.

    Raises:
        ClusterFailed: nobody answers within 45 s, or it has another token or release of Ray.
    """
    asking = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", join]
    asked = subprocess.run(  # noqa: S603 - our own words
        asking, env=os.environ | {"RAY_AUTH_MODE": "token"}, capture_output=True, text=True, check=False
    )
    if "AuthenticationError" in asked.stderr:
        raise ClusterFailed(f"{join} has another token: copy {TOKEN} from the first machine of the fleet")
    if asked.returncode:
        said = (asked.stderr.strip() or asked.stdout.strip()).rpartition("\n")[2]
        raise ClusterFailed(f"no fleet that can be joined answers at {join}: {said}")


class Node:
    """A node of Ray, as a child process with all that belongs to it. Lives as long as the command."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._ready = threading.Event()
        self._said: deque[str] = deque(maxlen=20)
        threading.Thread(target=self._listen, daemon=True).start()

    @classmethod
    def start(cls, arguments: Sequence[str], variables: dict[str, str]) -> Node:
        """Start it; what it says is kept for the case that it fails."""
        return cls(
            subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, "-m", "gateway.cluster.node", *arguments],
                env=os.environ | variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,  # what a terminal sends is for the command, which ends it
            )
        )

    @property
    def has_ended(self) -> bool:
        """True once its process is gone."""
        return self._process.poll() is not None

    def wait_until_ready(self, leave: threading.Event) -> None:
        """Wait until it has started, or somebody wants to leave.

        Raises:
            ClusterFailed: it does not start.
        """
        while not (self._ready.wait(0.1) or leave.is_set()):
            if self.has_ended:
                self.fail()

    def fail(self) -> None:
        """Raise what it said last: of what went wrong, if it said that."""
        wrong = [text for line in self._said if (text := line.partition("\tERR ")[2].partition(" -- ")[2])]
        raise ClusterFailed(f"Ray has ended: {' '.join(wrong or self._said)}")

    def end(self, seconds: float) -> None:
        """Have it end, with its replicas finishing what they do."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                self._said.append(line.strip())
                if "Ray runtime started" in line:
                    self._ready.set()


class _Signals:
    """What the operating system asks of the command. Lives as long as it."""

    def __init__(self) -> None:
        self.leave = threading.Event()
        self.renew = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: self.leave.set())
        signal.signal(signal.SIGINT, lambda *_: self.leave.set())
        signal.signal(signal.SIGHUP, lambda *_: self.renew.set())

    def stay(self, node: Node, renew: Callable[[], None] = lambda: None) -> None:
        """Wait for the signal to leave."""
        while not self.leave.wait(0.5):
            if node.has_ended:
                node.fail()
            if self.renew.is_set():
                self.renew.clear()
                renew()


class _Fleet:
    """The machines that join this one, with the gateway on them. Lives as long as the command that leads it."""

    def __init__(self, address: str, variables: Mapping[str, str], prepare: str) -> None:
        self._address = address
        self._variables = variables
        self._prepare = prepare
        self._renewed = 0

    def deploy(self) -> str:
        """Deploy the gateway, wait for the first replica, and say where further machines join.

        Raises:
            ClusterFailed: with the end of what Ray said.
        """
        return self._tell("deploy", str(self._renewed), self._prepare)

    def renew(self) -> None:
        """Have every replica read its files of keys and pronunciations again, and replace its workers."""
        self._renewed += 1
        try:
            self.deploy()
        except ClusterFailed as error:  # what speaks goes on
            sys.stderr.write(f"{error}\n")

    def end(self) -> None:
        """End the replicas, which finish the replies in flight."""
        with contextlib.suppress(ClusterFailed):  # the node ends in any case
            self._tell("end")

    def _tell(self, *words: str) -> str:
        told = subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "-m", "gateway.cluster.fleet", self._address, *words],
            env=os.environ | self._variables,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        if told.returncode:
            raise ClusterFailed(f"Ray could not {words[0]}: {told.stderr[-2000:].strip()}")
        return told.stdout.split()[-1]


@contextlib.contextmanager
def _run_directory() -> Iterator[Path]:
    """A directory for what Ray writes, which nobody else reads; the paths of its sockets must be short."""
    directory = Path(tempfile.mkdtemp(prefix="kokoro-", dir="/tmp"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def _log_piped(path: Path) -> Iterator[None]:
    """While it is open, what a replica on this machine writes to a pipe is on standard output."""
    os.mkfifo(path, 0o600)
    # Held open for writing too, so that there is no end between two replicas.
    reading = os.open(path, os.O_RDWR)
    threading.Thread(target=_copy, args=(reading, sys.stdout.fileno()), daemon=True).start()
    yield


def _copy(source: int, target: int) -> None:
    while data := os.read(source, 1 << 16):
        while data:
            data = data[os.write(target, data) :]
