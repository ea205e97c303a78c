from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.orders import error_of
from tests.support.serving import connect, exchange
from tests.support.site import KEYS, Site, site
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_body_of_the_largest_size_is_taken() -> None:
    with site(max_body_bytes=2000) as it:
        assert httpx.post(it.url + "/echo", content=b"x" * 2000).json()["bytes"] == 2000


def _chunks(size: int) -> Iterator[bytes]:
    yield from (b"x" * 1000 for _ in range(size // 1000))


@pytest.mark.parametrize("size", [2001, 20_000, 1_000_000])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_body_that_is_too_large_is_refused(size: int, is_chunked: bool) -> None:
    with site(max_body_bytes=2000) as it:
        content = _chunks(size + 1000) if is_chunked else b"x" * size
        response = httpx.post(it.url + "/echo", content=content)
        assert response.status_code == 413
        assert "2000 bytes" in error_of(response)["message"]
        assert it.line()["outcome"] == "invalid"


def test_key_is_asked_for_before_the_body_is_judged() -> None:
    with site(max_body_bytes=2000, **KEYS) as it:
        assert httpx.post(it.url + "/echo", content=b"x" * 3000).status_code == 401


def test_body_that_comes_too_slowly_is_refused() -> None:
    with site(body_timeout_s=0.2) as it:
        answer = exchange(it.port, b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"0.2 seconds" in answer
        assert it.line()["outcome"] == "timeout"


def test_client_may_ask_before_it_sends_the_body(open_site: Site) -> None:
    with connect(open_site.port) as connection:
        head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 100")
        connection.sendall(b"text")
        answer = b""
        while b'"bytes":4' not in answer:
            piece = connection.recv(65536)
            assert piece
            answer += piece


def test_client_that_leaves_in_its_body_is_gone(open_site: Site) -> None:
    with connect(open_site.port) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
    line = open_site.line()
    assert line["outcome"] == "client_gone"
    assert "status" not in line


def test_leaving_before_the_response_ends_the_handler(open_site: Site) -> None:
    with connect(open_site.port) as connection:
        connection.sendall(b"POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
        assert open_site.entered.wait(DEADLINE_S)
    assert open_site.left.wait(DEADLINE_S)
    line = open_site.line()
    assert line["outcome"] == "client_gone"
    assert "status" not in line


def test_leaving_a_stream_closes_its_body(open_site: Site) -> None:
    with connect(open_site.port) as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(50):
            assert connection.recv(65536)
        assert not open_site.left.is_set()
    assert open_site.left.wait(DEADLINE_S)
    assert open_site.line()["outcome"] == "client_gone"
    assert open_site.line()["status"] == 200


def test_leaving_a_full_socket_closes_the_body(open_site: Site) -> None:
    with connect(open_site.port) as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(10)
        wait_for(lambda: _is_blocked(open_site), "the app waits")
    assert open_site.left.wait(DEADLINE_S)
    assert open_site.line("/endless")["outcome"] == "client_gone"


@pytest.mark.parametrize("path", ["/endless", "/plain"])
def test_a_stream_that_is_ready_keeps_nobody_waiting_and_ends_with_its_client(
    path: str, open_site: Site
) -> None:
    with connect(open_site.port) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert connection.recv(10)
        assert httpx.get(open_site.url + "/echo").status_code == 200
    assert open_site.line(path)["outcome"] == "client_gone"
    pieces = open_site.pieces
    assert httpx.get(open_site.url + "/echo").status_code == 200
    assert open_site.pieces == pieces


def _is_blocked(it: Site) -> bool:
    """While another request was served, the stream did not move."""
    before = it.pieces
    assert httpx.get(it.url + "/echo").status_code == 200
    return before == it.pieces and not it.left.is_set()
