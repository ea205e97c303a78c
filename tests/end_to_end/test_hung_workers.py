"""A worker that stands still, a gateway that did, and a text that would hold the text worker for everybody."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.support.streams import speak, spoken
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.gateway import Gateway

SENTENCE = "This sentence takes its time! "


@pytest.mark.parametrize("role", ["text", "speech"])
def test_a_request_whose_worker_is_stopped_is_spoken_whole(start: Callable[..., Gateway], role: str) -> None:
    gateway = start(JOB_TIMEOUT_S="1.5", TEXT_TIMEOUT_S="1")
    whole = speak(gateway, SENTENCE * 8).content
    stopped = gateway.workers(role)[0]
    stopped.suspend()
    answer = speak(gateway, SENTENCE * 8)
    assert (answer.status_code, answer.content == whole) == (200, True)
    assert [line["retries"] for line in spoken(gateway, 2)] == [0, 0 if role == "text" else 1]
    wait_for(lambda: stopped.pid not in {w.pid for w in gateway.workers(role)}, "the hung worker gone")
    causes = [w["restarts"] for w in gateway.status()["workers"] if w["restarts"]]
    assert causes == [{"timeout": 1}]


def test_a_gateway_that_was_stopped_loses_no_request_and_no_worker(start: Callable[..., Gateway]) -> None:
    gateway = start(JOB_TIMEOUT_S="2")
    whole = speak(gateway, SENTENCE * 12, "af_slow").content
    with ThreadPoolExecutor(2) as clients:
        asked = [clients.submit(speak, gateway, SENTENCE * 12, "af_slow") for _ in range(2)]
        wait_for(lambda: gateway.status()["queue"]["running"] == 2, "both being spoken")
        os.kill(gateway.process.pid, signal.SIGSTOP)
        time.sleep(3)  # longer than a job may take
        os.kill(gateway.process.pid, signal.SIGCONT)
        assert all(answer.result().content == whole for answer in asked)
    assert not any(worker["restarts"] for worker in gateway.status()["workers"])
    assert [request["retries"] for request in spoken(gateway, 3)] == [0, 0, 0]


def test_a_text_that_changes_its_script_with_each_letter_does_not_hold_up_the_others(
    start: Callable[..., Gateway],
) -> None:
    gateway = start(JOB_TIMEOUT_S="60")
    with ThreadPoolExecutor(12) as clients:
        changing = [clients.submit(speak, gateway, "aЯ bЮ ≤ 7½ cЖ. " * 250 + str(n)) for n in range(8)]
        wait_for(lambda: gateway.status()["queue"]["jobs"] > 0, "their text waiting")
        ordinary = [clients.submit(speak, gateway, f"Reply number {n} is an ordinary one.") for n in range(4)]
        assert {answer.result().status_code for answer in (*changing, *ordinary)} == {200}
    lines = spoken(gateway, 12)
    waited = [line["phonemes_ms"] for line in lines if line["characters"] < 100]
    held = [line["phonemes_ms"] for line in lines if line["characters"] > 100]
    assert (len(waited), len(held)) == (4, 8)
    assert max(waited) < max(held) / 4  # 0.1 of it, and 0.4 where all is read in the order in which it came
