"""A gateway that nobody uses gives its memory back, and one whose workers grow replaces them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.streams import speak, spoken
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.gateway import Gateway


def states(gateway: Gateway) -> dict[str, str]:
    """What workers do, by role."""
    return {worker["role"]: worker["state"] for worker in gateway.status()["workers"]}


def said(gateway: Gateway) -> list[str]:
    """What it has told of all its workers."""
    return [line["event"] for line in list(gateway.lines) if line["event"].startswith("workers_")]


def test_an_idle_gateway_ends_its_speech_workers_and_the_next_request_is_spoken(
    start: Callable[..., Gateway],
) -> None:
    gateway = start(IDLE_S="0.5")
    wait_for(lambda: not gateway.workers("speech"), "the workers gone")
    assert states(gateway) == {"text": "idle", "speech": "resting"}
    assert sum(w["memory_bytes"] for w in gateway.status()["workers"] if w["role"] != "text") == 0
    assert gateway.get("/ready").status_code == 200
    assert 'kokoro_workers{role="speech",state="resting"} 2.0' in gateway.get("/metrics").text
    answer = speak(gateway, "It wakes up. " * 20)
    assert (answer.status_code, len(answer.content) > 0) == (200, True)
    (request,) = spoken(gateway, 1)
    assert request["outcome"] == "ok"
    wait_for(lambda: states(gateway)["speech"] == "resting", "rest again")
    wait_for(lambda: len(said(gateway)) >= 3, "its lines")
    assert said(gateway) == ["workers_rest", "workers_wake", "workers_rest"]


def test_a_worker_that_holds_more_memory_than_it_may_is_replaced_between_two_jobs(
    start: Callable[..., Gateway],
) -> None:
    gateway = start(WORKER_MEMORY_MB="64")
    assert {speak(gateway, "One reply. " * 20).status_code for _ in range(3)} == {200}
    wait_for(
        lambda: any(worker["restarts"].get("worn") for worker in gateway.status()["workers"]),
        "a worker replaced",
    )
    assert speak(gateway).status_code == 200
    assert {line["retries"] for line in spoken(gateway, 4)} == {0}
