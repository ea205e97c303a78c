"""What holds for every WebSocket, whatever is said on it: places, keys, and clients that neither read nor answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from gateway.http.app import middleware
from gateway.http.error_replies import no_route
from gateway.keys import Keys
from gateway.server import connection
from gateway.settings import Settings
from tests.support.serving import connect, exchange, serving
from tests.support.waiting import DEADLINE_S

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from starlette.websockets import WebSocket


LATE = "/v1/text-to-speech/af_heart/stream-input"
"""Where a key may come with the first message."""


@dataclass
class Talk:
    """Handlers that listen, and that talk without an end."""

    port: int = 0
    begun: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)

    async def listen(self, websocket: WebSocket) -> None:
        await websocket.accept()
        async for _ in websocket.iter_bytes():
            pass

    async def think(self, websocket: WebSocket) -> None:
        self.begun.set()
        await asyncio.sleep(0.2)
        await self.listen(websocket)
        self.left.set()

    async def talk(self, websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_bytes(bytes(65536))
        finally:
            self.left.set()


@contextmanager
def talking(**settings: Any) -> Iterator[Talk]:
    it, given = Talk(), Settings.from_environment(**settings)
    app = Starlette(
        routes=[
            WebSocketRoute("/listen", it.listen),
            WebSocketRoute("/talk", it.talk),
            WebSocketRoute("/think", it.think),
            WebSocketRoute(LATE, it.listen),
        ],
        middleware=middleware(given, Keys(given), print),
    )
    app.router.default = no_route
    with serving(app, given) as it.port:
        yield it


def handshake(path: str, key: str = "a-key") -> bytes:
    lines = (
        f"GET {path} HTTP/1.1",
        "Host: x",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        f"Authorization: Bearer {key}",
    )
    return "\r\n".join((*lines, "", "")).encode()


def told(answer: bytes) -> dict[str, Any]:
    """The error of an answer to a handshake, after which the connection was closed."""
    error: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    return error


def opened(it: Talk, path: str) -> socket.socket:
    wire = connect(it.port)
    wire.sendall(handshake(path))
    assert wire.recv(12) == b"HTTP/1.1 101"
    return wire


@pytest.mark.parametrize("key", ["wrong", ""])
def test_a_handshake_needs_a_key(key: str) -> None:
    with talking(api_keys="a-key") as it:
        answer = exchange(it.port, handshake("/listen", key))
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert told(answer)["type"] == "invalid_request_error"
        opened(it, "/listen").close()


def test_an_open_websocket_counts_as_a_request_of_its_key() -> None:
    with talking(api_keys="a-key", key_requests=1) as it, opened(it, "/listen"):
        assert exchange(it.port, handshake("/listen")).startswith(b"HTTP/1.1 429 ")


def test_an_open_websocket_holds_its_place() -> None:
    with talking(max_connections=1) as it, opened(it, "/listen"):
        assert exchange(it.port, handshake("/listen")).startswith(b"HTTP/1.1 503 ")


def test_who_may_still_show_a_key_makes_room_for_others() -> None:
    with talking(max_connections=1, api_keys="a-key") as it, connect(it.port) as stranger:
        stranger.sendall(handshake(LATE).replace(b"Bearer a-key", b""))
        assert stranger.recv(12) == b"HTTP/1.1 101"
        with opened(it, "/listen"):
            while stranger.recv(1 << 12):
                pass
            assert exchange(it.port, handshake("/listen")).startswith(b"HTTP/1.1 503 ")


def test_a_websocket_that_nobody_reads_is_cut() -> None:
    with talking(stall_timeout_s=0.3) as it, opened(it, "/talk") as wire:
        assert it.left.wait(DEADLINE_S)
        with pytest.raises(ConnectionResetError):
            all(iter(lambda: wire.recv(1 << 20), b""))


@pytest.mark.parametrize("answers", [True, False])
def test_a_client_that_gives_no_sign_of_life_is_given_up(
    answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SIGN_OF_LIFE_S", 0.3)
    with talking() as it, opened(it, "/listen") as wire:
        assert wire.recv(1 << 12).endswith(b"\r\n\r\n")
        for _ in range(3 if answers else 0):
            assert wire.recv(2) == b"\x89\x00"
            wire.sendall(b"\x8a\x80\x00\x00\x00\x00")
        assert wire.recv(2) == b"\x89\x00"
        assert wire.recv(1) == b""


BROKEN = {
    "it is not masked": b"\x81\x02{}",
    "an opcode that is none": b"\x83\x80\0\0\0\0",
    "an extension that was not agreed on": b"\xc1\x80\0\0\0\0",
    "no UTF-8": b"\x81\x82\0\0\0\0\xff\xfe",
    "the rest of nothing": b"\x80\x80\0\0\0\0",
    "a ping that is too long": b"\x89\xfe\x00\xc8\0\0\0\0" + bytes(200),
}


@pytest.mark.parametrize("frame", BROKEN.values(), ids=BROKEN.keys())
def test_who_breaks_the_protocol_is_told_and_cut_off(frame: bytes) -> None:
    with talking() as it, opened(it, "/listen") as wire:
        wire.sendall(frame)
        said = b"".join(iter(lambda: wire.recv(1 << 12), b""))
        assert said.endswith(b"\x88\x02" + (1002).to_bytes(2, "big"))


def test_a_message_that_is_too_long_ends_it_also_for_who_does_not_answer() -> None:
    with talking() as it, opened(it, "/listen") as wire:
        size = 1 << 19
        wire.sendall(b"\x81\xff" + size.to_bytes(8, "big") + bytes(4) + b" " * size)
        said = b""
        with contextlib.suppress(ConnectionResetError):  # the rest of it lies unread
            while piece := wire.recv(1 << 12):
                said += piece
        assert said.endswith(b"\x88\x02" + (1009).to_bytes(2, "big"))


def test_a_flood_of_pings_keeps_nobody_waiting() -> None:
    pings = 8000
    with talking() as it, opened(it, "/listen") as wire:
        assert wire.recv(1 << 12).endswith(b"\r\n\r\n")
        wire.sendall(b"\x89\x80\0\0\0\0" * pings)
        assert exchange(it.port, handshake("/nowhere")).startswith(b"HTTP/1.1 404 ")
        answered = 0
        wire.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while piece := wire.recv(1 << 12):
                answered += len(piece) // 2
        assert answered < pings, "they were all answered first"


def test_compression_is_not_taken_up() -> None:
    offer = b"Sec-WebSocket-Extensions: permessage-deflate\r\nAuthorization"
    with talking() as it, connect(it.port) as wire:
        wire.sendall(handshake("/listen").replace(b"Authorization", offer))
        assert b"permessage-deflate" not in wire.recv(1 << 12)


NO_HANDSHAKES = {
    "another version": handshake("/listen").replace(b"Version: 13", b"Version: 12"),
    "no version": handshake("/listen").replace(b"Sec-WebSocket-Version: 13\r\n", b""),
    "no key of its own": handshake("/listen").replace(b"Sec-WebSocket-Key", b"Sec-WebSocket-Cue"),
    "HTTP/1.0": handshake("/listen").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a frame before the answer": handshake("/listen") + b"\x81\x80\0\0\0\0",
    "a body": handshake("/listen").replace(b"Host: x", b"Host: x\r\nContent-Length: 5") + b"hello",
    "another request behind it": handshake("/listen") * 2,
}


@pytest.mark.parametrize("sent", NO_HANDSHAKES.values(), ids=NO_HANDSHAKES.keys())
def test_who_makes_no_handshake_is_told_and_gives_up_its_place(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with talking(max_connections=1) as it:
        for _ in range(3):
            with connect(it.port) as wire:
                wire.sendall(sent)
                answer = b"".join(iter(lambda: wire.recv(1 << 12), b""))
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert told(answer)["type"] == "invalid_request_error"
        opened(it, "/listen").close()
    assert "request_failed" not in caplog.messages


def test_a_frame_that_comes_while_the_key_is_looked_at_ends_it_as_well() -> None:
    with talking(max_connections=1) as it:
        with connect(it.port) as wire:
            wire.sendall(handshake("/think"))
            assert it.begun.wait(DEADLINE_S)
            wire.sendall(b"\x81\x80\0\0\0\0")
            assert b"".join(iter(lambda: wire.recv(1 << 12), b"")).startswith(b"HTTP/1.1 400 ")
        assert it.left.wait(DEADLINE_S)
        opened(it, "/listen").close()


def test_no_route_of_that_name_is_no_websocket() -> None:
    with talking() as it:
        assert exchange(it.port, handshake("/nowhere")).startswith(b"HTTP/1.1 404 ")
