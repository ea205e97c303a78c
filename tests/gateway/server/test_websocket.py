"""No route of ours is a WebSocket yet; one that comes is guarded as requests are. Here it does, behind all we have."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from gateway.http.app import middleware
from gateway.keys import Keys
from gateway.settings import Settings
from tests.support.serving import DEADLINE_S, connect, exchange, serving

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from starlette.websockets import WebSocket


@dataclass
class Talk:
    """Handlers that listen, and that talk without an end."""

    port: int = 0
    left: threading.Event = field(default_factory=threading.Event)

    async def listen(self, websocket: WebSocket) -> None:
        await websocket.accept()
        async for _ in websocket.iter_bytes():
            pass

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
        routes=[WebSocketRoute("/listen", it.listen), WebSocketRoute("/talk", it.talk)],
        middleware=middleware(given, Keys(given), print),
    )
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


def opened(it: Talk, path: str) -> socket.socket:
    connection = connect(it.port)
    connection.sendall(handshake(path))
    assert connection.recv(12) == b"HTTP/1.1 101"
    return connection


@pytest.mark.parametrize("key", ["wrong", ""])
def test_a_handshake_needs_a_key(key: str) -> None:
    with talking(api_keys="a-key") as it:
        answer = exchange(it.port, handshake("/listen", key))
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["type"] == "invalid_request_error"
        opened(it, "/listen").close()


def test_an_open_websocket_counts_as_a_request_of_its_key() -> None:
    with talking(api_keys="a-key", key_requests=1) as it, opened(it, "/listen"):
        assert exchange(it.port, handshake("/listen")).startswith(b"HTTP/1.1 429 ")


def test_an_open_websocket_holds_its_place() -> None:
    with talking(max_connections=1) as it, opened(it, "/listen"):
        assert exchange(it.port, handshake("/listen")).startswith(b"HTTP/1.1 503 ")


def test_a_websocket_that_nobody_reads_is_cut() -> None:
    with talking(stall_timeout_s=0.3) as it, opened(it, "/talk") as connection:
        assert it.left.wait(DEADLINE_S)
        with pytest.raises(ConnectionResetError):
            all(iter(lambda: connection.recv(1 << 20), b""))


def test_no_route_of_that_name_is_no_websocket() -> None:
    with talking() as it:
        assert exchange(it.port, handshake("/nowhere")).startswith(b"HTTP/1.1 403 ")
