"""What replies take in the gateway's own memory, on the server as it is run, with a model that hums."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest

from tests.support.gateway import Gateway
from tests.support.waiting import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_MB = 100
"""What replies may add to the idle figure."""

MOST_HEALTH_S = 0.5
"""For half of the questions: the machine is busy with six requests and their clients. Alone the worst is 50 ms."""

SLOWEST = {"speed": 0.25, "sample_rate": 48000, "voice": "af_heart", "model": "tts-1"}


@pytest.fixture
def gateway(tone: Path) -> Iterator[Gateway]:
    started = Gateway.start("tests.support.tone_server", str(tone), WORKERS="2", THREADS="1")
    yield started
    assert started.stop() == 0


class Watch:
    """The most memory that a process took, and how long it took to say that it is well. Lives as long as a test."""

    def __init__(self, gateway: Gateway) -> None:
        self.process = psutil.Process(gateway.process.pid)
        self.url = f"{gateway.root}/health"
        self.idle_mb = self.most_mb = self._megabytes()
        self.health_s: list[float] = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._weigh), threading.Thread(target=self._ask)]

    def __enter__(self) -> Watch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _megabytes(self) -> float:
        return self.process.memory_full_info().uss / 1e6

    def _weigh(self) -> None:
        while not self._ended.wait(0.05):
            self.most_mb = max(self.most_mb, self._megabytes())

    def _ask(self) -> None:
        with httpx.Client() as client:
            while not self._ended.wait(0.05):
                began = time.perf_counter()
                assert client.get(self.url, timeout=DEADLINE_S).status_code == 200
                self.health_s.append(time.perf_counter() - began)


def text(number: int) -> str:
    """75 paragraphs of 50 characters."""
    return "\n\n".join([f"Reader {number} hears that same short paragraph again."] * 75)


@pytest.mark.parametrize("name", ["wav", "flac"])
def test_six_long_replies_in_one_piece_take_little_memory_and_hold_up_nobody(
    gateway: Gateway, name: str
) -> None:
    def ask(number: int) -> tuple[int, int, dict[str, str]]:
        order: dict[str, Any] = {"input": text(number), "response_format": name, "stream": False}
        with (
            httpx.Client(timeout=120) as client,
            client.stream("POST", f"{gateway.base_url}/audio/speech", json=SLOWEST | order) as response,
        ):
            return response.status_code, sum(map(len, response.iter_bytes())), dict(response.headers)

    with Watch(gateway) as watch, ThreadPoolExecutor(6) as clients:
        answers = list(clients.map(ask, range(6)))
    spoken = [(size, headers) for status, size, headers in answers if status == 200]
    refused = [headers for status, _, headers in answers if status == 503]
    assert len(spoken) + len(refused) == 6
    assert spoken
    assert all(size == int(headers["content-length"]) for size, headers in spoken)
    assert all(1 <= int(headers["retry-after"]) <= 30 for headers in refused)
    assert watch.most_mb - watch.idle_mb < MOST_MB
    assert median(watch.health_s) < MOST_HEALTH_S
    assert max(watch.health_s) < 10 * MOST_HEALTH_S


def test_a_stream_does_not_run_ahead_of_a_reader_who_has_stopped(gateway: Gateway) -> None:
    order = {"input": text(0), "response_format": "wav", "stream": True}
    with (
        Watch(gateway) as watch,
        httpx.Client(timeout=120) as client,
        client.stream("POST", f"{gateway.base_url}/audio/speech", json=SLOWEST | order) as response,
    ):
        parts = response.iter_raw()
        next(parts)
        time.sleep(5)
        jobs = [worker["jobs"] for worker in gateway.get("/status").json()["workers"]]
        assert watch.most_mb - watch.idle_mb < 30
    assert sum(jobs) < 20, "it is the look-ahead that was spoken, not all"
