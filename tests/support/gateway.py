"""Starts a gateway as users do, in a process of its own, and ends it."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import httpx

from tests.support.lines import assert_documented
from tests.support.processes import workers
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psutil

START_S = 240.0


@contextmanager
def starting(start: Callable[..., Gateway]) -> Iterator[Callable[..., Gateway]]:
    """The same, and the end of all that was started with it."""
    started: list[Gateway] = []

    def start_one(**options: str) -> Gateway:
        started.append(start(**options))
        return started[-1]

    try:
        yield start_one
    finally:
        for gateway in started:
            gateway.stop()


@dataclass
class Gateway:
    """A running gateway. Lives as long as a test or a module of tests."""

    process: subprocess.Popen[str]
    base_url: str = ""
    lines: list[dict[str, Any]] = field(default_factory=list)
    """What it logged so far."""

    printed: list[str] = field(default_factory=list)
    """What it wrote to standard error so far."""

    key: str = ""
    """That its status asks for; none if keys are read from a file."""

    @classmethod
    def start(cls, *command: str, **variables: str) -> Self:
        """Start `python -m command` with these KOKORO_ variables and wait until all its workers are there."""
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith("KOKORO_") or k == "KOKORO_MODELS_DIR"
        }
        patient = {"QUEUE_S": "20"} | variables  # nothing is refused because the machine is slow
        environment |= {f"KOKORO_{name}": value for name, value in patient.items()}
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        gateway = cls(process, key=variables.get("API_KEYS", "").partition(",")[0])
        said: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=gateway._read_errors, args=(said,), daemon=True).start()
        threading.Thread(target=gateway._read_log, daemon=True).start()
        try:
            gateway.base_url = gateway._wait_for_url(said)
            gateway._wait_for_workers()
        except BaseException:
            process.kill()  # a test that fails leaves nothing running
            process.wait()
            raise
        return gateway

    @property
    def root(self) -> str:
        """The URL without /v1."""
        return self.base_url.removesuffix("/v1")

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.root.rsplit(":", 1)[1])

    @property
    def pid(self) -> int:
        """Of the process that has started its workers."""
        return self.process.pid

    def workers(self, role: str = "speech") -> list[psutil.Process]:
        """Its live worker processes of one role."""
        started = workers(self.pid)
        return [worker for worker, command in started.items() if f'"role":"{role}"' in " ".join(command)]

    def get(self, path: str, **options: Any) -> httpx.Response:
        """What it answers at a path, which is given without the root."""
        return httpx.get(self.root + path, timeout=DEADLINE_S, **options)

    def status(self) -> dict[str, Any]:
        """What /status says to who has a key."""
        answer: dict[str, Any] = self._ask_status().json()
        return answer

    @property
    def is_speaking(self) -> bool:
        """Whether one of its workers has speech to make."""
        return any(w["state"] == "busy" for w in self.status()["workers"] if w["role"] == "speech")

    def told(self, event: str) -> dict[str, Any]:
        """The first line of an event, once the log has it."""
        found: dict[str, Any] = wait_for(
            lambda: next((line for line in list(self.lines) if line.get("event") == event), None), event
        )
        return found

    def requests(self, **fields: Any) -> list[dict[str, Any]]:
        """Request lines of the log with these fields."""
        return [
            line
            for line in list(self.lines)
            if line.get("event") == "request" and all(line.get(k) == v for k, v in fields.items())
        ]

    def known(self, **fields: Any) -> int:
        """How many such lines the log has, once all that others have begun here is done and logged."""
        wait_for(
            lambda: not any(self.status()["queue"][kind] for kind in ("requests", "contexts")), "its rest"
        )
        last = f"last-{time.monotonic_ns()}"
        self.get("/nothing", headers={"X-Request-ID": last})
        wait_for(lambda: self.requests(request_id=last), "the line of what came last")
        return len(self.requests(**fields))

    def stop(self, seconds: float = DEADLINE_S) -> int:
        """End it politely and return its exit code; all it has logged must be documented."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        for line in list(self.lines):
            assert_documented(line)
        return code

    def _wait_for_url(self, said: queue.Queue[str | None]) -> str:
        end = time.monotonic() + START_S
        while (line := said.get(timeout=max(0.1, end - time.monotonic()))) is not None:
            if found := re.search(r"Base URL: (http://\S+/v1)", line):
                return found[1]
        raise AssertionError(f"the gateway ended with {self.process.wait()}: {''.join(self.printed)}")

    def _ask_status(self) -> httpx.Response:
        return self.get("/status", headers={"x-api-key": self.key})

    def _wait_for_workers(self) -> None:
        """A server can be asked when the first of them is ready; one whose keys are in a file is not looked into."""

        def are_there() -> bool:
            answer = self._ask_status()
            return not (answer.is_success and "starting" in {w["state"] for w in answer.json()["workers"]})

        wait_for(are_there, "all workers", START_S)

    def _read_errors(self, said: queue.Queue[str | None]) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            for line in stream:
                self.printed.append(line)
                said.put(line)
        said.put(None)

    def _read_log(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                try:
                    self.lines.append(json.loads(line))
                except ValueError:
                    self.printed.append(line)
