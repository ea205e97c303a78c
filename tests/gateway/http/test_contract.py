"""What clients of the OpenAI speech API rely on, line by line, against running gateways."""

from __future__ import annotations

import json
import signal
import socket
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from gateway.http.schema import MODELS
from gateway.speech.voices import OPENAI_VOICES
from tests.support.gateway import Gateway
from tests.support.orders import LONG, ORDER, error_of, speak, spoken
from tests.support.serving import connect, exchange
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

HEADERS = {"Authorization": "Bearer a-key"}
BREAKS_OFF = "All is well with the first words. " * 4 + "Not so with the last words!"


def post(gateway: Gateway, body: bytes, **headers: str) -> httpx.Response:
    return httpx.post(f"{gateway.base_url}/audio/speech", content=body, headers=headers, timeout=60)


def told(response: httpx.Response) -> tuple[int, str, str | None, str | None]:
    """Status, type, param and code of an error that has all that every error has."""
    error = error_of(response)
    assert error["message"]
    assert response.headers["x-request-id"]
    assert response.headers["access-control-allow-origin"] == "*"
    assert int(response.headers["openai-processing-ms"]) >= 0
    return response.status_code, error["type"], error["param"], error["code"]


# Requests that are taken


@pytest.mark.parametrize(
    "model", [*MODELS, "tts-1-1106", "gpt-4o-mini-tts-2025-12-15", "openai/tts-1", "my/kokoro"]
)
def test_every_speech_model_speaks_and_sends_events(gateway: Gateway, model: str) -> None:
    assert spoken(gateway, model=model, response_format="pcm")
    events = speak(gateway, model=model, response_format="pcm", stream_format="sse")
    assert events.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize("voice", [*OPENAI_VOICES, "ALLOY", "AF_Heart", {"id": "alloy"}, {"id": "af_heart"}])
def test_voices_are_known_in_any_case_and_as_objects(gateway: Gateway, voice: Any) -> None:
    assert spoken(gateway, voice=voice, response_format="pcm")


def test_absent_voice_is_the_default_voice(gateway: Gateway) -> None:
    order = {name: value for name, value in ORDER.items() if name != "voice"}
    bodies = [order, order | {"voice": None}, order | {"voice": ""}]
    for number, body in enumerate(bodies):
        headers = {"X-Request-ID": f"no-voice-{number}"}
        assert post(gateway, json.dumps(body).encode(), **headers).status_code == 200
        line = wait_for(lambda h=headers: gateway.requests(request_id=h["X-Request-ID"]), "its line")[0]  # type: ignore[misc]
        assert line["voice"] == "af_heart"


@pytest.mark.parametrize(
    "fields",
    [
        {"instructions": None},
        {"instructions": "None"},
        {"instructions": "cheerfully " * 400},
        {"response_format": None, "speed": None, "stream_format": None},
        {"backend": "x", "user": "me", "metadata": {"a": [1]}, "normalization_options": {"normalize": False}},
        {"return_download_link": True, "seed": 7},
        {"speed": 1},
        {"input": "é " * 2048, "speed": 4},
    ],
    ids=",".join,
)
def test_fields_that_clients_send_along_do_no_harm(gateway: Gateway, fields: dict[str, Any]) -> None:
    response = speak(gateway, **fields)
    assert response.status_code == 200
    assert response.headers["content-type"] == "audio/mpeg"


@pytest.mark.parametrize(("speed", "ratio"), [(0.25, 4.0), (0.5, 2.0), (1, 1.0), (2, 0.5), (4.0, 0.25)])
def test_speed_changes_the_length_over_its_whole_range(gateway: Gateway, speed: float, ratio: float) -> None:
    plain = len(spoken(gateway, response_format="pcm", input=LONG))
    assert len(spoken(gateway, response_format="pcm", input=LONG, speed=speed)) / plain == pytest.approx(
        ratio, rel=0.1
    )


def test_body_may_come_in_chunks(gateway: Gateway) -> None:
    body = json.dumps(ORDER | {"response_format": "pcm"}).encode()
    url = f"{gateway.base_url}/audio/speech"
    parts = iter([body[:10], body[10:]])
    assert httpx.post(url, content=parts, timeout=60).content == spoken(gateway, response_format="pcm")


def test_headers_of_the_sdks_are_taken(gateway: Gateway) -> None:
    headers = {
        "Accept": "application/octet-stream",
        "OpenAI-Organization": "org",
        "OpenAI-Project": "project",
        "X-Stainless-Retry-Count": "0",
        "X-Stainless-Read-Timeout": "600",
    }
    assert post(gateway, json.dumps(ORDER).encode(), **headers).status_code == 200


# Errors

INVALID = "invalid_request_error"
BODIES: list[tuple[bytes, int, str | None, str | None]] = [
    (b"", 400, None, None),
    (b"{", 400, None, None),
    (b"[]", 400, None, None),
    (b'{"model": "tts-1", "input": "\xff"}', 400, None, None),
    (b"[" * 100_000, 400, None, None),
    (b'{"input": "x", "voice": "alloy"}', 400, "model", "missing_required_parameter"),
    (b'{"model": "tts-1", "voice": "alloy"}', 400, "input", "missing_required_parameter"),
    (b'{"model": "tts-1", "input": null}', 400, "input", "missing_required_parameter"),
]
FIELDS: list[tuple[dict[str, Any], int, str, str]] = [
    ({"input": 123}, 400, "input", "invalid_type"),
    ({"input": ["x"]}, 400, "input", "invalid_type"),
    ({"model": 5}, 400, "model", "invalid_type"),
    ({"voice": 7}, 400, "voice", "invalid_type"),
    ({"voice": {"name": "alloy"}}, 400, "voice", "invalid_type"),
    ({"speed": "fast"}, 400, "speed", "invalid_type"),
    ({"response_format": 5}, 400, "response_format", "invalid_type"),
    ({"voice": "nobody"}, 400, "voice", "invalid_value"),
    ({"voice": {"id": "nobody"}}, 400, "voice", "invalid_value"),
    ({"model": "whisper-1"}, 404, "model", "model_not_found"),
    ({"input": "字" * 4097}, 400, "input", "string_above_max_length"),
    ({"input": ""}, 400, "input", "empty_string"),
    ({"input": " \n\t"}, 400, "input", "empty_string"),
    ({"response_format": "ogg"}, 400, "response_format", "invalid_value"),
    ({"stream_format": "websocket"}, 400, "stream_format", "invalid_value"),
    ({"speed": 0.24}, 400, "speed", "decimal_out_of_range"),
    ({"speed": 4.01}, 400, "speed", "decimal_out_of_range"),
    ({"speed": float("nan")}, 400, "speed", "decimal_out_of_range"),
    ({"speed": float("-inf")}, 400, "speed", "decimal_out_of_range"),
]


@pytest.mark.parametrize(("body", "status", "param", "code"), BODIES, ids=range(len(BODIES)))
def test_body_that_cannot_be_read_is_refused(
    gateway: Gateway, body: bytes, status: int, param: str | None, code: str | None
) -> None:
    assert told(post(gateway, body)) == (status, INVALID, param, code)


@pytest.mark.parametrize("stream_format", ["audio", "sse"])
@pytest.mark.parametrize(("fields", "status", "param", "code"), FIELDS, ids=range(len(FIELDS)))
def test_field_that_cannot_be_taken_is_refused_in_json(
    gateway: Gateway, fields: dict[str, Any], status: int, param: str, code: str, stream_format: str
) -> None:
    body = json.dumps(ORDER | {"stream_format": stream_format} | fields).encode()
    assert told(post(gateway, body)) == (status, INVALID, param, code)


@pytest.mark.parametrize("header", [{}, {"Authorization": "a-key"}, {"Authorization": "Basic YS1rZXk="}])
def test_key_that_is_missing_is_asked_for(locked: Gateway, header: dict[str, str]) -> None:
    response = post(locked, b"", **header)
    assert told(response) == (401, INVALID, None, None)
    assert "Authorization: Bearer" in response.json()["error"]["message"]


def test_key_that_is_wrong_is_not_said_back(locked: Gateway) -> None:
    response = post(locked, b"", Authorization="Bearer sk-secret-of-someone")
    assert told(response) == (401, INVALID, None, "invalid_api_key")
    assert "secret" not in response.text + str(response.headers)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/v1/chat/completions", 404, None),
        ("GET", "/v1", 404, None),
        ("POST", "/v1/audio/voice_consents", 404, None),
        ("DELETE", "/v1/audio/voices/voice_1", 404, None),
        ("POST", "/v1/audio/voices", 405, "method_not_supported"),
        ("GET", "/v1/audio/speech", 405, "method_not_supported"),
        ("DELETE", "/v1/audio/speech", 405, "method_not_supported"),
    ],
)
def test_what_is_not_there_is_told_in_the_envelope(
    gateway: Gateway, method: str, path: str, status: int, code: str | None
) -> None:
    response = httpx.request(method, gateway.root + path)
    assert told(response) == (status, INVALID, None, code)
    assert ("allow" in response.headers) == (status == 405)


def test_body_that_is_too_large_is_refused(gateway: Gateway) -> None:
    assert told(post(gateway, b" " * ((1 << 20) + 1))) == (413, INVALID, None, None)


def test_fault_before_the_first_audio_is_told_without_its_cause(gateway: Gateway) -> None:
    for fields in ({}, {"stream_format": "sse"}, {"stream": False}):
        response = speak(gateway, voice="af_fail", input="Boom!", **fields)
        assert told(response) == (500, "server_error", None, None)
        assert "must not reach" not in response.text
        assert "Traceback" not in response.text


def test_requests_over_the_limit_of_a_key_are_told_when_to_come_back(
    tone: Path, request: pytest.FixtureRequest
) -> None:
    options = {"WORKERS": "1", "THREADS": "1", "API_KEYS": "a-key", "KEY_REQUESTS": "1"}
    gateway = Gateway.start("tests.support.tone_server", str(tone), **options)
    request.addfinalizer(gateway.stop)
    order = ORDER | {"voice": "af_slow", "input": "This takes time! " * 100}
    url = f"{gateway.base_url}/audio/speech"
    with httpx.stream("POST", url, json=order, headers=HEADERS, timeout=60) as first:
        assert first.status_code == 200
        refused = post(gateway, json.dumps(ORDER).encode(), **HEADERS)
    assert told(refused) == (429, "requests", None, "rate_limit_exceeded")
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    assert gateway.stop() == 0


def test_faults_are_found_in_the_order_key_body_fields_model_voice(locked: Gateway) -> None:
    order: dict[str, Any] = {"model": "whisper-1", "input": "", "voice": "nobody"}
    found: list[Any] = [told(post(locked, b"{"))[0], told(post(locked, b"{", **HEADERS))[0]]
    for repair in ({}, {"input": "Hello."}, {"model": "tts-1"}):
        order |= repair
        found.append(told(post(locked, json.dumps(order).encode(), **HEADERS))[2])
    assert found == [401, 400, "input", "model", "voice"]


def test_gateway_that_is_closing_still_finds_faults_before_it_refuses(
    tone: Path, request: pytest.FixtureRequest
) -> None:
    gateway = Gateway.start("tests.support.tone_server", str(tone), WORKERS="1", THREADS="1")
    request.addfinalizer(gateway.stop)
    order = ORDER | {"voice": "af_slow", "input": "This takes time! " * 100}
    with httpx.stream("POST", f"{gateway.base_url}/audio/speech", json=order, timeout=60) as running:
        assert running.status_code == 200
        gateway.process.send_signal(signal.SIGTERM)
        wait_for(lambda: gateway.get("/ready").status_code == 503, "not ready")
        assert told(speak(gateway, voice="nobody"))[0] == 400
        refused = speak(gateway)
    assert told(refused) == (503, "server_error", None, "overloaded")
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    assert "x-should-retry" not in refused.headers
    assert gateway.stop() == 0


def test_connection_is_good_for_more_after_every_error(locked: Gateway) -> None:
    with httpx.Client(base_url=locked.root, headers=HEADERS) as client:
        answers = [
            client.post("/v1/audio/speech", content=b"{"),
            client.post("/v1/audio/speech", json=ORDER, headers={"Authorization": "Bearer wrong"}),
            client.post("/v1/audio/speech", content=b" " * ((1 << 20) + 1)),
            client.get("/v1/audio/speech"),
            client.get("/v1/nowhere"),
            client.post("/v1/audio/speech", json=ORDER),
        ]
        ports = {a.extensions["network_stream"].get_extra_info("client_addr")[1] for a in answers}
    assert [answer.status_code for answer in answers] == [400, 401, 413, 405, 404, 200]
    assert len(ports) == 1


# Answers


def test_answer_has_the_headers_that_openai_sends(gateway: Gateway) -> None:
    first, second = speak(gateway), speak(gateway)
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert first.headers["openai-version"] == "2020-10-01"
    assert int(first.headers["openai-processing-ms"]) >= 0
    assert first.headers["cache-control"] == "no-cache"
    assert "content-length" not in first.headers


@pytest.mark.parametrize("path", ["/v1/audio/speech", "/v1/models", "/v1/audio/voices", "/nowhere"])
def test_preflight_needs_no_key(locked: Gateway, path: str) -> None:
    wanted = "authorization, content-type, x-stainless-os"
    headers = {
        "Origin": "app://obsidian.md",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": wanted,
        "Access-Control-Request-Private-Network": "true",
    }
    answer = httpx.options(locked.root + path, headers=headers)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] in {"*", "app://obsidian.md"}
    assert {"GET", "POST"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    assert answer.headers["access-control-allow-headers"] == wanted
    assert answer.headers["access-control-allow-private-network"] == "true"


def test_web_page_may_read_the_id_of_its_request(gateway: Gateway) -> None:
    exposed = speak(gateway).headers["access-control-expose-headers"].lower().split(", ")
    assert {"x-request-id", "retry-after", "server-timing"} <= set(exposed)


# Connections


@pytest.mark.parametrize("accept", ["audio", "sse"])
def test_http_1_0_is_cut_by_a_reset(gateway: Gateway, accept: str) -> None:
    order = ORDER | {"voice": "af_fail", "input": BREAKS_OFF, "stream_format": accept}
    body = json.dumps(order).encode()
    head = f"POST /v1/audio/speech HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with pytest.raises(ConnectionResetError):
        exchange(gateway.port, head + body)


def test_success_is_told_only_when_there_is_audio(gateway: Gateway) -> None:
    order, begun = ORDER | {"voice": "af_slow", "input": "Slow!"}, time.monotonic()
    with httpx.stream("POST", f"{gateway.base_url}/audio/speech", json=order, timeout=60) as response:
        assert response.status_code == 200
        assert time.monotonic() - begun > 0.5, "its first segment takes half a second"


def test_client_may_send_its_body_late(gateway: Gateway) -> None:
    body = json.dumps(ORDER | {"response_format": "pcm"}).encode()
    head = (
        "POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with connect(gateway.port) as connection:
        connection.sendall(head.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"0\r\n\r\n")


def test_line_that_is_not_http_is_refused_without_harm(gateway: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=DEADLINE_S) as connection:
        connection.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b" 400 " in answer.partition(b"\r\n")[0]
    assert gateway.get("/health").status_code == 200
