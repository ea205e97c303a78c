from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.audio.encoders import ENCODERS
from gateway.observe.metrics import MOST_RECENT, NO_FORMAT, Metrics, total
from gateway.speech.cache import Cache, HeldSegment
from gateway.speech.record import ENDINGS, Outcome, RequestRecord
from inference import Pool, PoolConfig, RestartCause, WorkerSpec
from tests.support.gateway import Gateway
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = {
    "kokoro_requests_total": {"outcome", "format"},
    "kokoro_request_seconds": {"outcome"},
    "kokoro_queue_wait_seconds": set(),
    "kokoro_time_to_first_audio_seconds": set(),
    "kokoro_inference_seconds": set(),
    "kokoro_encode_seconds": set(),
    "kokoro_real_time_factor": set(),
    "kokoro_audio_seconds_total": set(),
    "kokoro_characters_total": set(),
    "kokoro_underruns_total": set(),
    "kokoro_retries_total": set(),
    "kokoro_cache_events_total": {"kind", "event"},
    "kokoro_remote_cache_events_total": {"kind", "event"},
    "kokoro_remote_cache_answers": set(),
    "kokoro_cache_entries": set(),
    "kokoro_cache_bytes": set(),
    "kokoro_refusals_total": {"cause"},
    "kokoro_worker_restarts_total": {"role", "cause"},
    "kokoro_queue_jobs": set(),
    "kokoro_queue_seconds": set(),
    "kokoro_running_jobs": set(),
    "kokoro_workers": {"role", "state"},
    "kokoro_worker_memory_bytes": {"role"},
    "kokoro_log_lines_dropped_total": set(),
    "kokoro_ready": set(),
    "kokoro_info": {"version", "model"},
}
"""Every metric with its labels: dashboards and alerts rest on them."""


@pytest.fixture
def cache() -> Cache:
    return Cache(10, 3600, 1 << 20)


@pytest.fixture
def metrics(cache: Cache) -> Metrics:
    return Metrics(Pool(PoolConfig((WorkerSpec("text"), WorkerSpec("speech")))), cache, None, "a-model")


def samples(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.exposition().decode())
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return samples(metrics)[name, frozenset(labels.items())]


def test_metrics_are_those_that_dashboards_rest_on(metrics: Metrics) -> None:
    found: dict[str, set[str]] = {}
    for name, labels in samples(metrics):
        plain = name
        for suffix in ("_bucket", "_count", "_sum"):
            plain = plain.removesuffix(suffix)
        found.setdefault(plain, set()).update({label for label, _ in labels} - {"le"})
    assert found == NAMES


def test_every_series_is_there_before_anything_happens(metrics: Metrics) -> None:
    before = set(samples(metrics))
    for outcome in get_args(Outcome):
        for audio_format in (*ENCODERS, None):
            metrics.note(RequestRecord("r", outcome=outcome, format=audio_format, total_ms=1.0))
    assert set(samples(metrics)) == before


def test_labels_are_from_closed_sets(metrics: Metrics, cache: Cache) -> None:
    metrics.note(RequestRecord("r", outcome="ok", voice="af_a(2)+af_b", format="mp3", key=3, text="secret"))
    cache.put(b"k", HeldSegment(b"pcm"))
    closed = {
        "outcome": set(get_args(Outcome)),
        "format": {*ENCODERS, NO_FORMAT},
        "kind": {"segment", "response"},
        "cause": {*(ending.refused_for for ending in ENDINGS.values()), *get_args(RestartCause)},
        "role": {"text", "speech"},
        "state": {"starting", "idle", "busy", "resting"},
        "model": {"a-model"},
    }
    seen: dict[str, set[str]] = {}
    for _, labels in samples(metrics):
        for label, content in labels:
            seen.setdefault(label, set()).add(content)
    for label, allowed in closed.items():
        assert seen[label] <= allowed, label


def test_a_request_is_counted_with_all_that_its_line_holds(metrics: Metrics) -> None:
    record = RequestRecord(
        "r",
        outcome="ok",
        format="opus",
        characters=40,
        retries=1,
        underruns=2,
        queue_ms=30.0,
        ttfa_ms=250.0,
        inference_ms=1200.0,
        encode_ms=40.0,
        total_ms=1500.0,
        audio_s=3.0,
        rtf=0.4,
    )
    metrics.note(record)
    assert value(metrics, "kokoro_requests_total", outcome="ok", format="opus") == 1
    assert value(metrics, "kokoro_request_seconds_sum", outcome="ok") == 1.5
    for name, sum_ in {
        "queue_wait_seconds": 0.03,
        "time_to_first_audio_seconds": 0.25,
        "inference_seconds": 1.2,
        "encode_seconds": 0.04,
        "real_time_factor": 0.4,
    }.items():
        assert value(metrics, f"kokoro_{name}_sum") == pytest.approx(sum_)
        assert value(metrics, f"kokoro_{name}_count") == 1
    for name, count in {"audio_seconds": 3.0, "characters": 40, "underruns": 2, "retries": 1}.items():
        assert value(metrics, f"kokoro_{name}_total") == count


def test_what_did_not_happen_is_not_measured(metrics: Metrics) -> None:
    metrics.note(RequestRecord("r", outcome="refused_queue", format="mp3", characters=40, total_ms=1.0))
    for name in ("queue_wait_seconds", "time_to_first_audio_seconds", "inference_seconds", "encode_seconds"):
        assert value(metrics, f"kokoro_{name}_count") == 0
    assert value(metrics, "kokoro_characters_total") == 0
    assert value(metrics, "kokoro_refusals_total", cause="queue") == 1


def test_recent_requests_are_bounded(metrics: Metrics) -> None:
    for _ in range(MOST_RECENT + 10):
        metrics.note(RequestRecord("r", outcome="ok", ttfa_ms=1.0))
    assert len(metrics.recent()) == MOST_RECENT
    assert total(metrics.requests, "outcome")["ok"] == MOST_RECENT + 10


def test_only_what_ended_well_is_a_time_to_the_end(metrics: Metrics) -> None:
    for outcome in ("ok", "timeout"):
        metrics.note(RequestRecord("r", outcome=outcome, total_ms=5.0))
    assert [ended.total_ms for ended in metrics.recent()] == [5.0, None]


def test_two_gateways_in_one_process_count_apart(cache: Cache) -> None:
    pool = Pool(PoolConfig(()))
    one, other = Metrics(pool, cache, None, "m"), Metrics(pool, cache, None, "m")
    one.note(RequestRecord("r", outcome="ok"))
    assert total(other.requests)[""] == 0


@pytest.fixture(scope="module")
def locked(tone: Path) -> Iterator[Gateway]:
    started = Gateway.start(
        "tests.support.tone_server", str(tone), WORKERS="1", THREADS="1", API_KEYS="a-key"
    )
    yield started
    assert started.stop() == 0


@pytest.mark.parametrize("path", ["/metrics", "/status"])
def test_figures_need_a_key_when_there_are_any(locked: Gateway, path: str) -> None:
    assert locked.get(path).status_code == 401
    assert locked.get(path, headers={"authorization": "Bearer a-key"}).status_code == 200


def test_prometheus_can_read_the_answer(locked: Gateway) -> None:
    answer = locked.get("/metrics", headers={"authorization": "Bearer a-key"})
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {name.removesuffix("_total") for name in NAMES} == families


def test_refusals_without_a_key_are_counted_under_speech(locked: Gateway) -> None:
    def refused() -> float:
        answer = locked.get("/status", headers={"authorization": "Bearer a-key"})
        counted: dict[str, Any] = answer.json()["totals"]["requests"]
        return float(counted["refused_auth"])

    before = refused()
    assert httpx.post(f"{locked.base_url}/audio/speech", json={}).status_code == 401
    assert locked.get("/v1/models").status_code == 401
    wait_for(lambda: refused() == before + 1, "the refusal counted")
