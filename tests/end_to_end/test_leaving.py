"""How a gateway leaves and renews itself: SIGTERM and SIGHUP, early, late and twice."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.support.streams import PAGE, SLOW, open_stream, pids, speak
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.gateway import Gateway


def read_all(connection: socket.socket) -> bytes:
    data = b""
    while part := connection.recv(1 << 16):
        data += part
    return data


def test_sigterm_lets_streams_finish_and_refuses_new_speech(start: Callable[..., Gateway]) -> None:
    gateway = start(DRAIN_S="20")
    idle = socket.create_connection(("127.0.0.1", gateway.port))
    idle.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"200" in idle.recv(100)
    with ThreadPoolExecutor(1) as clients:
        running = clients.submit(speak, gateway, SLOW, "af_slow")
        wait_for(lambda: gateway.is_speaking, "it being spoken")
        with open_stream(gateway, SLOW, "af_slow") as second:
            assert second.recv(15) == b"HTTP/1.1 200 \r\n"[:15]
            gateway.process.send_signal(signal.SIGTERM)
            wait_for(lambda: gateway.get("/ready").status_code == 503, "not ready")
            refused = speak(gateway)
            assert refused.status_code == 503
            assert 1 <= int(refused.headers["retry-after"]) <= 30
        assert running.result().status_code == 200
    assert gateway.process.wait(DEADLINE_S) == 0
    idle.close()


def test_a_stream_that_never_reads_does_not_stop_the_drain(start: Callable[..., Gateway]) -> None:
    gateway = start(DRAIN_S="1", MAX_INPUT_CHARS="1000000")
    with open_stream(gateway, PAGE * 40) as connection:
        assert connection.recv(10)
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(DEADLINE_S) == 0


def test_sigterm_twice_ends_now(start: Callable[..., Gateway]) -> None:
    gateway = start(DRAIN_S="600")
    with open_stream(gateway, SLOW * 3, "af_slow") as connection:
        assert connection.recv(10)
        gateway.process.send_signal(signal.SIGTERM)
        wait_for(lambda: gateway.get("/ready").status_code == 503, "draining")
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(DEADLINE_S) == 0


def test_sighup_replaces_every_worker_without_losing_a_request(start: Callable[..., Gateway]) -> None:
    gateway = start()
    before = pids(gateway)
    with ThreadPoolExecutor(4) as clients:
        asked = [clients.submit(speak, gateway, SLOW[:200], "af_slow") for _ in range(6)]
        gateway.process.send_signal(signal.SIGHUP)
        assert [answer.result().status_code for answer in asked] == [200] * 6
    wait_for(lambda: len(pids(gateway)) == 2 and not pids(gateway) & before, "all workers replaced")


def test_the_drain_waits_for_a_reply_that_is_sent_from_the_cache(start: Callable[..., Gateway]) -> None:
    gateway = start(DRAIN_S="20", MAX_INPUT_CHARS="100000", CACHE_MB="256")
    text = PAGE[: len(PAGE) // 2]  # 2 MB of pcm: held whole, and more than the kernel takes at once
    whole = speak(gateway, text).content
    with open_stream(gateway, text) as connection:
        first = connection.recv(100)
        gateway.process.send_signal(signal.SIGTERM)
        time.sleep(3)  # longer than anything but speech is given
        assert (first + read_all(connection)).endswith(b"\r\n\r\n" + whole)
    assert gateway.process.wait(DEADLINE_S) == 0
    assert gateway.requests(cache="hit", outcome="ok")


def test_the_drain_lets_an_http_1_0_stream_end_whole(start: Callable[..., Gateway]) -> None:
    gateway = start(DRAIN_S="20")
    text = SLOW[:400]
    whole = speak(gateway, text, "af_slow").content
    body = f'{{"model":"tts-1","input":"{text}","voice":"af_slow","response_format":"pcm"}}'
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=DEADLINE_S) as connection:
        head = (
            "POST /v1/audio/speech HTTP/1.0\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
        )
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        first = connection.recv(100)
        gateway.process.send_signal(signal.SIGTERM)
        assert (first + read_all(connection)).endswith(b"\r\n\r\n" + whole)
    assert gateway.process.wait(DEADLINE_S) == 0


def test_sighup_twice_replaces_every_worker_once(start: Callable[..., Gateway]) -> None:
    gateway = start()
    before = pids(gateway)

    def replaced() -> list[dict[str, object]]:
        return [line for line in list(gateway.lines) if line["event"] == "worker_replaced"]

    gateway.process.send_signal(signal.SIGHUP)
    wait_for(replaced, "the first worker replaced")
    gateway.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(pids(gateway)) == 2 and not pids(gateway) & before, "all workers replaced")
    time.sleep(3)  # longer than a second round would take to replace one more
    assert len(replaced()) == 3


@pytest.fixture
def starting() -> Iterator[subprocess.Popen[str]]:
    """A gateway on the real model that has chosen its graph and starts its workers."""
    command = [sys.executable, "-m", "gateway.cli", "serve", "--port", "0", "--log-level", "info"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert any("graph_chosen" in line for line in process.stdout)
            yield process
        finally:
            process.kill()


def test_sigterm_while_starting_ends_it_and_its_workers(starting: subprocess.Popen[str]) -> None:
    workers = wait_for(psutil.Process(starting.pid).children, "workers that start")
    starting.send_signal(signal.SIGTERM)
    assert starting.wait(DEADLINE_S) == 0
    _, alive = psutil.wait_procs(workers, timeout=DEADLINE_S)
    assert not alive
    assert starting.stderr is not None
    assert "Traceback" not in starting.stderr.read()


def test_sighup_while_starting_changes_nothing(starting: subprocess.Popen[str]) -> None:
    starting.send_signal(signal.SIGHUP)
    assert starting.stderr is not None
    assert any("Base URL" in line for line in starting.stderr)
    starting.send_signal(signal.SIGTERM)
    assert starting.wait(DEADLINE_S) == 0
