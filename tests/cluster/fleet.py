"""Starts the machines of a fleet as processes on this one, each with a worker, and ends them."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import psutil
import pytest

from tests.support.gateway import START_S, Gateway
from tests.support.processes import are_gone, descendants
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator


KEY = "a-key-of-the-fleet"
KEY_REQUESTS = 14
"""Most that it has running on each machine that hums."""
RAYS_PORTS = ("HAPROXY_METRICS_PORT", "HAPROXY_STATS_PORT", "FALLBACK_PROXY_HTTP_PORT")


NUMBER = count()
"""Makes texts that nobody has asked for yet."""


def asked(text: str, voice: str = "af_heart") -> dict[str, Any]:
    """What httpx needs to ask for speech."""
    body = {"model": "tts-1", "voice": voice, "input": text, "response_format": "pcm"}
    return {"json": body, "headers": {"Authorization": f"Bearer {KEY}"}, "timeout": 2 * DEADLINE_S}


@contextmanager
def alone() -> Iterator[None]:
    """Only one fleet at a time, whoever runs tests on this machine: a start costs 20 s of two cores."""
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed: tests/cluster/setup.sh says why")
    with (Path(tempfile.gettempdir()) / "kokoro-gateway-fleet.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield


def free_ports(count: int) -> list[str]:
    """Ports below those that the kernel gives away by itself, and outside of those that Ray does."""
    ports = random.sample(range(20000, 30000), 10 * count)
    return [str(port) for port in ports if is_free(port)][:count]


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - as Ray does
        except OSError:
            return False
    return True


@dataclass
class Machine(Gateway):
    """One machine; its `base_url` is the door of the fleet on the first, and its own elsewhere."""

    node_port: str = ""

    def _wait_for_workers(self) -> None:
        """A further machine has joined before it listens."""
        wait_for(lambda: not is_free(self.port), "a replica", START_S)
        super()._wait_for_workers()

    def ask(self, path: str) -> httpx.Response:
        """What the machine says of itself."""
        url = f"http://127.0.0.1:{self.node_port}{path}"
        return httpx.get(url, timeout=DEADLINE_S, headers={"x-api-key": KEY})

    @property
    def is_ready(self) -> bool:
        """Whether its replica takes requests."""
        try:
            return self.ask("/ready").is_success
        except httpx.HTTPError:
            return False

    @property
    def pid(self) -> int:
        """Of its replica, which has started its workers."""
        return self.replica.pid

    def status(self) -> dict[str, Any]:
        """What it says of itself alone."""
        answer: dict[str, Any] = self.ask("/status").json()
        return answer

    @property
    def raylet(self) -> psutil.Process:
        """What Ray has on each machine: who loses it has lost the machine."""
        processes = descendants(self.process.pid)
        return next(p for p, words in processes.items() if words and words[0].endswith("/raylet"))

    @property
    def replica(self) -> psutil.Process:
        """The process that Ray has started for it."""
        processes = descendants(self.process.pid)
        return next(p for p, words in processes.items() if ":kokoro-gateway:Replica" in " ".join(words))


class Fleet:
    """The machines of a fleet, of which the first has the door. Lives as long as a package or a module of tests."""

    def __init__(self, command: list[str], variables: dict[str, str]) -> None:
        self._command = command
        self._variables = {"WORKERS": "1", "THREADS": "1"} | variables
        self.join_port = ""
        self.keys = Path()
        self.others: list[Machine] = []
        self.first = self._start()

    @property
    def machines(self) -> list[Machine]:
        """All that are there, the first at first."""
        return [self.first, *self.others]

    def requests(self, **fields: object) -> list[dict[str, Any]]:
        """Request lines with these fields, of all machines."""
        return [line for machine in self.machines for line in machine.requests(**fields)]

    def is_spread(self) -> bool:
        """Whether each machine has had some of what is asked for at the door."""
        url = f"{self.first.base_url}/audio/speech"
        for _ in range(8):
            httpx.post(url, **asked(f"Number {next(NUMBER)}."))
        return all(machine.requests(path="/v1/audio/speech") for machine in self.machines)

    def join(self) -> Machine:
        """One more machine."""
        self.others.append(self._start("--join", f"127.0.0.1:{self.join_port}"))
        return self.others[-1]

    def deploy(self, prepare: str) -> None:
        """Deploy another release, whose gateway `prepare` makes."""
        node = next(iter(psutil.Process(self.first.process.pid).children()))
        subprocess.run(
            [
                sys.executable,
                "-m",
                "gateway.cluster.fleet",
                f"127.0.0.1:{self.join_port}",
                "deploy",
                "0",
                prepare,
            ],
            env=node.environ(),
            check=True,
            capture_output=True,
        )

    def leave(self, machine: Machine) -> None:
        """End a machine, which does it by itself, with all that it has started."""
        if machine in self.others:
            self.others.remove(machine)
        started = descendants(machine.process.pid)
        assert machine.stop(2 * DEADLINE_S) == 0
        wait_for(lambda: are_gone(started), "the end of what it had started")

    def stop(self) -> None:
        """End all machines, the first at last; one that a test has killed is left out."""
        for machine in reversed(self.machines):
            if machine.process.poll() is None:
                self.leave(machine)

    def kill(self) -> None:
        """End all machines at once."""
        for machine in self.machines:
            machine.process.kill()
            machine.process.wait()

    def _start(self, *join: str) -> Machine:
        try:
            return self._try(*join)
        except AssertionError:  # somebody else may take a port before it is bound
            return self._try(*join)

    def _try(self, *join: str) -> Machine:
        port, node_port, join_port, *rays = free_ports(3 + len(RAYS_PORTS))
        self.join_port = self.join_port if join else join_port
        variables: dict[str, Any] = self._variables | {"PORT": port, "NODE_PORT": node_port}
        with pytest.MonkeyPatch.context() as patch:
            for name, rays_port in zip(RAYS_PORTS, rays, strict=True):
                patch.setenv(f"RAY_SERVE_{name}", rays_port)
            started = Machine.start(*self._command, self.join_port, *join, **variables)
        started.node_port = node_port
        return started


@contextmanager
def fleet(command: str, directory: Path, **variables: str) -> Iterator[Fleet]:
    """A fleet of one machine, whose ports and token are nobody else's."""
    token = directory / "token"
    token.write_text(uuid4().hex * 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_TOKEN_PATH", str(token))
        running = Fleet(command.split(), variables)
        try:
            yield running
        except BaseException:
            running.kill()
            raise
        running.stop()
