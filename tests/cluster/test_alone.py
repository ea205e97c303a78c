"""A fleet of one machine with the real model, as `kokoro-gateway cluster` starts it, up to its sudden end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import openai
import psutil
import pytest

from tests.cluster.fleet import KEY, Fleet, fleet, free_ports
from tests.support.gateway import START_S
from tests.support.processes import are_gone, descendants, environment
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def one(undisturbed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    directory = tmp_path_factory.mktemp("fleet")
    (directory / "keys").write_text(f"{KEY}\n")
    # An option, and not a variable: replicas are started by Ray, and have what they were told all the same.
    with fleet(f"gateway.cli cluster --api-keys-file {directory}/keys --join-port", directory) as running:
        yield running


@pytest.fixture
def client(one: Fleet) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=one.first.base_url, api_key=KEY, max_retries=0, timeout=DEADLINE_S
    ) as talking:
        yield talking


def ask_for_ever(client: openai.OpenAI) -> None:
    while True:
        with suppress(openai.APIConnectionError):  # that of a request which the replica had
            client.models.list()


def test_the_real_model_speaks(client: openai.OpenAI, one: Fleet) -> None:
    text = "The lighthouse keeper counted the ships each evening before the fog came in."
    asking = client.audio.speech.with_streaming_response
    with asking.create(model="tts-1", voice="alloy", input=text, response_format="pcm") as reply:
        pieces = list(reply.iter_bytes())
    assert len(b"".join(pieces)) > 3 * 48000
    assert len(pieces) > 1
    request_id = reply.headers["x-request-id"]
    (line,) = wait_for(lambda: one.first.requests(request_id=request_id), "its log line")
    assert line["bytes_sent"] == len(b"".join(pieces))


def test_who_has_no_key_hears_nothing(one: Fleet) -> None:
    with (
        openai.OpenAI(base_url=one.first.base_url, api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.audio.speech.create(model="tts-1", voice="alloy", input="Hello.")


def door(one: Fleet) -> psutil.Process:
    return next(p for p, words in descendants(one.first.process.pid).items() if words[0] == "haproxy")


def answers(one: Fleet) -> bool:
    with suppress(httpx.TransportError):
        return one.first.get("/health").is_success
    return False


def test_nobody_from_elsewhere_reaches_the_door(one: Fleet) -> None:
    places = door(one).net_connections("tcp")
    assert {place.laddr.ip for place in places if place.status == psutil.CONN_LISTEN} == {"127.0.0.1"}


def test_a_door_that_is_killed_is_there_again(one: Fleet, client: openai.OpenAI) -> None:
    killed = door(one)
    killed.kill()
    wait_for(lambda: are_gone([killed]), "its end")
    wait_for(lambda: answers(one), "a door, with a replica behind it")
    assert client.models.list().data


def test_who_comes_while_there_is_no_replica_is_told_when_to_come_again(
    client: openai.OpenAI, one: Fleet
) -> None:
    one.first.replica.kill()
    with pytest.raises(openai.InternalServerError) as refused:
        ask_for_ever(client)
    assert refused.value.status_code == 503
    assert refused.value.code == "overloaded"
    assert refused.value.response.headers["retry-after"] == "5"
    wait_for(lambda: one.first.is_ready, "a new replica", START_S)
    wait_for(lambda: one.first.get("/health").is_success, "that it is known")


def test_who_could_not_tell_a_cut_reply_from_a_whole_one_gets_none(one: Fleet) -> None:
    """HTTP/1.0 has no other mark for the end of a stream than that of its connection, and HAProxy ends all alike."""
    with socket.create_connection(("127.0.0.1", one.first.port), timeout=DEADLINE_S) as old:
        old.sendall(b"POST /v1/audio/speech HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}")
        head, _, body = b"".join(iter(lambda: old.recv(4096), b"")).partition(b"\r\n\r\n")
    assert head.split()[1] == b"505"
    assert json.loads(body)["error"]["type"] == "invalid_request_error"


def test_no_secret_reaches_a_worker(one: Fleet) -> None:
    workers = [worker for role in ("speech", "text") for worker in one.first.workers(role)]
    assert len(workers) == 2
    for worker in workers:
        assert KEY not in str(environment(worker))


def starting(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """One more command, which does not start."""
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", "cluster", *arguments],
        env={"PATH": os.defpath} | variables,
        capture_output=True,
        text=True,
        timeout=2 * DEADLINE_S,
        check=False,
    )


def test_a_machine_with_another_token_is_told_so(one: Fleet, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("f" * 64)
    ended = starting("--join", f"127.0.0.1:{one.join_port}", RAY_AUTH_TOKEN_PATH=str(tmp_path / "token"))
    assert ended.returncode == 3
    assert "has another token" in " ".join(ended.stderr.split())


@pytest.mark.parametrize("option", ["--port", "--node-port", "--join-port"])
def test_a_port_that_is_taken_is_said_before_anything_starts(one: Fleet, option: str) -> None:
    free = dict(zip(("--port", "--node-port", "--join-port"), free_ports(3), strict=True))
    ports = free | {option: one.first.node_port}
    ended = starting(*(word for pair in ports.items() for word in pair))
    assert ended.returncode == 3
    assert f"choose another port with {option}" in " ".join(ended.stderr.split())


def test_nothing_is_left_when_the_command_is_killed(one: Fleet) -> None:
    started = descendants(one.first.process.pid)
    directory = next(
        Path(found).parent
        for process in started
        if (found := environment(process).get("_KOKORO_CLUSTER_LOG"))
    )
    assert directory.exists()
    one.first.process.kill()
    one.first.process.wait()
    wait_for(lambda: are_gone(started), "the end of what it had started")
    wait_for(lambda: not directory.exists(), "the end of its files")


def test_a_machine_without_a_token_is_told_where_to_get_one(tmp_path: Path) -> None:
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed: tests/cluster/setup.sh says why")
    ended = starting("--join", "127.0.0.1:1", HOME=str(tmp_path))
    assert ended.returncode == 3
    assert "copy it from the first machine" in " ".join(ended.stderr.split())
