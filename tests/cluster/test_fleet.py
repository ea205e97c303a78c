"""Two machines of one fleet on this one: what clients see while replicas, nodes and machines come and go."""

from __future__ import annotations

import json
import signal
import threading
from base64 import b64decode
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx
import openai
import pytest

from tests.cluster.fleet import KEY, Fleet, Machine, fleet
from tests.support.processes import are_gone, descendants, workers
from tests.support.sockets import Socket
from tests.support.streams import SLOW, open_stream
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

NUMBER = count()


@pytest.fixture(scope="module")
def two(undisturbed: None, tone: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    directory = tmp_path_factory.mktemp("fleet")
    (directory / "keys").write_text(f"{KEY}\n")
    variables = {"API_KEYS_FILE": str(directory / "keys"), "STALL_TIMEOUT_S": "3", "KEY_REQUESTS": "12"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONE_DIRECTORY", str(tone))
        with fleet("tests.support.tone_cluster", directory, **variables) as running:
            running.keys = directory / "keys"
            running.join()
            wait_for(lambda: is_spread(running), "requests on both machines")
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
            closing.enter_context(
                open_stream(fleet.first, f"Number {next(NUMBER)}! " + SLOW, "af_slow", key=KEY)
            )
            for _ in range(number)
        ]


def is_spread(fleet: Fleet) -> bool:
    """Whether each machine gets some of what is asked for at the door."""
    for _ in range(8):
        httpx.post(f"{fleet.first.base_url}/audio/speech", **asked(f"Number {next(NUMBER)}."))
    return all(machine.requests(path="/v1/audio/speech") for machine in machines(fleet))


class Listeners:
    """So many who listen to one thing after the other, no text twice, while somebody asks for short ones."""

    def __init__(self, fleet: Fleet, number: int) -> None:
        self.whole: list[int] = []
        """Bytes of the replies that came to their end."""

        self.broken: list[Exception] = []
        self.refused = 0
        self._machines = machines(fleet)
        self._url = f"{fleet.first.base_url}/audio/speech"
        self._leave = threading.Event()
        self._threads = [threading.Thread(target=self._listen) for _ in range(number)]
        self._threads.append(threading.Thread(target=self._ask))

    def __enter__(self) -> Listeners:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.set()
        for thread in self._threads:
            thread.join(2 * DEADLINE_S)
        if self.whole:
            self._check_whole()

    def _check_whole(self) -> None:
        """A reply that came to its end was sent to its end."""

        def sent() -> set[int]:
            spoken = (line for machine in self._machines for line in machine.requests(outcome="ok"))
            return {line.get("bytes_sent", 0) for line in spoken}

        wait_for(lambda: set(self.whole) <= sent(), "log lines of whole replies that are as long as these")

    def _listen(self) -> None:
        while not self._leave.is_set():
            text = f"Number {next(NUMBER)} takes its time! " * 20
            try:
                with httpx.stream("POST", self._url, **asked(text, "af_slow")) as reply:
                    reply.raise_for_status()
                    self.whole.append(sum(len(piece) for piece in reply.iter_raw()))
            except httpx.HTTPError as broken:
                self.broken.append(broken)

    def _ask(self) -> None:
        while not self._leave.wait(0.2):
            try:
                self.refused += not httpx.post(self._url, **asked(f"Number {next(NUMBER)}.")).is_success
            except httpx.HTTPError as broken:
                self.broken.append(broken)


def asked(text: str, voice: str = "af_heart") -> dict[str, Any]:
    body = {"model": "tts-1", "voice": voice, "input": text, "response_format": "pcm"}
    return {"json": body, "headers": {"Authorization": f"Bearer {KEY}"}, "timeout": 2 * DEADLINE_S}


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


def test_keys_are_read_again_on_all_machines(two: Fleet) -> None:
    two.keys.write_text(f"{KEY}\nanother-key\n")
    two.first.process.send_signal(signal.SIGHUP)
    wait_for(lambda: all(machine.has_said("keys_read") for machine in machines(two)), "new keys everywhere")
    voices = two.first.get("/v1/audio/voices", headers={"Authorization": "Bearer another-key"})
    assert voices.status_code == 200


def test_a_replica_that_is_killed_breaks_its_own_streams_alone(two: Fleet) -> None:
    (other,) = two.others
    killed, orphans = other.replica, workers(other.replica.pid)
    with Listeners(two, 6) as listeners:
        wait_for(lambda: all(machine.is_busy for machine in machines(two)), "two busy machines")
        killed.kill()
    assert listeners.broken
    assert listeners.whole
    wait_for(lambda: are_gone(orphans), "the end of its workers")
    wait_for(lambda: other.is_ready, "a new replica")
    assert other.replica.pid != killed.pid


def test_an_upgrade_loses_nothing(two: Fleet) -> None:
    before = {machine.replica.pid for machine in machines(two)}
    with Listeners(two, 6) as listeners:
        wait_for(lambda: all(machine.is_busy for machine in machines(two)), "two busy machines")
        two.deploy("tests.support.tone_cluster:prepare_anew")
        wait_for(lambda: all(machine.is_ready for machine in machines(two)), "new replicas")
    assert not listeners.broken
    assert listeners.refused == 0
    assert not before & {machine.replica.pid for machine in machines(two)}


def test_a_machine_that_is_lost_takes_its_own_streams_alone(two: Fleet) -> None:
    (other,) = two.others
    started = descendants(other.process.pid)
    with Listeners(two, 6) as listeners:
        wait_for(lambda: all(machine.is_busy for machine in machines(two)), "two busy machines")
        other.raylet.kill()
    assert listeners.broken
    assert listeners.whole
    assert other.process.wait(DEADLINE_S) != 0
    wait_for(lambda: are_gone(started), "the end of what it had started")
    two.others.remove(other)
    two.join()
    wait_for(lambda: is_spread(two), "a machine in its place")


def test_a_machine_that_leaves_finishes_what_it_speaks(two: Fleet) -> None:
    (other,) = two.others
    with Listeners(two, 6) as listeners:
        wait_for(lambda: all(machine.is_busy for machine in machines(two)), "two busy machines")
        two.leave(other)
    assert not listeners.broken
    assert listeners.refused == 0
