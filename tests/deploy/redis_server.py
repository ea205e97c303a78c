"""Runs Debian's Redis for a test: with any options, frozen, killed and started again."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import redis

from tests.deploy.tools import free_port, running, tool

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path


class RedisServer:
    """One server in memory only. Lives as long as its context."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, user: str = "") -> None:
        self.process = process
        self.port = port
        self.url = f"redis://{user}127.0.0.1:{port}/0"
        self._client = redis.Redis.from_url(self.url, protocol=2)

    def ask(self, *command: Any) -> Any:
        """The answer to a command."""
        return self._client.execute_command(*command)  # type: ignore[no-untyped-call]

    def names(self) -> list[bytes]:
        """Of all that is kept."""
        return sorted(self.ask("KEYS", "*"))

    def freeze(self) -> None:
        """It takes connections, as the kernel does for it, and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self.process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Close the connection to it."""
        self._client.close()


@contextmanager
def redis_server(directory: Path, *options: str, port: int = 0, user: str = "") -> Iterator[RedisServer]:
    """A server with these options, ended afterwards; `user` is what stands before the host in its URL."""
    port = port or free_port()
    always = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory))
    command = (tool("redis-server"), *always, "--maxclients", "500", *options)
    with running(*command, port=port, said=directory / f"redis-{port}.log") as process:
        server = RedisServer(process, port, user)
        try:
            yield server
        finally:
            server.thaw()
            server.close()
