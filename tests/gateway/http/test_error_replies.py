from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
import openai
import pytest

from tests.support.orders import error_of
from tests.support.serving import exchange

if TYPE_CHECKING:
    from tests.support.site import Site

LAST_CHUNK = b"0\r\n\r\n"


def test_fault_is_told_without_its_cause_and_logged_with_it(open_site: Site) -> None:
    response = httpx.get(open_site.url + "/fail")
    assert response.status_code == 500
    assert error_of(response)["type"] == "server_error"
    assert "secret" not in response.text
    open_site.line()
    assert open_site.log.getvalue().count("ZeroDivisionError: a secret") == 1


def test_refusal_is_told_with_its_wait_and_logged_without_traceback(open_site: Site) -> None:
    response = httpx.get(open_site.url + "/refuse")
    assert error_of(response)["code"] == "overloaded"
    assert response.headers["retry-after"] == "3"
    open_site.line()
    assert "Traceback" not in open_site.log.getvalue()


def test_unknown_route_is_told_in_the_envelope(open_site: Site) -> None:
    error = error_of(httpx.post(open_site.url + "/v1/foo", json={}))
    assert error["message"] == "Invalid URL (POST /v1/foo)"


def test_wrong_method_is_told_in_the_envelope_with_the_right_ones(open_site: Site) -> None:
    response = httpx.delete(open_site.url + "/echo")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, POST"
    assert error_of(response)["code"] == "method_not_supported"


def test_connection_is_good_for_more_after_an_error(open_site: Site) -> None:
    with httpx.Client(base_url=open_site.url) as client:
        for path, status in (("/fail", 500), ("/nowhere", 404), ("/refuse", 503), ("/echo", 200)):
            response = client.request("POST" if path == "/nowhere" else "GET", path, content=b"x" * 9000)
            assert response.status_code == status
            assert "connection" not in response.headers
        pool: Any = client._transport
        assert len(pool._pool.connections) == 1


# A fault after the first byte


@pytest.mark.parametrize("query", ["", "?sse"])
def test_fault_in_a_stream_leaves_the_last_chunk_out(open_site: Site, query: str) -> None:
    answer = exchange(open_site.port, f"GET /broken{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"chunked" in answer
    assert (b"second" if not query else b"c2Vjb25k") in answer
    assert not answer.endswith(LAST_CHUNK)
    assert open_site.line()["outcome"] == "failed"
    assert open_site.line()["error"] == "WorkerDied"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_fault_in_a_stream_is_logged_once_with_its_request(open_site: Site, version: str) -> None:
    head = f"GET /broken HTTP/{version}\r\nHost: x\r\nX-Request-ID: this-one\r\n\r\n"
    with suppress(ConnectionResetError):
        exchange(open_site.port, head.encode())
    open_site.line()
    lines = [json.loads(line) for line in open_site.log.getvalue().splitlines()]
    (fault,) = [line for line in lines if "exception" in line]
    assert fault["request_id"] == "this-one"
    assert "WorkerDied" in fault["exception"]


def test_stream_without_fault_has_the_last_chunk(open_site: Site) -> None:
    request = b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert exchange(open_site.port, request).startswith(b"HTTP/1.1 200")


def test_fault_in_a_body_of_known_length_leaves_it_short(open_site: Site) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(open_site.url + "/broken?length")


@pytest.mark.parametrize("query", ["", "?sse"])
def test_fault_in_a_stream_is_an_error_to_http_clients(open_site: Site, query: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(open_site.url + "/broken" + query)


@pytest.fixture
def client(open_site: Site) -> openai.OpenAI:
    return openai.OpenAI(base_url=open_site.url + "/v1", api_key="none is needed", max_retries=0)


def test_fault_in_a_stream_raises_in_the_openai_client(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIConnectionError):
        client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.")


def test_fault_in_a_stream_raises_in_the_streaming_openai_client(client: openai.OpenAI) -> None:
    speak = client.audio.speech.with_streaming_response.create
    with speak(model="tts-1", voice="alloy", input="Hello.") as response:
        pieces = response.iter_bytes()
        assert next(pieces).startswith(b"first")
        with pytest.raises(Exception, match="incomplete chunked read"):  # of the HTTP library that it uses
            list(pieces)


def test_fault_resets_a_connection_that_ends_with_its_body(open_site: Site) -> None:
    with pytest.raises(ConnectionResetError):
        exchange(open_site.port, b"GET /broken HTTP/1.0\r\n\r\n")
