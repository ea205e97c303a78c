from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from gateway.audio.encoders import ENCODERS
from tests.deploy.redis_server import RedisServer, redis_server
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.gateway import Gateway

SHARED = {"CACHE_SECRET": "what-the-gateways-share"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Shared by the two gateways below."""
    with redis_server(tmp_path_factory.mktemp("redis")) as started:
        yield started


@pytest.fixture(scope="module")
def pair(server: RedisServer, start_one: Callable[..., Gateway]) -> tuple[Gateway, Gateway]:
    """Two gateways with one remote cache."""
    one, other = (start_one(CACHE_URL=server.url, **SHARED) for _ in range(2))
    for gateway in (one, other):
        answers(gateway)
    return one, other


def remote(gateway: Gateway) -> dict[str, Any]:
    """What its status says of the remote cache."""
    found: dict[str, Any] = gateway.status()["cache"]["remote"]
    return found


def answers(gateway: Gateway) -> None:
    """Wait until it has found its server."""
    wait_for(lambda: remote(gateway)["is_answering"], "the server of the remote cache found")


def speak(gateway: Gateway, text: str, **fields: Any) -> httpx.Response:
    body = {"model": "tts-1", "input": text, "voice": "af_heart", "response_format": "pcm"} | fields
    return httpx.post(f"{gateway.base_url}/audio/speech", json=body, timeout=DEADLINE_S)


def written(gateway: Gateway) -> None:
    """Wait until all that it has spoken is with the server."""
    wait_for(
        lambda: not remote(gateway)["queued"] and remote(gateway)["written"], "what was spoken is written"
    )


def line(gateway: Gateway, answer: httpx.Response) -> dict[str, Any]:
    """The log line of a request."""
    request_id = answer.headers["x-request-id"]
    (found,) = wait_for(lambda: gateway.requests(request_id=request_id), "its line")
    return dict(found)


@pytest.mark.parametrize("audio_format", list(ENCODERS))
def test_what_one_gateway_has_spoken_another_answers(
    pair: tuple[Gateway, Gateway], audio_format: str
) -> None:
    one, other = pair
    text = f"Said once as {audio_format}, it is known everywhere. There are two sentences."
    speak(one, text, response_format=audio_format)
    first = speak(one, text, response_format=audio_format)
    written(one)
    again = speak(other, text, response_format=audio_format)
    assert again.headers["x-cache"] == "hit"
    assert (again.content, again.headers["content-type"]) == (first.content, first.headers["content-type"])
    there, here = line(one, first), line(other, again)
    assert (there["cache_tier"], here["cache_tier"]) == ("local", "remote")
    assert not {"inference_ms", "phonemes_ms", "queue_ms", "worker_pids"} & set(here)
    for name in ("audio_s", "segments", "bytes_sent", "characters", "voice", "format"):
        assert here[name] == there[name]
    assert line(other, speak(other, text, response_format=audio_format))["cache_tier"] == "local"
