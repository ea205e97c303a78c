"""Two machines of one fleet on this one: what clients see while replicas, nodes and machines come and go."""

from __future__ import annotations

import json
from base64 import b64decode
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import openai
import pytest

from tests.cluster.fleet import KEY, Fleet, Machine, fleet
from tests.support.processes import workers
from tests.support.sockets import Socket
from tests.support.streams import SLOW, open_stream
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

NUMBER = count()


@pytest.fixture(scope="module")
def two(tone: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    directory = tmp_path_factory.mktemp("fleet")
    (directory / "keys").write_text(f"{KEY}\n")
    variables = {"API_KEYS_FILE": str(directory / "keys"), "STALL_TIMEOUT_S": "3", "KEY_REQUESTS": "12"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONE_DIRECTORY", str(tone))
        with fleet("tests.support.tone_cluster", directory, **variables) as running:
            running.join()
            yield running


@pytest.fixture
def client(two: Fleet) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=two.first.base_url, api_key=KEY, max_retries=0, timeout=DEADLINE_S
    ) as talking:
        yield talking


def machines(fleet: Fleet) -> list[Machine]:
    return [fleet.first, *fleet.others]


def lines(fleet: Fleet, **fields: object) -> list[dict[str, Any]]:
    return [line for machine in machines(fleet) for line in machine.requests(**fields)]


@contextmanager
def streams(fleet: Fleet, number: int) -> Iterator[list[socket.socket]]:
    """So many long replies to different texts, which take their time."""
    with ExitStack() as closing:
        yield [
            closing.enter_context(open_stream(fleet.first, f"{SLOW}{next(NUMBER)}", "af_slow", key=KEY))
            for _ in range(number)
        ]


@pytest.mark.parametrize("audio_format", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
def test_a_client_hears_every_format(client: openai.OpenAI, audio_format: str) -> None:
    speech = client.audio.speech.create(
        model="tts-1",
        voice="alloy",
        input="Hello.",
        response_format=audio_format,  # type: ignore[arg-type]
    )
    assert len(speech.content) > 500


def test_events_carry_the_audio(client: openai.OpenAI) -> None:
    asking = client.audio.speech.with_streaming_response
    with asking.create(model="tts-1", voice="alloy", input="Hello.", stream_format="sse") as reply:
        events = [json.loads(line[6:]) for line in reply.iter_lines() if line.startswith("data: ")]
    assert events[-1]["type"] == "speech.audio.done"
    assert len(b"".join(b64decode(event["audio"]) for event in events[:-1])) > 500


def test_errors_are_those_of_one_machine(client: openai.OpenAI, two: Fleet) -> None:
    with pytest.raises(openai.BadRequestError) as unknown:
        client.audio.speech.create(model="tts-1", voice="nobody", input="Hello.")
    assert unknown.value.param == "voice"
    assert "," not in (unknown.value.request_id or ","), "one id, in one header"
    with pytest.raises(openai.NotFoundError):
        client.audio.speech.create(model="unheard-of", voice="alloy", input="Hello.")
    with (
        openai.OpenAI(base_url=two.first.base_url, api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.audio.speech.create(model="tts-1", voice="alloy", input="Hello.")


def test_who_asks_for_too_much_is_told_when_to_come_again(two: Fleet) -> None:
    with streams(two, 30) as opened:
        heads = [stream.recv(4096).decode("latin-1") for stream in opened]
    refused = [head for head in heads if head.startswith("HTTP/1.1 429")]
    assert refused
    assert all("\r\nretry-after: 1\r\n" in head for head in refused)
    wait_for(lambda: not any(machine.is_busy for machine in machines(two)), "idle workers")


def test_hanging_up_frees_the_workers(two: Fleet) -> None:
    with streams(two, 2) as opened:
        for stream in opened:
            assert stream.recv(12) == b"HTTP/1.1 200"
        wait_for(lambda: any(machine.is_busy for machine in machines(two)), "a busy worker")
    wait_for(lambda: not any(machine.is_busy for machine in machines(two)), "idle workers")


def test_a_reader_that_does_not_read_is_given_up(two: Fleet) -> None:
    """Four minutes of sound are 12 MB, of which all that lies between takes 5."""
    page = "This page is never read by anybody who asks. " * 85
    with open_stream(two.first, page, key=KEY) as stream:
        stalled = wait_for(lambda: lines(two, outcome="client_gone", characters=len(page)), "it given up")
        assert stalled[0]["audio_s"] < 240
        assert stream.recv(12) == b"HTTP/1.1 200"


def test_a_socket_passes(two: Fleet) -> None:
    path = "/v1/text-to-speech/af_heart/stream-input?output_format=pcm_24000"
    with Socket(two.first.port, path, {"xi-api-key": KEY}) as talk:
        talk.say(text=" ")
        talk.say(text="Hello there. ", flush=True)
        talk.say(text="")
        messages = [json.loads(str(message)) for message in iter(talk.receive, None)]
    assert messages[-1]["isFinal"]
    assert sum(len(b64decode(message["audio"])) for message in messages if message.get("audio")) > 5000


def test_every_line_says_where_it_comes_from(two: Fleet) -> None:
    for machine in machines(two):
        assert {line["replica"] for line in machine.lines} == {machine.lines[0]["replica"]}
        assert all(line["node"] for line in machine.lines)
    first, other = (machine.lines[0]["replica"] for machine in machines(two))
    assert first != other


def test_each_machine_tells_its_own_figures(two: Fleet) -> None:
    for machine in machines(two):
        pids = {worker["pid"] for worker in machine.ask("/status").json()["workers"]}
        assert pids == {process.pid for process in workers(machine.replica.pid)}
        assert "kokoro_requests_total" in machine.ask("/metrics").text
