from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

import pytest

from tests.deploy.proxies import caddy, haproxy, made_certificate, nginx, nginx_fleet
from tests.deploy.tools import free_port
from tests.support.processes import suspended
from tests.support.streams import SLOW
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from tests.deploy.proxies import Proxy
    from tests.support.gateway import Gateway


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory with a certificate for the name in the snippets, signed by itself."""
    return made_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def gateway(start_one: Callable[..., Gateway]) -> Gateway:
    """What stands behind the proxies."""
    return start_one(CACHE_ENTRIES="0")


PROXIES = pytest.mark.parametrize(
    "proxy", [nginx, caddy, nginx_fleet, haproxy], ids=lambda proxy: proxy.__name__
)


def body(text: str, voice: str = "af_heart", **fields: object) -> dict[str, object]:
    return {"model": "tts-1", "input": text, "voice": voice, "response_format": "pcm"} | fields


@PROXIES
@pytest.mark.parametrize("stream_format", ["audio", "sse"])
def test_sound_goes_out_as_it_is_made(
    proxy: Proxy,
    stream_format: str,
    gateway: Gateway,
    tmp_path: Path,
    certificate: Path,
) -> None:
    with proxy(tmp_path, certificate, [gateway.port, free_port()]) as reader:
        asked = body(SLOW, "af_slow", stream_format=stream_format)
        with reader.stream("POST", "/v1/audio/speech", json=asked) as answer:
            assert next(answer.iter_raw())
            with suspended(gateway.workers()):
                wait_for(lambda: gateway.is_speaking, "a segment that is yet to be spoken")


@PROXIES
def test_a_websocket_passes(proxy: Proxy, gateway: Gateway, tmp_path: Path, certificate: Path) -> None:
    path = "/v1/text-to-speech/af_heart/stream-input"
    upgrade = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
    upgrade |= {"Connection": "Upgrade", "Upgrade": "websocket"}
    with proxy(tmp_path, certificate, [gateway.port, free_port()]) as reader:
        with reader.stream("GET", path, headers=upgrade) as answer:
            assert answer.status_code == 101
        assert reader.get(path).status_code == 404


@PROXIES
def test_a_hang_up_reaches_the_gateway_and_figures_reach_nobody(
    proxy: Proxy,
    gateway: Gateway,
    tmp_path: Path,
    certificate: Path,
) -> None:
    with proxy(tmp_path, certificate, [gateway.port, free_port()]) as reader:
        for path in (b"/metrics", b"/status", b"/metrics/", b"//metrics", b"/metric%73", b"/status/events"):
            answer = reader.get(reader.base_url.copy_with(raw_path=path))
            assert answer.status_code == 404
            assert "x-request-id" not in answer.headers  # the proxy said so, not the gateway
        with reader.stream("POST", "/v1/audio/speech", json=body(SLOW, "af_slow")) as answer:
            next(answer.iter_raw())
        (line,) = wait_for(lambda: gateway.requests(request_id=answer.headers["x-request-id"]), "its line")
        assert line["outcome"] == "client_gone"


@PROXIES
def test_the_gateway_itself_answers_what_is_too_large(
    proxy: Proxy,
    gateway: Gateway,
    tmp_path: Path,
    certificate: Path,
) -> None:
    with proxy(tmp_path, certificate, [gateway.port, free_port()]) as reader:
        answer = reader.post("/v1/audio/speech", content=b"x" * ((1 << 20) + 1))
        assert answer.status_code == 413
        assert answer.json()["error"]["type"] == "invalid_request_error"


def test_nginx_upgrades_without_a_lost_request(
    start: Callable[..., Gateway], tmp_path: Path, certificate: Path
) -> None:
    """The old release drains while the new one serves, under a load that never pauses."""
    old, new = start(CACHE_ENTRIES="0"), start(CACHE_ENTRIES="0")
    over, answers = Event(), []

    def speak_once(reader: httpx.Client) -> None:
        answer = reader.post("/v1/audio/speech", json=body("Hello there!", "af_slow"))
        answers.append(answer.status_code if len(answer.content) > 1000 else 0)

    def speak_on(reader: httpx.Client) -> None:
        while not over.is_set():
            speak_once(reader)

    def meets_the_drain(reader: httpx.Client) -> bool:
        speak_once(reader)
        return bool(old.requests(outcome="draining"))

    with nginx(tmp_path, certificate, [old.port, new.port]) as reader, ThreadPoolExecutor(6) as clients:
        asking = [clients.submit(speak_on, reader) for _ in range(6)]
        try:
            wait_for(lambda: spoken(old) > 1 and spoken(new) > 1, "both serve")
            with suspended(old.workers()):  # it has a request to end first, however slow the proxy is
                wait_for(lambda: old.is_speaking, "a request for the old one")
                old.process.send_signal(signal.SIGTERM)
                wait_for(lambda: meets_the_drain(reader), "a request that meets the drain")
            assert old.process.wait(DEADLINE_S) == 0
            before = spoken(new)
            wait_for(lambda: spoken(new) > before + 4, "the new one serves alone")
        finally:
            over.set()
        for one in asking:
            one.result()
    assert len(answers) > 8
    assert set(answers) == {200}


def spoken(gateway: Gateway) -> int:
    return len(gateway.requests(outcome="ok", path="/v1/audio/speech"))
