from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import BaseModel

from gateway.observe.status import Percentiles, Status, TrialFacts, WorkerFacts
from inference import Trial, WorkerStatus
from tests.support.gateway import Gateway
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def gateway(tone: Path) -> Iterator[Gateway]:
    started = Gateway.start("tests.support.tone_server", str(tone), WORKERS="2", THREADS="1")
    yield started
    assert started.stop() == 0


def status(gateway: Gateway) -> Status:
    answer = gateway.get("/status")
    assert answer.status_code == 200
    return Status.model_validate_json(answer.content, strict=True)


def speak(gateway: Gateway, text: str, **fields: Any) -> httpx.Response:
    body = {"model": "tts-1", "input": text, "voice": "af_heart", "response_format": "pcm"} | fields
    return httpx.post(f"{gateway.base_url}/audio/speech", json=body, timeout=60)


def shapes(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield kind
    for field in kind.model_fields.values():
        for inner in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from shapes(inner)


def test_it_holds_its_documented_shape_and_nothing_else(gateway: Gateway) -> None:
    found = gateway.get("/status").json()
    assert Status.model_validate(found, strict=True).model_dump(mode="json") == found


@pytest.mark.parametrize(("facts", "owner"), [(WorkerFacts, WorkerStatus), (TrialFacts, Trial)])
def test_what_is_told_of_a_worker_is_what_its_pool_knows(facts: type[BaseModel], owner: type) -> None:
    told = {name for name, field in facts.model_fields.items() if not field.validation_alias}
    known = set(getattr(owner, "__struct_fields__", ()) or owner.__dataclass_fields__)  # type: ignore[attr-defined]
    assert told <= known
    assert len(facts.model_fields) == len(known), "a new field is one edit there and one here"


def test_it_is_small(gateway: Gateway) -> None:
    assert len(gateway.get("/status").content) < 5000


@pytest.mark.parametrize("shape", list(shapes(Status)), ids=lambda shape: shape.__name__)
def test_every_field_says_what_it_is(shape: type[BaseModel]) -> None:
    assert shape.__doc__
    for name, field in shape.model_fields.items():
        assert (field.description or "").endswith("."), name


def test_it_says_who_works_and_how_that_was_chosen(gateway: Gateway) -> None:
    found = status(gateway)
    assert found.is_ready
    assert not found.is_draining
    speech = [worker for worker in found.workers if worker.role == "speech"]
    assert len(speech) == 2
    assert {worker.pid for worker in speech} == {worker.pid for worker in gateway.workers()}
    for worker in speech:
        assert worker.state == "idle"
        assert worker.provider == "cpu"
        assert [trial.outcome for trial in worker.trials] == ["chosen"]
        assert worker.memory_bytes > 10 << 20
    assert found.hardware["workers"] == 2
    assert found.model.name == "tone"


def test_it_counts_what_was_spoken_and_what_was_not(gateway: Gateway) -> None:
    before = status(gateway)
    length_s = len(speak(gateway, "Count me, please.").content) / 48000
    speak(gateway, "Count me, please.")
    speak(gateway, "Me too.", voice="nobody")
    wait_for(lambda: sum(status(gateway).totals.requests.values()) == 3, "three requests")
    after = status(gateway)
    counted = {
        name: after.totals.requests[name] - before.totals.requests[name] for name in after.totals.requests
    }
    assert {name: count for name, count in counted.items() if count} == {"ok": 2, "invalid": 1}
    assert after.totals.audio_s - before.totals.audio_s == pytest.approx(2 * length_s, abs=0.002)
    assert after.totals.characters - before.totals.characters == 2 * len("Count me, please.")
    assert after.cache.hits["response"] - before.cache.hits["response"] == 1
    assert after.recent.requests == 3
    assert after.recent.ttfa_ms.p50 is not None
    assert after.recent.total_ms.p99 is not None


def test_a_worker_that_died_is_counted_by_cause(gateway: Gateway) -> None:
    victim = gateway.workers()[0].pid
    os.kill(victim, signal.SIGKILL)

    def restarted() -> bool:
        workers = status(gateway).workers
        return any(w.restarts == {"died": 1} and w.pid not in (None, victim) for w in workers)

    wait_for(restarted, "a new worker, and its cause")


def test_percentiles_are_by_nearest_rank() -> None:
    assert Percentiles.of(range(1, 101)) == Percentiles(p50=50, p95=95, p99=99)
    assert Percentiles.of([7.0]) == Percentiles(p50=7, p95=7, p99=7)
    assert Percentiles.of([]) == Percentiles(p50=None, p95=None, p99=None)
