"""Clients that do what nobody should, each with what the server owes it all the same. Knows sockets and HTTP/1.1.

Each returns what came of it, in words for the account. Knows nothing of how the server works.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator, Awaitable, Callable

    from gateway.tools.listeners import Texts

LIMITS_S: Final = 5
"""Header, body and stall time of the server under test: hostile clients need not wait for minutes."""

_PATIENCE_S: Final = 90.0
_UNREAD_S: Final = 60.0
_SMALL_BUFFER: Final = 4096
_BUFFERED: Final = 1 << 20
_FASTEST_CHARS_PER_S: Final = 28
"""Nobody speaks faster at speed 1: a reply that is shorter has lost something."""

_PCM_BYTES_PER_S: Final = 48000


_ODD_ORDERS: Final[tuple[dict[str, Any], ...]] = (
    {"voice": "af_heart" + " " * 60_000 + "x"},
    {"voice": "+".join(["af_heart(0.1)"] * 2000)},
    {"model": "m" * 500_000},
    {"lang_code": "-".join(["en"] * 20_000)},
    {"text": "." * 4096},
    {"text": "aЯ" * 2048},
    {"text": "🙂" * 4096},
    {"text": "1" * 4096},
    {"text": "(" * 2000 + ")" * 2000},
    {"text": " \n\t" * 1300},
    {"text": "w" * 4096},
    {"text": "Hello. " * 500, "speed": 4},
    {"speed": 1e999},
    {"unknown": {"deep": [[[[]]]]}, "another": "x" * 10_000},
    {"instructions": "sing " * 50_000},
    {"response_format": "x" * 100_000},
    {"text": "x" * 1_100_000},
)


_OTHER_WORDS: Final = (
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(64),
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300) + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n",
    b"POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n",
    bytes(5000) + b"\r\n\r\n",
)


class Unexplained(Exception):
    """The server did what it must not; the message says what, for the account."""


def is_whole(text: str, audio_s: float) -> bool:
    """True when so much audio can be all of the text."""
    return audio_s >= len(text) / _FASTEST_CHARS_PER_S


@dataclass
class Target:
    """Where the server is and what to say to it. Lives as long as one soak."""

    host: str
    port: int
    texts: Texts
    chance: random.Random


@contextlib.asynccontextmanager
async def _connected(target: Target) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(target.host, target.port, limit=_SMALL_BUFFER)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def _post(text: str, **fields: Any) -> bytes:
    order = {"model": "tts-1", "input": text, "voice": "af_heart", "response_format": "pcm"} | fields
    return _request("POST /v1/audio/speech", json.dumps(order).encode())


def _request(line: str, body: bytes = b"") -> bytes:
    head = f"{line} HTTP/1.1\r\nHost: x\r\nCache-Control: no-store\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _status(reader: asyncio.StreamReader) -> int:
    """The status of the next answer; 0 when the server has closed without one."""
    line = await reader.readline()
    return int(line.split()[1]) if line.startswith(b"HTTP/1.1 ") else 0


async def reads_no_speech(target: Target) -> str:
    """Has pages spoken and reads nothing."""
    return await _reads_nothing(target, b"".join(_post(target.texts.page(1500)) for _ in range(4)))


async def reads_no_page(target: Target) -> str:
    """Asks for the longest answer that needs no key, again and again, and reads nothing."""
    return await _reads_nothing(target, _request("GET /openapi.json") * 400)


async def _reads_nothing(target: Target, requests: bytes) -> str:
    """What came of so many requests whose replies nobody reads; those of a busy server may be short and few."""
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
    wire.setblocking(False)
    with contextlib.closing(wire), contextlib.suppress(ConnectionError):
        loop = asyncio.get_running_loop()
        await loop.sock_connect(wire, (target.host, target.port))
        await loop.sock_sendall(wire, requests)
        end = loop.time() + _UNREAD_S
        while not wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            await asyncio.sleep(0.1)
            if loop.time() > end:
                return await _rest(wire)
    return "cut"


async def _rest(wire: socket.socket) -> str:
    """What lay unread; more than the buffers hold comes only from a server that went on sending."""
    loop, size = asyncio.get_running_loop(), 0
    with contextlib.suppress(TimeoutError):
        while piece := await asyncio.wait_for(loop.sock_recv(wire, 1 << 16), LIMITS_S):
            size += len(piece)
    if size > _BUFFERED:
        raise Unexplained(f"it was not cut, and got {size >> 10} KiB")
    return "answered in the buffers"


async def hangs_up_in_headers(target: Target) -> str:
    """Leaves in the middle of its headers."""
    async with _connected(target) as (_, writer):
        writer.write(b"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nX-Half: ")
        await asyncio.sleep(target.chance.uniform(0, 1))
    return "gone"


async def dawdles_in_headers(target: Target) -> str:
    """Never comes to the end of its headers."""
    async with _connected(target) as (reader, writer):
        writer.write(b"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        return "closed" if await _status(reader) == 0 else "told"


async def dawdles_in_its_body(target: Target) -> str:
    """Sends its body a byte at a time."""
    async with _connected(target) as (reader, writer):
        writer.write(b"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        answer = asyncio.ensure_future(_status(reader))
        while not answer.done():
            with contextlib.suppress(ConnectionError):
                writer.write(b" ")
            await asyncio.wait((answer,), timeout=0.5)
        return _expected(answer.result(), {408})


async def half_closes(target: Target) -> str:
    """Sends no more, and still takes its reply."""
    text = target.texts.sentence()
    async with _connected(target) as (reader, writer):
        writer.write(_post(text, stream=False))
        writer.write_eof()
        status = await _status(reader)
        answer = await reader.read(-1)
    if status != 200:  # noqa: PLR2004
        return _expected(status, {500, 503})
    audio_s = len(answer.partition(b"\r\n\r\n")[2]) / _PCM_BYTES_PER_S
    if not is_whole(text, audio_s):
        raise Unexplained("a half-closed client got a short reply")
    return "spoken whole"


async def hangs_up_before_its_reply(target: Target) -> str:
    """Closes, or resets, where the first audio is still being made."""
    async with _connected(target) as (_, writer):
        writer.write(_post(target.texts.page(1000)))
        await asyncio.sleep(target.chance.uniform(0, 0.3))
        if target.chance.random() < 0.5:  # noqa: PLR2004
            wire = writer.get_extra_info("socket")
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return "gone"


async def says_nothing(target: Target) -> str:
    """Holds a number of connections without a word."""
    async with contextlib.AsyncExitStack() as held:
        for _ in range(40):
            await held.enter_async_context(_connected(target))
        await asyncio.sleep(target.chance.uniform(0, 2 * LIMITS_S))
    return "gone"


async def speaks_another_protocol(target: Target) -> str:
    """Is for something else than HTTP/1.1, or for something that is made to look like it."""
    async with _connected(target) as (reader, writer):
        writer.write(target.chance.choice(_OTHER_WORDS))
        return _expected(await _status(reader), {0, 400, 404, 405, 431, 505})


async def asks_oddly(target: Target) -> str:
    """Sends what is long, deep or strange; it is told what is wrong with it, or hangs up when sound begins."""
    order = {"text": "Hello."} | target.chance.choice(_ODD_ORDERS)
    async with _connected(target) as (reader, writer):
        writer.write(_post(**order))
        return _expected(await _status(reader), {200, 400, 404, 413, 503})


def _expected(status: int, statuses: set[int]) -> str:
    if status not in statuses:
        raise Unexplained(f"status {status} where one of {sorted(statuses)} is due")
    return f"told {status}" if status else "closed"


CLIENTS: Final[tuple[Callable[[Target], Awaitable[str]], ...]] = (
    reads_no_speech,
    reads_no_page,
    hangs_up_in_headers,
    dawdles_in_headers,
    dawdles_in_its_body,
    half_closes,
    hangs_up_before_its_reply,
    says_nothing,
    speaks_another_protocol,
    asks_oddly,
)


async def visit(target: Target) -> tuple[str, str]:
    """Send one of them, by chance: its name, and what came of it.

    Raises:
        Unexplained: the server did what it must not, or nothing in a minute and a half.
    """
    client = target.chance.choice(CLIENTS)
    name = client.__name__.replace("_", " ")
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return name, await client(target)
    except TimeoutError as error:
        raise Unexplained(f"no end of one that {name}") from error
    except ConnectionError:
        return name, "cut"
    except Unexplained as error:
        raise Unexplained(f"one that {name}: {error}") from error
