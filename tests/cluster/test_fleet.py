"""Two machines of one fleet on this one: what clients see while all is well."""

from __future__ import annotations

import json
import signal
import socket
from base64 import b64decode
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import openai
import pytest

from tests.cluster.fleet import KEY, KEY_REQUESTS, NUMBER, Fleet
from tests.support.processes import suspended, workers
from tests.support.sockets import Socket
from tests.support.streams import open_stream
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator


PAGE = "This page is never read by anybody who asks. " * 85
"""Four minutes of sound, of which no more is spoken ahead than half a minute."""


@pytest.fixture
def client(two: Fleet) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=two.first.base_url, api_key=KEY, max_retries=0, timeout=DEADLINE_S
    ) as talking:
        yield talking


@contextmanager
def streams(fleet: Fleet, text: str, voice: str, number: int) -> Iterator[list[socket.socket]]:
    """So many requests for a text, each with a word of its own, so that they are spread."""
    with ExitStack() as closing:
        yield [
            closing.enter_context(open_stream(fleet.first, f"Number {next(NUMBER)}. {text}", voice, key=KEY))
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


def test_a_body_that_does_not_come_is_an_error_of_the_api(two: Fleet) -> None:
    with socket.create_connection(("127.0.0.1", two.first.port), timeout=DEADLINE_S) as connection:
        connection.sendall(b"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{")
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["error"]["message"] == "The body of your request did not arrive within 2 seconds."


def test_who_asks_for_too_much_is_told_when_to_come_again(two: Fleet) -> None:
    speakers = [worker for machine in two.machines for worker in machine.workers()]
    with ExitStack() as closing:
        with suspended(speakers):  # nobody is spoken to until somebody has been refused
            opened = closing.enter_context(streams(two, "Wait!", "af_slow", 2 * KEY_REQUESTS + 4))
            wait_for(lambda: two.requests(status=429), "a refusal")
        heads = [stream.recv(4096).decode("latin-1") for stream in opened]
    refused = [head for head in heads if head.startswith("HTTP/1.1 429")]
    assert refused
    assert all("\r\nretry-after: 1\r\n" in head for head in refused)
    wait_for(lambda: not any(machine.is_speaking for machine in two.machines), "idle workers")


def test_hanging_up_frees_the_workers(two: Fleet) -> None:
    with streams(two, PAGE, "bf_emma", 2) as opened:
        for stream in opened:
            assert stream.recv(12) == b"HTTP/1.1 200"
    gone = wait_for(lambda: len(found := two.requests(voice="bf_emma")) == 2 and found, "their lines")
    assert {line["outcome"] for line in gone} == {"client_gone"}
    wait_for(lambda: not any(machine.is_speaking for machine in two.machines), "idle workers")


def test_a_reader_that_does_not_read_is_given_up(two: Fleet) -> None:
    """Four minutes of sound are 12 MB, of which all that lies between takes 5."""
    with open_stream(two.first, PAGE, key=KEY) as stream:
        stalled = wait_for(lambda: two.requests(outcome="client_gone", characters=len(PAGE)), "it given up")
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
    for machine in two.machines:
        assert {line["replica"] for line in machine.lines} == {machine.lines[0]["replica"]}
        assert all(line["node"] for line in machine.lines)
    first, other = (machine.lines[0]["replica"] for machine in two.machines)
    assert first != other


def test_each_machine_tells_its_own_figures(two: Fleet) -> None:
    for machine in two.machines:
        pids = {worker["pid"] for worker in machine.status()["workers"]}
        assert pids == {process.pid for process in workers(machine.replica.pid)}
        assert "kokoro_requests_total" in machine.ask("/metrics").text


def test_keys_are_read_again_on_all_machines(two: Fleet) -> None:
    two.keys.write_text(f"{KEY}\nanother-key\n")
    two.first.process.send_signal(signal.SIGHUP)
    for machine in two.machines:
        machine.told("keys_read")
    voices = two.first.get("/v1/audio/voices", headers={"Authorization": "Bearer another-key"})
    assert voices.status_code == 200
