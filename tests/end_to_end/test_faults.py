from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import openai
import pytest

from gateway.commands.terminal import CANNOT_START
from tests.support.gateway import START_S
from tests.support.processes import is_gone
from tests.support.streams import SLOW, open_stream, pids, speak
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.gateway import Gateway


def test_killing_a_worker_in_mid_request_loses_nothing(start: Callable[..., Gateway]) -> None:
    gateway = start()
    text = SLOW[:450]
    whole = speak(gateway, text, "af_slow").content
    before = pids(gateway)
    with ThreadPoolExecutor(2) as clients:
        asked = clients.submit(speak, gateway, text, "af_slow")
        other = clients.submit(speak, gateway, text, "af_slow")
        wait_for(lambda: gateway.status()["queue"]["running"] == 2, "both workers busy")
        os.kill(min(before), signal.SIGKILL)
        assert asked.result().content == whole
        assert other.result().content == whole
    wait_for(lambda: len(pids(gateway)) == 2 and pids(gateway) != before, "the pool whole again")


def test_a_text_that_kills_two_workers_is_an_error_and_the_next_is_spoken(
    start: Callable[..., Gateway],
) -> None:
    gateway = start(WORKERS="6")  # a place that loses one worker after the other is filled ever later
    for voice in ("af_crash", "af_abort", "af_garbage", "af_half", "af_leave"):
        answer = speak(gateway, "Boom!", voice)
        assert answer.status_code == 500
        assert answer.json()["error"]["type"] == "server_error"
        assert answer.headers["x-should-retry"] == "false"
        assert speak(gateway).status_code == 200


def test_a_fault_after_the_first_audio_cuts_the_connection(gateway: Gateway) -> None:
    before = gateway.known(outcome="failed")
    text = "All is well with the first sentence of this text. " * 3 + "And then it goes wrong!"
    with pytest.raises(httpx.RemoteProtocolError):
        speak(gateway, text, "af_fail")
    client = openai.OpenAI(base_url=gateway.base_url, api_key="x", max_retries=0)
    with pytest.raises(openai.APIConnectionError):
        client.audio.speech.create(model="tts-1", voice="af_fail", input=text)
    lines = wait_for(lambda: gateway.requests(outcome="failed")[before:], "its log line")
    assert {line["error"] for line in lines} == {"EngineFailed"}


def test_a_fault_in_events_cuts_the_connection_too(gateway: Gateway) -> None:
    text = "All is well with the first sentence of this text. " * 3 + "And then it goes wrong!"
    with pytest.raises(httpx.RemoteProtocolError):
        speak(gateway, text, "af_fail", stream_format="sse")


def test_a_worker_that_hangs_is_replaced_and_its_request_fails(start: Callable[..., Gateway]) -> None:
    gateway = start(JOB_TIMEOUT_S="1")
    assert speak(gateway, "Zzz!", "af_hang").status_code == 500
    assert speak(gateway).status_code == 200


def test_a_text_worker_that_dies_is_replaced(start: Callable[..., Gateway]) -> None:
    gateway = start()
    before = gateway.workers("text")[0].pid
    os.kill(before, signal.SIGABRT)
    assert speak(gateway).status_code == 200
    assert gateway.workers("text")[0].pid != before


def test_killing_the_gateway_leaves_no_worker_behind(start: Callable[..., Gateway]) -> None:
    gateway = start(JOB_TIMEOUT_S="60")
    with open_stream(gateway, "Zzz!", "af_hang"):
        workers = [*pids(gateway), gateway.workers("text")[0].pid]
        assert len(workers) == 3
        gateway.process.kill()
        gateway.process.wait()
    wait_for(lambda: all(map(is_gone, workers)), "the workers gone")


def test_health_answers_while_every_worker_is_busy(gateway: Gateway) -> None:
    with open_stream(gateway, SLOW, "af_slow"), open_stream(gateway, SLOW, "af_slow"):
        for _ in range(20):
            assert gateway.get("/health").status_code == 200


@pytest.mark.parametrize("audio_format", ["pcm", "mp3"])
def test_a_client_that_hangs_up_frees_its_worker(single: Gateway, audio_format: str) -> None:
    before = single.known(outcome="client_gone")
    connection = open_stream(single, SLOW, "af_slow", audio_format)
    assert connection.recv(100)
    connection.close()
    line = wait_for(lambda: single.requests(outcome="client_gone")[before:], "the hang-up noticed")[0]
    assert line.get("segments", 0) < 8, "14 are all of it"
    assert speak(single).status_code == 200


def test_a_client_that_hangs_up_before_the_first_audio_frees_its_place(single: Gateway) -> None:
    with open_stream(single, SLOW, "af_slow"):
        waiting = open_stream(single, "Boom!", "af_crash")
        waiting.close()
        wait_for(lambda: single.requests(outcome="client_gone", voice="af_crash"), "the hang-up noticed")
    assert speak(single).status_code == 200
    assert not [line for line in single.lines if line["event"] == "worker_died"]


def test_a_port_that_is_taken_is_said_so(gateway: Gateway, tone: Path) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "serve", "--port", str(gateway.port)],
        capture_output=True,
        text=True,
        timeout=START_S,
        check=False,
    )
    assert second.returncode == CANNOT_START
    assert f"127.0.0.1:{gateway.port}" in second.stderr
    assert "--port" in second.stderr
    assert "Traceback" not in second.stderr
