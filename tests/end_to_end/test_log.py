"""The log under a reader that has stopped, and what it never holds."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest

from gateway.http.routes import ENDPOINTS, paths
from tests.support.faults import FAULTS
from tests.support.gateway import Gateway
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "sk-quagga.4711"
OTHER_KEY = "sk-quagga:1234"
TEXT = "Mumbling quokkas, whispering!"
BASIC = base64.b64encode(f"user:{KEY}".encode()).decode()
SECRETS = re.compile(f"quagga|quokka|{BASIC}", re.IGNORECASE)

PATHS = sorted(re.sub(r"\{[^}]+\}", quote(TEXT), path) for path in paths(ENDPOINTS))
ENDLESS = "/status/events"
"""Whoever asks there leaves in the end."""

HEADERS = (
    *(
        "authorization",
        "api-key",
        "x-api-key",
        "xi-api-key",
        "x-request-id",
        "traceparent",
        "tracestate",
        "baggage",
    ),
    *("cookie", "user-agent", "referer", "origin", "host", "accept", "accept-language", "cache-control"),
    *("content-type", "content-encoding", "x-forwarded-for", "forwarded", "idempotency-key", "from"),
    *("access-control-request-headers", "access-control-request-method", "openai-organization", "via"),
)
FIELDS = (
    *("input", "model", "voice", "response_format", "speed", "stream_format", "lang_code", "instructions"),
    *("volume_multiplier", "sample_rate", "user", "normalization_options", "download_format", "metadata"),
    *("text", "model_id", "language_code", "voice_settings", "previous_text", "seed"),
)


@pytest.fixture(scope="module")
def talkative(tone: Path) -> Iterator[Gateway]:
    """A gateway with keys that logs all it can; it has as many workers as are lost, so that none is waited for."""
    gateway = Gateway.start(
        "tests.support.tone_server",
        str(tone),
        **{"WORKERS": "6", "THREADS": "1", "LOG_LEVEL": "debug", "API_KEYS": f"{KEY},{OTHER_KEY}"},
        JOB_TIMEOUT_S="1",
    )
    yield gateway
    gateway.stop()


def bodies() -> Iterator[Any]:
    """JSON with a secret in each place: of a known field, of an unknown one, of the name of a field, of the whole."""
    speech = {"model": "tts-1", "input": TEXT, "voice": "af_heart", "response_format": "pcm"}
    yield from (speech, speech | {"stream": False}, speech | {"stream_format": "sse"})
    yield from (speech | {"voice": voice} for voice in sorted(FAULTS))
    for secret in (TEXT, KEY):
        yield from (speech | {field: secret} for field in FIELDS)
        yield from (speech | {field: {secret: [secret]}} for field in FIELDS)
        yield from (speech | {secret: 1}, [secret], secret)


def everything_that_a_client_can_send(gateway: Gateway) -> int:
    """Send it; how many requests it was."""
    sent = 0
    ours = {"authorization": f"Bearer {KEY}"}
    query = f"?input={quote(TEXT)}&api_key={KEY}&{quote(TEXT)}"
    with httpx.Client(timeout=120) as client:
        for path in PATHS:
            for method in ("GET", "POST", "DELETE", "OPTIONS", f"QUOKKA{path.count('/')}"):
                for headers in (ours, {"api-key": OTHER_KEY}, {"x-api-key": "sk-quagga-wrong"}, {}):
                    url = f"{gateway.root}{path}{query}"
                    with client.stream(method, url, headers=headers, content=TEXT) as response:
                        if path != ENDLESS:
                            response.read()
                    sent += 1
            client.get(f"{gateway.root}{path}/{quote(TEXT)}/{KEY}{query}", headers=ours)
            sent += 1
        for body in bodies():
            content = json.dumps(body).encode()
            client.post(f"{gateway.base_url}/audio/speech", content=content, headers=ours)
            sent += 1
        for name in HEADERS:
            for value in (KEY, f"Bearer {KEY}", f"Basic {BASIC}", quote(TEXT), TEXT, f"Bearer {TEXT}"):
                for method, path in (
                    ("GET", "/v1/models"),
                    ("POST", "/v1/audio/speech"),
                    ("GET", "/nowhere"),
                ):
                    client.request(method, f"{gateway.root}{path}", headers={name: value})
                    sent += 1
    return sent


def speak_garbage(gateway: Gateway) -> None:
    """What is no request at all, or an upgrade to what is not spoken here."""
    speech = f'{{"model": "tts-1", "input": "{TEXT}", "voice": "af_heart"}}'
    head = f"Host: x\r\nAuthorization: Bearer {KEY}\r\n"
    for sent in (
        f"{TEXT} {KEY}\r\n\r\n",
        f"GET /{KEY} HTTP/9.9\r\n{TEXT}\r\n\r\n",
        f"GET /{TEXT} HTTP/1.1\r\n{head}\r\n",
        f"POST /v1/audio/speech HTTP/1.1\r\n{head}Content-Length: {KEY}\r\n\r\n{speech}",
        f"POST /v1/audio/speech HTTP/1.1\r\n{head}Content-Length: 10000\r\n\r\n{speech}",
        f"POST /v1/audio/speech HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n{TEXT}\r\n{KEY}",
        f"GET /v1/{KEY} HTTP/1.1\r\n{head}Upgrade: h2c\r\nHTTP2-Settings: {KEY}\r\n\r\n",
        f"GET /{KEY} HTTP/1.1\r\n{head}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {KEY}\r\n\r\n",
        f"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{TEXT}{KEY}",
    ):
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=DEADLINE_S) as connection:
            connection.sendall(sent.encode())
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 16):
                pass


def test_no_line_of_any_route_holds_a_key_or_a_text_at_debug_level(talkative: Gateway) -> None:
    sent = everything_that_a_client_can_send(talkative)
    speak_garbage(talkative)
    wait_for(lambda: len(talkative.requests()) >= sent, "a line for each request")
    assert talkative.stop() == 0
    said = [*map(json.dumps, talkative.lines), *talkative.printed]
    assert any("request_failed" in line for line in said), "the faults were not reached"
    assert [line for line in said if SECRETS.search(line)] == []


@contextmanager
def unread(tone: Path, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """A gateway whose log goes to a pipe that nobody reads: its process, its URL and the end to read from."""
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    options = {"WORKERS": "1", "THREADS": "1", "LOG_LEVEL": "debug", "DRAIN_S": "1"} | variables
    command = [sys.executable, "-m", "tests.support.tone_server", str(tone)]
    environment = os.environ | {f"KOKORO_{name}": value for name, value in options.items()}
    with subprocess.Popen(
        command, env=environment, stdout=theirs, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(theirs)
        try:
            assert process.stderr is not None
            found = next(filter(None, (re.search(r"(http://\S+)/v1", line) for line in process.stderr)))
            yield process, found[1], ours
        finally:
            process.kill()
            os.close(ours)


@pytest.mark.skipif(not hasattr(fcntl, "F_SETPIPE_SZ"), reason="the size of a pipe cannot be set here")
def test_a_log_reader_that_stops_stops_no_request_and_no_sigterm(tone: Path) -> None:
    body = {"model": "tts-1", "input": "Hello.", "voice": "af_heart", "response_format": "pcm"}
    with unread(tone) as (process, url, _), httpx.Client(timeout=DEADLINE_S) as client:
        for _ in range(100):
            assert client.get(f"{url}/health").status_code == 200
            assert client.get(f"{url}/nowhere").status_code == 404
            assert client.post(f"{url}/v1/audio/speech", json=body).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0


@pytest.mark.skipif(not hasattr(fcntl, "F_SETPIPE_SZ"), reason="the size of a pipe cannot be set here")
def test_a_log_reader_that_reads_again_is_told_what_it_missed(tone: Path) -> None:
    with unread(tone) as (process, url, log), httpx.Client(timeout=DEADLINE_S) as client:

        def dropped() -> float:
            found = re.search(
                r"^kokoro_log_lines_dropped_total (\S+)$", client.get(f"{url}/metrics").text, re.M
            )
            assert found
            return float(found[1])

        assert dropped() == 0
        while not dropped():
            ask_for_nothing(int(url.rpartition(":")[2]), 500)
        with os.fdopen(os.dup(log)) as reader:
            told = next(line for line in map(json.loads, reader) if line["event"] == "log_lines_dropped")
        assert told["level"] == "warning"
        assert 0 < told["lines"] <= dropped()
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0


def ask_for_nothing(port: int, times: int) -> None:
    """So many requests on one connection, all at once, each of them a line of the log."""
    ask = b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as connection:
        connection.sendall(ask * (times - 1) + last)
        while connection.recv(1 << 16):
            pass
