from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import openai
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.http.app import middleware
from gateway.http.errors import routing_error
from gateway.http.responses import AudioResponse, EventStream
from gateway.keys import Keys
from gateway.observe.log_fields import request_fields
from gateway.observe.logs import configure_logging
from gateway.settings import Settings
from gateway.speech.synthesis import ByteStream, Speech
from inference import PoolSaturated, WorkerDied
from tests.support.lines import logging_as_before
from tests.support.serving import DEADLINE_S, connect, exchange, serving
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from starlette.requests import Request
    from starlette.responses import Response

    from gateway.speech.record import RequestRecord

KEYS = {"api_keys": "first-key,second-key"}
LAST_CHUNK = b"0\r\n\r\n"


@dataclass
class Site:
    """Handlers that wait, fail and stream for ever behind the real middleware and server."""

    port: int = 0
    log: io.StringIO = field(default_factory=io.StringIO)
    entered: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)
    pieces: int = 0
    noted: list[RequestRecord] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def lines(self) -> list[dict[str, Any]]:
        """Finished requests, as the log has them."""
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line for line in lines if line["event"] == "request"]

    def line(self, path: str | None = None) -> dict[str, Any]:
        """The last of them, or the last of those at `path`."""
        found: list[dict[str, Any]] = wait_for(
            lambda: [line for line in self.lines() if path in (None, line.get("path"))], "a line of the log"
        )
        return found[-1]

    async def echo(self, request: Request) -> Response:
        return JSONResponse({"bytes": len(await request.body()), "path": request.url.path})

    async def fail(self, _: Request) -> Response:
        raise ZeroDivisionError("a secret")

    async def refuse(self, _: Request) -> Response:
        raise PoolSaturated(3)

    async def timed(self, request: Request) -> Response:
        record: RequestRecord = request.state.record
        record.queue_ms, record.inference_ms, record.cache = 1.25, 20.0, "miss"
        return JSONResponse({})

    async def wait(self, _: Request) -> Response:
        self.entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)  # cleaning up may have to wait
            self.left.set()
        raise AssertionError

    async def endless(self, request: Request) -> Response:
        async def pieces() -> AsyncGenerator[bytes, None]:
            try:
                while True:
                    self.pieces += 1
                    yield bytes(65536)
            finally:
                await asyncio.sleep(0.01)
                self.left.set()

        return AudioResponse(await _speech(pieces()), request.state.record)

    async def broken(self, request: Request) -> Response:
        async def pieces() -> AsyncGenerator[bytes, None]:
            yield b"first"
            yield b"second"
            raise WorkerDied(1, -9)

        kind = EventStream if "sse" in request.query_params else AudioResponse
        length = 100 if "length" in request.query_params else None
        return kind(await _speech(pieces(), length), request.state.record)


async def _speech(pieces: AsyncGenerator[bytes, None], length: int | None = None) -> Speech:
    return Speech("audio/mpeg", length, ByteStream(await anext(pieces), pieces), dict)


@contextmanager
def site(**settings: Any) -> Iterator[Site]:
    it = Site()
    given = Settings.from_environment(**settings)
    as_json = given.model_copy(update={"log_format": "json", "log_level": "debug"})
    configure_logging(as_json, logging.StreamHandler(it.log), is_terminal=False)
    routes = [
        Route("/echo", it.echo, methods=["GET", "POST"]),
        Route("/v1/audio/voices", it.echo),
        Route("/health", it.echo),
        Route("/fail", it.fail),
        Route("/refuse", it.refuse),
        Route("/timed", it.timed),
        Route("/wait", it.wait, methods=["POST"]),
        Route("/endless", it.endless),
        Route("/broken", it.broken),
        Route("/v1/audio/speech", it.broken, methods=["POST"]),
    ]
    app = Starlette(
        routes=routes,
        middleware=middleware(given, Keys(given), it.noted.append),
        exception_handlers={HTTPException: routing_error},
    )
    app.router.redirect_slashes = False
    with serving(app, given) as it.port:
        yield it


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    with logging_as_before():
        yield


@pytest.fixture
def plain() -> Iterator[Site]:
    with site() as it:
        yield it


@pytest.fixture
def locked() -> Iterator[Site]:
    with site(**KEYS) as it:
        yield it


def error_of(response: httpx.Response) -> dict[str, Any]:
    body = response.json()
    assert list(body) == ["error"]
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert response.headers["content-type"] == "application/json"
    fields: dict[str, Any] = body["error"]
    return fields


# Record, headers, log


def test_every_response_has_an_id_of_its_own(plain: Site) -> None:
    paths = ("/echo", "/echo", "/fail", "/nowhere", "/refuse")
    ids = [httpx.get(plain.url + path).headers["x-request-id"] for path in paths]
    ids.append(httpx.options(plain.url + "/echo").headers["x-request-id"])
    assert all(re.fullmatch(r"req_[0-9a-f]{32}", given) for given in ids)
    assert len(set(ids)) == len(ids)


def test_id_of_the_client_is_kept_and_logged(plain: Site) -> None:
    response = httpx.get(plain.url + "/echo", headers={"X-Request-ID": "abc-1.2:3_4"})
    assert response.headers["x-request-id"] == "abc-1.2:3_4"
    assert plain.line()["request_id"] == "abc-1.2:3_4"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, '"}{', "ä", "a\tb"])
def test_id_that_is_not_plain_is_replaced(plain: Site, given: str) -> None:
    response = httpx.get(plain.url + "/echo", headers=[(b"x-request-id", given.encode("latin-1"))])
    assert response.headers["x-request-id"].startswith("req_")


def test_openai_headers_are_there(plain: Site) -> None:
    headers = httpx.get(plain.url + "/echo").headers
    assert headers["openai-version"] == "2020-10-01"
    assert 0 <= int(headers["openai-processing-ms"]) < DEADLINE_S * 1000


def test_server_timing_tells_the_phases_that_are_known(plain: Site) -> None:
    headers = httpx.get(plain.url + "/timed").headers
    assert headers["server-timing"] == "queue;dur=1.2, inference;dur=20.0"
    assert headers["x-cache"] == "miss"


def test_request_is_one_line_that_holds_only_documented_fields(plain: Site) -> None:
    httpx.post(plain.url + "/echo", content=b"text that nobody may log")
    line = plain.line()
    assert line["method"] == "POST"
    assert line["path"] == "/echo"
    assert line["status"] == 200
    assert line["outcome"] == "ok"
    assert line["total_ms"] > 0
    assert set(line) - {"event", "level", "logger", "timestamp"} <= set(request_fields())
    assert "nobody" not in plain.log.getvalue()
    assert len(plain.lines()) == 1


@pytest.mark.parametrize(
    ("path", "status", "outcome", "level"),
    [
        ("/echo", 200, "ok", "info"),
        ("/health", 200, "ok", "debug"),
        ("/nowhere", 404, "not_found", "info"),
        ("/refuse", 503, "refused_queue", "warning"),
        ("/fail", 500, "failed", "error"),
    ],
)
def test_outcome_and_level_tell_how_it_ended(
    plain: Site, path: str, status: int, outcome: str, level: str
) -> None:
    assert httpx.get(plain.url + path).status_code == status
    line = plain.line()
    assert (line["status"], line["outcome"], line["level"]) == (status, outcome, level)


def test_strings_of_strangers_do_not_reach_the_request_line(plain: Site) -> None:
    exchange(plain.port, b"BREW /pot-of-gold HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    line = plain.line()
    assert line["method"] == "OTHER"
    assert "path" not in line
    assert "gold" not in plain.log.getvalue()


# CORS


@pytest.mark.parametrize("path", ["/echo", "/fail", "/nowhere", "/refuse"])
def test_web_pages_may_read_every_answer(plain: Site, path: str) -> None:
    headers = httpx.get(plain.url + path, headers={"Origin": "app://obsidian.md"}).headers
    assert headers["access-control-allow-origin"] == "*"
    assert "x-request-id" in headers["access-control-expose-headers"].lower()
    assert "retry-after" in headers["access-control-expose-headers"].lower()


def test_web_pages_may_read_that_they_lack_a_key(locked: Site) -> None:
    response = httpx.get(locked.url + "/echo")
    assert response.status_code == 401
    assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/echo", "/nowhere", "/v1/audio/speech"])
def test_preflight_needs_no_key_and_allows_what_was_asked(locked: Site, path: str) -> None:
    asked = {
        "Origin": "https://example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-stainless-arch",
        "Access-Control-Request-Private-Network": "true",
    }
    response = httpx.options(locked.url + path, headers=asked)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert "POST" in response.headers["access-control-allow-methods"]
    assert response.headers["access-control-allow-headers"] == "authorization,x-stainless-arch"
    assert response.headers["access-control-allow-private-network"] == "true"


def test_plain_options_is_answered(locked: Site) -> None:
    assert httpx.options(locked.url + "/echo").status_code == 204


# Errors


def test_fault_is_told_without_its_cause_and_logged_with_it(plain: Site) -> None:
    response = httpx.get(plain.url + "/fail")
    assert response.status_code == 500
    assert error_of(response)["type"] == "server_error"
    assert "secret" not in response.text
    plain.line()
    assert plain.log.getvalue().count("ZeroDivisionError: a secret") == 1


def test_refusal_is_told_with_its_wait_and_logged_without_traceback(plain: Site) -> None:
    response = httpx.get(plain.url + "/refuse")
    assert error_of(response)["code"] == "overloaded"
    assert response.headers["retry-after"] == "3"
    plain.line()
    assert "Traceback" not in plain.log.getvalue()


def test_unknown_route_is_told_in_the_envelope(plain: Site) -> None:
    error = error_of(httpx.post(plain.url + "/v1/foo", json={}))
    assert error["message"] == "Invalid URL (POST /v1/foo)"


def test_wrong_method_is_told_in_the_envelope_with_the_right_ones(plain: Site) -> None:
    response = httpx.delete(plain.url + "/echo")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, POST"
    assert error_of(response)["code"] == "method_not_supported"


def test_connection_is_good_for_more_after_an_error(plain: Site) -> None:
    with httpx.Client(base_url=plain.url) as client:
        for path, status in (("/fail", 500), ("/nowhere", 404), ("/refuse", 503), ("/echo", 200)):
            response = client.request("POST" if path == "/nowhere" else "GET", path, content=b"x" * 9000)
            assert response.status_code == status
            assert "connection" not in response.headers
        pool: Any = client._transport
        assert len(pool._pool.connections) == 1


# A fault after the first byte


@pytest.mark.parametrize("query", ["", "?sse"])
def test_fault_in_a_stream_leaves_the_last_chunk_out(plain: Site, query: str) -> None:
    answer = exchange(plain.port, f"GET /broken{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"chunked" in answer
    assert (b"second" if not query else b"c2Vjb25k") in answer
    assert not answer.endswith(LAST_CHUNK)
    assert plain.line()["outcome"] == "failed"
    assert plain.line()["error"] == "WorkerDied"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_fault_in_a_stream_is_logged_once_with_its_request(plain: Site, version: str) -> None:
    head = f"GET /broken HTTP/{version}\r\nHost: x\r\nX-Request-ID: this-one\r\n\r\n"
    with suppress(ConnectionResetError):
        exchange(plain.port, head.encode())
    plain.line()
    lines = [json.loads(line) for line in plain.log.getvalue().splitlines()]
    (fault,) = [line for line in lines if "exception" in line]
    assert fault["request_id"] == "this-one"
    assert "WorkerDied" in fault["exception"]


def test_stream_without_fault_has_the_last_chunk(plain: Site) -> None:
    request = b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert exchange(plain.port, request).startswith(b"HTTP/1.1 200")


def test_fault_in_a_body_of_known_length_leaves_it_short(plain: Site) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(plain.url + "/broken?length")


@pytest.mark.parametrize("query", ["", "?sse"])
def test_fault_in_a_stream_is_an_error_to_http_clients(plain: Site, query: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(plain.url + "/broken" + query)


@pytest.fixture
def client(plain: Site) -> openai.OpenAI:
    return openai.OpenAI(base_url=plain.url + "/v1", api_key="none is needed", max_retries=0)


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


def test_fault_resets_a_connection_that_ends_with_its_body(plain: Site) -> None:
    with pytest.raises(ConnectionResetError):
        exchange(plain.port, b"GET /broken HTTP/1.0\r\n\r\n")


# Body


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


def test_client_may_ask_before_it_sends_the_body(plain: Site) -> None:
    with connect(plain.port) as connection:
        head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 100")
        connection.sendall(b"text")
        answer = b""
        while b'"bytes":4' not in answer:
            piece = connection.recv(65536)
            assert piece
            answer += piece


def test_client_that_leaves_in_its_body_is_gone(plain: Site) -> None:
    with connect(plain.port) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
    line = plain.line()
    assert line["outcome"] == "client_gone"
    assert "status" not in line


# Clients that leave


def test_leaving_before_the_response_ends_the_handler(plain: Site) -> None:
    with connect(plain.port) as connection:
        connection.sendall(b"POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
        assert plain.entered.wait(DEADLINE_S)
    assert plain.left.wait(DEADLINE_S)
    line = plain.line()
    assert line["outcome"] == "client_gone"
    assert "status" not in line


def test_leaving_a_stream_closes_its_body(plain: Site) -> None:
    with connect(plain.port) as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(50):
            assert connection.recv(65536)
        assert not plain.left.is_set()
    assert plain.left.wait(DEADLINE_S)
    assert plain.line()["outcome"] == "client_gone"
    assert plain.line()["status"] == 200


def test_leaving_a_full_socket_closes_the_body(plain: Site) -> None:
    with connect(plain.port) as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(10)
        wait_for(lambda: _is_blocked(plain), "the app waits")
    assert plain.left.wait(DEADLINE_S)
    assert plain.line("/endless")["outcome"] == "client_gone"


def _is_blocked(it: Site) -> bool:
    """While another request was served, the stream did not move."""
    before = it.pieces
    assert httpx.get(it.url + "/echo").status_code == 200
    return before == it.pieces and not it.left.is_set()


# Paths


@pytest.mark.parametrize("path", ["/echo", "//echo", "/echo/", "///echo//"])
def test_slashes_that_are_too_many_mean_nothing(plain: Site, path: str) -> None:
    response = httpx.post(plain.url + path, content=b"text")
    assert response.status_code == 200
    assert response.json() == {"bytes": 4, "path": "/echo"}


# Keys


@pytest.mark.parametrize(
    "header",
    [
        {"Authorization": "Bearer first-key"},
        {"Authorization": "bearer second-key"},
        {"Authorization": "BEARER  first-key "},
        {"api-key": "first-key"},
        {"X-Api-Key": "second-key"},
        {"Authorization": "Basic Zm9v", "api-key": "first-key"},
        {"Authorization": "Bearer wrong", "api-key": "first-key"},
    ],
)
def test_each_key_lets_in_however_it_is_sent(locked: Site, header: dict[str, str]) -> None:
    assert _raw(locked, header).startswith(b"HTTP/1.1 200")
    assert locked.line()["key"] == (2 if "second-key" in str(header) else 1)


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": ""}, {"Authorization": "Bearer "}, {"Authorization": "Basic Zm9v"}]
)
def test_missing_key_is_told_how_to_send_it(locked: Site, header: dict[str, str]) -> None:
    answer = _raw(locked, header)
    assert answer.startswith(b"HTTP/1.1 401")
    error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    assert error["code"] is None
    assert "Authorization: Bearer" in error["message"]
    assert locked.line()["outcome"] == "refused_auth"


@pytest.mark.parametrize(
    "key", ["wrong-key", "first-key2", "first", "first-key,second-key", "undefined", "ä"]
)
def test_wrong_key_is_refused_and_never_said_back(locked: Site, key: str) -> None:
    response = httpx.get(
        locked.url + "/echo", headers=[(b"authorization", b"Bearer " + key.encode("latin-1"))]
    )
    assert response.status_code == 401
    assert error_of(response)["code"] == "invalid_api_key"
    assert response.headers["www-authenticate"] == "Bearer"
    locked.line()
    assert key not in response.text
    assert key not in locked.log.getvalue()


@pytest.mark.parametrize("path", ["/health", "/v1/audio/voices", "//v1/audio/voices/"])
def test_open_routes_need_no_key(locked: Site, path: str) -> None:
    assert httpx.get(locked.url + path).status_code == 200


@pytest.mark.parametrize("header", [None, "Bearer ", "Bearer undefined", "undefined", "Basic Zm9v", ""])
def test_without_keys_everybody_is_let_in(plain: Site, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    assert _raw(plain, headers).startswith(b"HTTP/1.1 200")


def _raw(it: Site, headers: dict[str, str]) -> bytes:
    """A request with headers that httpx would not send."""
    lines = ["GET /echo HTTP/1.1", "Host: x", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return exchange(it.port, "\r\n".join([*lines, "", ""]).encode())


def test_keys_may_come_from_a_file(tmp_path: Any) -> None:
    file = tmp_path / "keys"
    file.write_text("# people\n\n third-key \n", encoding="utf-8")
    with site(api_keys_file=file, **KEYS) as it:
        for key, status in (("third-key", 200), ("first-key", 200), ("# people", 401)):
            headers = {"Authorization": f"Bearer {key}"}
            assert httpx.get(it.url + "/echo", headers=headers).status_code == status
