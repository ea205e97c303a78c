from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.processes import suspended
from tests.support.streams import SLOW, open_stream, speak
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.gateway import Gateway


@pytest.fixture(scope="module")
def hasty(start_one: Callable[..., Gateway]) -> Gateway:
    """One that waits for nobody."""
    limits = {"HEADER_TIMEOUT_S": "2", "BODY_TIMEOUT_S": "0.5", "STALL_TIMEOUT_S": "0.5"}
    return start_one(MAX_INPUT_CHARS="1000000", **limits)


@pytest.fixture(scope="module")
def narrow(start_one: Callable[..., Gateway]) -> Gateway:
    """One that has room for two."""
    return start_one(MAX_CONNECTIONS="2")


def connect(gateway: Gateway) -> socket.socket:
    return socket.create_connection(("127.0.0.1", gateway.port), timeout=DEADLINE_S)


def is_closed_by_the_server(connection: socket.socket) -> bool:
    connection.settimeout(DEADLINE_S)
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass
    return True


def test_a_request_that_would_wait_too_long_is_refused_at_once(start: Callable[..., Gateway]) -> None:
    gateway = start(WORKERS="1", QUEUE_S="0")
    with ThreadPoolExecutor(6) as clients:
        with suspended(gateway.workers()):  # nobody is spoken to until somebody has been refused
            asked = [clients.submit(speak, gateway, SLOW[:90]) for _ in range(6)]
            refused = wait_for(lambda: next((a.result() for a in asked if a.done()), None), "a refusal")
        assert {answer.result().status_code for answer in asked} == {200, 503}
    assert refused.json()["error"]["code"] == "overloaded"
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    line = wait_for(lambda: gateway.requests(outcome="refused_queue"), "its log line")[0]
    assert "segments" not in line
    assert speak(gateway).status_code == 200


def test_connections_over_the_limit_are_told_so(narrow: Gateway) -> None:
    with open_stream(narrow, SLOW, "af_slow") as first, open_stream(narrow, SLOW, "af_slow") as second:
        assert first.recv(12) == second.recv(12) == b"HTTP/1.1 200"
        with connect(narrow) as third:
            assert third.recv(12) == b"HTTP/1.1 503"
    wait_for(lambda: narrow.get("/health").status_code == 200, "a place free again")


def test_clients_that_left_hold_no_place(narrow: Gateway) -> None:
    for _ in range(5):  # one after the other, each on a connection of its own
        assert narrow.get("/health").status_code == 200
        with connect(narrow):
            pass  # says nothing
        with open_stream(narrow, SLOW):
            pass  # hangs up in mid-sentence
        wait_for(lambda: narrow.get("/health").status_code == 200, "a place free again")


def test_slow_headers_lose_their_connection(hasty: Gateway) -> None:
    with connect(hasty) as connection:
        connection.sendall(b"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert is_closed_by_the_server(connection)


def test_endless_headers_are_refused(gateway: Gateway) -> None:
    with connect(gateway) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n")
        assert connection.recv(10).startswith(b"HTTP/1.1 4")


def test_a_slow_body_is_refused(hasty: Gateway) -> None:
    with connect(hasty) as connection:
        connection.sendall(b"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert connection.recv(12) == b"HTTP/1.1 408"


@pytest.mark.parametrize("audio_format", ["pcm", "mp3"])
def test_a_client_that_never_reads_loses_its_connection(hasty: Gateway, audio_format: str) -> None:
    before = hasty.known(error="ClientStalled")
    text = "This sentence is here to make a page of speech that takes its time. " * 1500
    with open_stream(hasty, text, audio_format=audio_format) as connection:
        line = wait_for(lambda: hasty.requests(error="ClientStalled")[before:], "the stall noticed")[0]
        assert line["outcome"] == "client_gone"
        assert is_closed_by_the_server(connection)


def test_a_key_has_only_so_many_requests_at_once(start: Callable[..., Gateway]) -> None:
    gateway = start(API_KEYS="one,two", KEY_REQUESTS="1")
    body = {"model": "tts-1", "input": SLOW, "voice": "af_slow", "response_format": "pcm"}

    def ask(key: str) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.stream(
            "POST", f"{gateway.base_url}/audio/speech", json=body, headers=headers, timeout=60
        ) as answer:
            return answer.status_code

    with httpx.stream(
        "POST",
        f"{gateway.base_url}/audio/speech",
        json=body,
        headers={"Authorization": "Bearer one"},
        timeout=60,
    ):
        assert ask("one") == 429
        assert ask("two") == 200
    wait_for(lambda: ask("one") == 200, "its place free again")


def test_a_request_that_takes_too_long_fails(start: Callable[..., Gateway]) -> None:
    gateway = start(REQUEST_TIMEOUT_S="2")  # time enough for what is spoken next
    answer = speak(gateway, "Zzz!", "af_hang")
    assert answer.status_code == 500
    wait_for(lambda: gateway.requests(outcome="timeout"), "its log line")
    assert speak(gateway).status_code == 200


def test_listening_to_others_without_a_key_is_warned_of(start: Callable[..., Gateway]) -> None:
    gateway = start(HOST="0.0.0.0")  # noqa: S104 - bound for a moment, to be warned of
    wait_for(
        lambda: any("set KOKORO_API_KEYS" in line.get("advice", "") for line in list(gateway.lines)), "it"
    )
