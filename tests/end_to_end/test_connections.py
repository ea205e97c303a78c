"""Clients that do not behave: they get what is theirs, and hold no place for longer than it takes."""

from __future__ import annotations

import json
import resource
import socket
import struct
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.support.processes import suspended
from tests.support.streams import SLOW, open_stream, speak
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.gateway import Gateway

GET = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


def connect(gateway: Gateway) -> socket.socket:
    return socket.create_connection(("127.0.0.1", gateway.port), timeout=DEADLINE_S)


def ask(connection: socket.socket, request: bytes = GET) -> bytes:
    """The whole answer, which is an object; what came of it when the server closes."""
    answer = b""
    with suppress(ConnectionError):
        connection.sendall(request)
        while not answer.endswith(b"}") and (piece := connection.recv(65536)):
            answer += piece
    return answer


def is_closed(connection: socket.socket, seconds: float = DEADLINE_S) -> bool:
    connection.settimeout(seconds)
    try:
        return not connection.recv(1)
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def fill(connection: socket.socket, requests: bytes) -> None:
    """Send until the server reads no more, which it does where nobody reads its answers."""
    connection.settimeout(0.3)
    with suppress(TimeoutError):
        while True:
            connection.sendall(requests)


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def speech_request(text: str, voice: str = "af_heart", version: str = "1.1", extra: str = "") -> bytes:
    fields = {"model": "tts-1", "input": text, "voice": voice, "response_format": "pcm", "stream": False}
    body = json.dumps(fields)
    head = f"POST /v1/audio/speech HTTP/{version}\r\nHost: x\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


# Who does not read


def test_clients_that_never_read_lock_nobody_out(start: Callable[..., Gateway]) -> None:
    gateway = start(MAX_CONNECTIONS="4", STALL_TIMEOUT_S="1")
    with ExitStack() as open_connections:
        for _ in range(4):
            connection = open_connections.enter_context(connect(gateway))
            fill(connection, b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 400)
        wait_for(lambda: len(gateway.requests(error="ClientStalled")) == 4, "each cut")
        assert gateway.get("/health").status_code == 200
    assert {line["outcome"] for line in gateway.requests(error="ClientStalled")} == {"client_gone"}
    assert not [line for line in gateway.lines if line["event"] == "request_failed"], (
        "nothing went wrong inside"
    )


def test_a_reply_of_one_piece_that_nobody_reads_is_cut(start: Callable[..., Gateway]) -> None:
    gateway = start(STALL_TIMEOUT_S="1")
    page = "This sentence is here to make a page of speech that takes its time. " * 60
    with connect(gateway) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(speech_request(page))
        wait_for(lambda: gateway.requests(error="ClientStalled"), "the stall noticed")
        with pytest.raises(ConnectionResetError):
            read_all(connection)


# Who leaves, and who only stops sending


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("extra", ["", "Connection: close\r\n", "Upgrade: h2c\r\nConnection: Upgrade\r\n"])
def test_a_client_that_half_closes_gets_its_reply(gateway: Gateway, version: str, extra: str) -> None:
    before = gateway.known(voice="af_slow")
    whole = speak(gateway, SLOW[:90], "af_slow", stream=False).content
    with connect(gateway) as connection:
        connection.sendall(speech_request(SLOW[:90], "af_slow", version, extra))
        connection.shutdown(socket.SHUT_WR)
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n" + whole)
    lines = wait_for(lambda: gateway.requests(voice="af_slow")[before + 1 :], "its log line")
    assert [line["outcome"] for line in lines] == ["ok"]


def test_a_client_that_half_closes_is_told_of_its_error(gateway: Gateway) -> None:
    with connect(gateway) as connection:
        connection.sendall(speech_request("Boom!", "af_fail"))
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection).startswith(b"HTTP/1.1 500 ")


def test_every_request_before_a_half_close_is_answered(gateway: Gateway) -> None:
    with connect(gateway) as connection:
        connection.sendall(GET + speech_request("Wait for it!", "af_slow") + GET)
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection).count(b"HTTP/1.1 200 ") == 3


@pytest.mark.parametrize("leave", [socket.socket.close, reset])
def test_a_client_that_half_closes_and_then_leaves_is_noticed(
    single: Gateway, leave: Callable[[socket.socket], None]
) -> None:
    before = single.known(outcome="client_gone")
    connection = connect(single)
    with suspended(single.workers()):
        connection.sendall(speech_request(SLOW, "af_slow"))
        connection.shutdown(socket.SHUT_WR)
        wait_for(lambda: single.is_speaking, "it being spoken")
        leave(connection)
        wait_for(lambda: single.requests(outcome="client_gone")[before:], "the hang-up noticed")
    assert speak(single).status_code == 200


@pytest.mark.parametrize("extra", ["", "Upgrade: h2c\r\nConnection: Upgrade\r\n"])
def test_a_client_that_closes_before_its_reply_is_noticed(single: Gateway, extra: str) -> None:
    before = single.known(outcome="client_gone")
    with suspended(single.workers()):
        with connect(single) as connection:
            connection.sendall(speech_request(SLOW, "af_slow", extra=extra))
            wait_for(lambda: single.is_speaking, "it being spoken")
        wait_for(lambda: single.requests(outcome="client_gone")[before:], "the hang-up noticed")
    assert speak(single).status_code == 200


# Places


def test_the_longest_idle_connection_makes_room_for_the_newcomer(start: Callable[..., Gateway]) -> None:
    gateway = start(MAX_CONNECTIONS="3", HEADER_TIMEOUT_S="300")
    with (
        connect(gateway) as silent,
        connect(gateway) as first,
        connect(gateway) as second,
        ExitStack() as rest,
    ):
        for connection in (first, second):  # both are there by then, and so is who came before them
            assert ask(connection).startswith(b"HTTP/1.1 200")
        for longest_idle in (silent, first, second):
            newcomer = rest.enter_context(connect(gateway))
            assert ask(newcomer).startswith(b"HTTP/1.1 200")
            assert is_closed(longest_idle)


def test_clients_that_dawdle_in_their_bodies_make_room_too(start: Callable[..., Gateway]) -> None:
    gateway = start(MAX_CONNECTIONS="2", HEADER_TIMEOUT_S="300", BODY_TIMEOUT_S="300")
    with connect(gateway) as first, connect(gateway) as second:
        for dawdling in (first, second):
            dawdling.sendall(b"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        wait_for(lambda: gateway.get("/health").status_code == 200, "room")
        assert is_closed(first)
        assert not is_closed(second, 0.5)
    assert next(line["outcome"] for line in gateway.requests(path="/v1/audio/speech")) == "client_gone"


@pytest.fixture(scope="module")
def narrow(start_one: Callable[..., Gateway]) -> Gateway:
    """One that has room for nobody else."""
    return start_one(MAX_CONNECTIONS="1", WORKERS="1")


def test_a_connection_with_a_request_makes_no_room(narrow: Gateway) -> None:
    (worker,) = narrow.workers()
    with open_stream(narrow, SLOW, "af_slow") as busy:
        assert busy.recv(12) == b"HTTP/1.1 200"
        with suspended([worker]):
            assert narrow.get("/health").status_code == 503
        assert busy.recv(65536)
    wait_for(lambda: narrow.get("/health").status_code == 200, "a place free again")


def test_a_refused_client_reads_why_however_large_its_body(narrow: Gateway) -> None:
    workers = narrow.workers()
    with open_stream(narrow, SLOW, "af_slow") as busy:
        assert busy.recv(12) == b"HTTP/1.1 200"
        with suspended(workers):
            for pause_s in (0.0, 0.3):  # by then it has been refused
                answer = asked_slowly(narrow, pause_s)
                assert answer.startswith(b"HTTP/1.1 503 ")
                assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "overloaded"
    wait_for(lambda: narrow.get("/health").status_code == 200, "a place free again")


def asked_slowly(gateway: Gateway, pause_s: float) -> bytes:
    """What is answered to a large body that comes so much later than its headers."""
    with connect(gateway) as refused:
        refused.sendall(b"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n")
        time.sleep(pause_s)
        for _ in range(90):
            refused.sendall(bytes(10_000))
        return read_all(refused)


def test_idle_connections_outlive_the_deadline_of_their_first_request(start: Callable[..., Gateway]) -> None:
    gateway = start(HEADER_TIMEOUT_S="1")
    with ExitStack() as open_connections:
        connections = []
        for _ in range(20):
            connections.append(open_connections.enter_context(connect(gateway)))
            assert ask(connections[-1]).startswith(b"HTTP/1.1 200")  # at once, as clients do
        time.sleep(2)  # twice the deadline that must not apply any more
        assert all(ask(connection).startswith(b"HTTP/1.1 200") for connection in connections)


# HTTP/1.1 and nothing else


def test_http_2_is_refused_in_words_of_http_1_1(gateway: Gateway) -> None:
    with connect(gateway) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 505 ")
    error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    assert "HTTP/1.1" in error["message"]


def test_an_upgrade_to_http_2_is_not_made(gateway: Gateway) -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
    with connect(gateway) as connection:
        for _ in range(2):
            assert ask(connection, GET[:-2] + upgrade + b"\r\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("line", [b"GET / HTTP/3.0", b"HEAD / HTTP/2.0", b"GET / HTTP/0.9"])
def test_another_version_is_refused(gateway: Gateway, line: bytes) -> None:
    with connect(gateway) as connection:
        connection.sendall(line + b"\r\nHost: x\r\n\r\n")
        assert read_all(connection).startswith(b"HTTP/1.1 505 ")


def test_a_request_with_two_lengths_is_the_last_of_its_connection(gateway: Gateway) -> None:
    lengths = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"
    smuggled = b"POST /health HTTP/1.1\r\nHost: x\r\n" + lengths + b"\r\n0\r\n\r\n" + GET
    with connect(gateway) as connection:
        connection.sendall(smuggled)
        answer = read_all(connection)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer.lower()


# File descriptors


@contextmanager
def soft_limit(descriptors: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_low_soft_limit_is_raised_to_what_all_connections_need(start: Callable[..., Gateway]) -> None:
    with soft_limit(256):
        gateway = start()
    assert psutil.Process(gateway.process.pid).rlimit(psutil.RLIMIT_NOFILE)[0] > 512


def test_running_out_of_descriptors_is_logged_and_survived(start: Callable[..., Gateway]) -> None:
    gateway = start()
    process = psutil.Process(gateway.process.pid)
    process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds() + 10, 4096))
    with ExitStack() as open_connections:
        for _ in range(15):
            open_connections.enter_context(connect(gateway))
        gateway.told("connection_not_accepted")
        before_s = process.cpu_times().user
        assert gateway.get("/health").status_code == 200
        time.sleep(1)
        assert process.cpu_times().user - before_s < 0.5
