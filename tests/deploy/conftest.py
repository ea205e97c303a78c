"""Gateways whose workers hum, for what is deployed around them; one of them has seen everything."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, get_args

import httpx
import pytest

from inference.protocol import Role
from tests.support.gateway import Gateway, starting
from tests.support.processes import suspended
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = "the-first-key"
CROWD = 6
"""How many ask at once for more than one worker can do."""

SLOW = "This sentence takes its time! " * 4


@pytest.fixture
def start(tone: Path) -> Iterator[Callable[..., Gateway]]:
    """Starts gateways on the tone model that live as long as the test; options are KOKORO_ variables."""
    with starting(partial(_start, tone)) as start_one:
        yield start_one


@pytest.fixture(scope="module")
def start_one(tone: Path) -> Iterator[Callable[..., Gateway]]:
    """Starts gateways on the tone model that live as long as the module's tests."""
    with starting(partial(_start, tone)) as start_one:
        yield start_one


@pytest.fixture(scope="package")
def eventful(tone: Path) -> Iterator[Gateway]:
    """A gateway that has spoken, refused, failed, lost a worker and replaced the others."""
    gateway = _start(tone, API_KEYS=f"{KEY},the-second-key", QUEUE_S="0")
    try:
        live_through(gateway)
        gateway.process.send_signal(signal.SIGHUP)
        wait_for(lambda: _replaced(gateway) == set(get_args(Role)), "its workers replaced")
        yield gateway
    finally:
        gateway.stop()


def live_through(gateway: Gateway) -> None:
    """Everything that a gateway counts happens to it."""
    for voice, audio_format in (
        ("af_heart", "mp3"),
        ("am_adam", "pcm"),
        ("af_heart", "mp3"),
        ("af_bella", "opus"),
    ):
        assert speak(gateway, "Hello there.", voice, response_format=audio_format).status_code == 200
    assert speak(gateway, "Boom!", "af_crash").status_code == 500
    wait_for(lambda: gateway.get("/ready").status_code == 200, "ready again")
    assert speak(gateway, "", "af_heart").status_code == 400
    assert speak(gateway, key="wrong").status_code == 401
    with ThreadPoolExecutor(CROWD) as clients:
        texts = [
            f"{SLOW} {number}" for number in range(CROWD)
        ]  # those who want the same would share one place
        with suspended(gateway.workers()):  # nobody is spoken to until somebody has been refused
            crowd = [clients.submit(speak, gateway, text, "af_slow") for text in texts]
            wait_for(lambda: any(one.done() for one in crowd), "a refusal")
        assert {one.result().status_code for one in crowd} == {200, 503}


def speak(
    gateway: Gateway, text: str = "Hello.", voice: str = "af_heart", key: str = KEY, **fields: object
) -> httpx.Response:
    """One request for speech, waited for."""
    body = {"model": "tts-1", "input": text, "voice": voice, "response_format": "pcm"} | fields
    headers = {"authorization": f"Bearer {key}"}
    return httpx.post(f"{gateway.base_url}/audio/speech", json=body, headers=headers, timeout=DEADLINE_S)


def _replaced(gateway: Gateway) -> set[str]:
    return {line["role"] for line in list(gateway.lines) if line["event"] == "worker_replaced"}


def _start(tone: Path, **variables: str) -> Gateway:
    options = {"WORKERS": "1", "THREADS": "1", "LOG_LEVEL": "debug"} | variables
    return Gateway.start("tests.support.tone_server", str(tone), **options)
