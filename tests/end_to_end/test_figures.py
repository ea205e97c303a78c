"""A mixed load, and then the three views of it: log lines, metrics and status must agree on every count."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.streams import open_stream
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.gateway import Gateway

SLOW = " ".join(f"Sentence {number} of this takes its time!" for number in range(12))
KEY = {"authorization": "Bearer a-key"}


def speak(gateway: Gateway, text: str, headers: dict[str, str] = KEY, **fields: Any) -> None:
    body = {"model": "tts-1", "input": text, "voice": "af_heart", "response_format": "mp3"} | fields
    try:
        httpx.post(f"{gateway.base_url}/audio/speech", json=body, headers=headers, timeout=60)
    except httpx.RemoteProtocolError:
        assert "voice" in fields, "only a broken voice may cut the connection"


def hang_up(gateway: Gateway) -> None:
    with open_stream(gateway, SLOW, "af_slow", key="a-key") as connection:
        assert connection.recv(10)


def replay(gateway: Gateway) -> int:
    """Send everything that can happen to a request, many at once; how many were sent."""
    load: list[Callable[[], None]] = []
    for number in range(4):
        text = f"This is text number {number}. It has a second sentence, too."
        load += [partial(speak, gateway, text, response_format=name) for name in ("mp3", "wav", "mp3", "pcm")]
        load += [
            lambda: speak(gateway, "x", voice="nobody"),
            lambda: speak(gateway, ""),
            lambda: speak(gateway, "No key.", headers={}),
            lambda: speak(gateway, "No!", voice="af_fail"),
            lambda: speak(gateway, "Boom!", voice="af_crash"),
            lambda: speak(gateway, "All is well at first, as you hear. " * 3 + "No!", voice="af_fail"),
            lambda: speak(gateway, "Once more, slowly!", voice="af_slow"),
            lambda: speak(gateway, "Not kept.", headers=KEY | {"cache-control": "no-store"}),
            lambda: speak(gateway, "In events.", stream_format="sse"),
            lambda: hang_up(gateway),
        ]
    with ThreadPoolExecutor(6) as clients:
        for sent in [clients.submit(one) for one in load]:
            sent.result()
    return len(load)


@pytest.fixture
def gateway(start: Callable[..., Gateway]) -> Gateway:
    return start(CACHE_MB="64", API_KEYS="a-key", QUEUE_S="1000")


def metrics(gateway: Gateway) -> Counter[tuple[str, frozenset[tuple[str, str]]]]:
    text = gateway.get("/metrics", headers=KEY).text
    return Counter(
        {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
    )


def test_log_metrics_and_status_agree_on_every_count(gateway: Gateway) -> None:
    sent = replay(gateway)
    lines = wait_for(
        lambda: len(found := gateway.requests(path="/v1/audio/speech")) == sent and found,
        "every request's line",
    )
    gateway.get("/v1/models", headers=KEY)  # is no speech
    found = metrics(gateway)
    status = gateway.get("/status", headers=KEY).json()

    def metric(name: str, **labels: str) -> float:
        return float(found[f"kokoro_{name}", frozenset(labels.items())])

    def summed(name: str, by: str) -> dict[str, float]:
        sums: Counter[str] = Counter()
        for (sample, labels), value in found.items():
            if sample == f"kokoro_{name}":
                sums[dict(labels)[by]] += value
        return {label: value for label, value in sums.items() if value}

    def logged(field: str) -> float:
        return float(sum(line.get(field, 0) for line in lines))

    outcomes = Counter(line["outcome"] for line in lines)
    assert {"ok", "invalid", "refused_auth", "failed", "client_gone"} <= set(outcomes)
    assert summed("requests_total", "outcome") == outcomes
    assert {name: count for name, count in status["totals"]["requests"].items() if count} == outcomes
    assert summed("requests_total", "format") == Counter(line.get("format", "none") for line in lines)
    assert summed("request_seconds_count", "outcome") == outcomes
    assert metric("refusals_total", cause="auth") == outcomes["refused_auth"]

    for name, field, unit in (
        ("queue_wait_seconds", "queue_ms", 1000),
        ("time_to_first_audio_seconds", "ttfa_ms", 1000),
        ("inference_seconds", "inference_ms", 1000),
        ("encode_seconds", "encode_ms", 1000),
        ("real_time_factor", "rtf", 1),
    ):
        assert metric(f"{name}_count") == sum(field in line for line in lines), name
        assert metric(f"{name}_sum") == pytest.approx(logged(field) / unit, abs=0.001 * len(lines)), name

    assert metric("audio_seconds_total") == pytest.approx(logged("audio_s"), abs=0.001 * len(lines))
    assert status["totals"]["audio_s"] == pytest.approx(metric("audio_seconds_total"), abs=0.001)
    characters = sum(line["characters"] for line in lines if "audio_s" in line)
    assert metric("characters_total") == status["totals"]["characters"] == characters
    assert metric("underruns_total") == status["totals"]["underruns"] == logged("underruns")
    assert metric("retries_total") == status["totals"]["retries"] == logged("retries")

    whole = [line for line in lines if line.get("cache") == "hit" and "phonemes_ms" not in line]
    assert whole
    assert metric("cache_events_total", kind="response", event="hit") == len(whole)
    assert status["cache"]["hits"]["response"] == len(whole)
    for kind in ("segment", "response"):
        for event, counted in (("hit", "hits"), ("miss", "misses")):
            assert metric("cache_events_total", kind=kind, event=event) == status["cache"][counted][kind]
    assert metric("cache_entries") == status["cache"]["entries"] > 0
    assert metric("cache_bytes") == status["cache"]["bytes"] > 0

    died = [line for line in gateway.lines if line["event"] == "worker_died"]
    assert died
    assert summed("worker_restarts_total", "cause") == Counter(line["cause"] for line in died)
    of_status: Counter[str] = Counter()
    for worker in status["workers"]:
        of_status.update(worker["restarts"])
    assert of_status == Counter(line["cause"] for line in died)
    assert status["recent"]["requests"] == sent


def test_text_is_logged_only_when_asked_for(start: Callable[..., Gateway]) -> None:
    animal = "Wolpertinger"
    for asked in ("0", "1"):
        gateway = start(LOG_TEXT=asked)
        for voice, end in (
            ("af_heart", "."),
            ("af_fail", "!"),
            ("af_chatty", "!"),
            ("nobody", "."),
            ("af_crash", "!"),
        ):
            speak(gateway, f"The {animal} is a shy animal{end}", voice=voice)
        assert gateway.stop() == 0
        telling = [line for line in gateway.lines if animal in str(line)]
        warned = [line for line in gateway.lines if line["event"] == "texts_are_logged"]
        assert animal not in "".join(gateway.printed)
        assert {line["event"] for line in telling} == ({"request"} if asked == "1" else set())
        assert len(warned) == (asked == "1")


def test_lines_about_a_job_bear_the_id_of_its_request(start: Callable[..., Gateway]) -> None:
    gateway = start()
    for number, voice in enumerate(("af_heart", "af_crash", "af_heart", "af_chatty", "af_once")):
        speak(gateway, "Boom!", headers={"x-request-id": f"number-{number}"}, voice=voice)
    assert gateway.stop() == 0
    lost = [line for line in gateway.lines if line["event"] in {"worker_lost_in_job", "job_is_poison"}]
    assert {line["request_id"] for line in lost} <= {"number-1", "number-4"}
    assert {"number-1"} <= {line["request_id"] for line in lost}
    born = [line for line in gateway.lines if line["event"] in {"worker_ready", "worker_died"}]
    assert not [line for line in born if "request_id" in line]
