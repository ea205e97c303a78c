"""Runs Debian's Redis for a test, with any options, and what is slow or talks nonsense in its place."""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import redis

from tests.deploy.tools import free_port, running, tool

if TYPE_CHECKING:
    import subprocess
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
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


@asynccontextmanager
async def saying(answer: bytes, *, endless: bool = False, sane: int = 0) -> AsyncIterator[int]:
    """The port of a server that says the same to whatever it is asked, once or for ever, after so many empty values."""
    empty = iter([b"$0\r\n\r\n"] * sane)

    async def answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while await reader.read(1 << 16):
                is_sane = next(empty, None)
                writer.write(is_sane or answer)
                await writer.drain()
                while endless and not is_sane:
                    writer.write(answer * 100)
                    await writer.drain()
        writer.close()

    async with _listening(answer_all) as port:
        yield port


@asynccontextmanager
async def silent_about(*names: bytes) -> AsyncIterator[int]:
    """The port of a server that has nothing but empty values, and does not answer who asks for these."""

    async def answer_others(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while question := await reader.read(1 << 16):
                if not any(name in question for name in names):
                    writer.write(b"$0\r\n\r\n")
        writer.close()

    async with _listening(answer_others) as port:
        yield port


@asynccontextmanager
async def delayed(port: int, seconds: float) -> AsyncIterator[int]:
    """The port of a way to a server by which its answers come so much later."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)

        async def answers() -> None:
            while data := await far_reader.read(1 << 20):
                await asyncio.sleep(seconds)
                writer.write(data)

        answering = asyncio.create_task(answers())
        with suppress(OSError):
            while data := await reader.read(1 << 20):
                far_writer.write(data)
        answering.cancel()
        far_writer.close()
        writer.close()

    async with _listening(pass_on) as way:
        yield way


@asynccontextmanager
async def _listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    open_ones: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        open_ones.add(task)
        task.add_done_callback(open_ones.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)
