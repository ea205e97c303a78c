from __future__ import annotations

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

from gateway.audio.encoders import ENCODERS
from tests.deploy.redis_server import RedisServer, redis_server
from tests.support.processes import environment
from tests.support.sockets import Socket, is_final
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.gateway import Gateway


class Replies(NamedTuple):
    """Of one text."""

    first: httpx.Response
    again: httpx.Response
    text: str


SHARED = {"CACHE_SECRET": "what-the-gateways-share"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Shared by the two gateways below."""
    with redis_server(tmp_path_factory.mktemp("redis")) as started:
        yield started


@pytest.fixture(scope="module")
def pair(server: RedisServer, start_one: Callable[..., Gateway]) -> tuple[Gateway, Gateway]:
    """Two gateways with one remote cache."""
    one, other = (start_one(CACHE_URL=server.url, **SHARED) for _ in range(2))
    for gateway in (one, other):
        answers(gateway)
    return one, other


def remote(gateway: Gateway) -> dict[str, Any]:
    """What its status says of the remote cache."""
    found: dict[str, Any] = gateway.status()["cache"]["remote"]
    return found


def answers(gateway: Gateway) -> None:
    """Wait until it has found its server."""
    wait_for(lambda: remote(gateway)["is_answering"], "the server of the remote cache found")


def speak(gateway: Gateway, text: str, control: str = "", **fields: Any) -> httpx.Response:
    body = {"model": "tts-1", "input": text, "voice": "af_heart", "response_format": "pcm"} | fields
    headers = {"cache-control": control} if control else {}
    return httpx.post(f"{gateway.base_url}/audio/speech", json=body, headers=headers, timeout=DEADLINE_S)


def written(gateway: Gateway) -> None:
    """Wait until all that it has spoken is with the server: an entry is queued before its request has ended."""
    gateway.known()
    wait_for(lambda: not remote(gateway)["queued"], "what was spoken is written")


def line(gateway: Gateway, answer: httpx.Response) -> dict[str, Any]:
    """The log line of a request."""
    request_id = answer.headers["x-request-id"]
    (found,) = wait_for(lambda: gateway.requests(request_id=request_id), "its line")
    return dict(found)


def brought(
    pair: tuple[Gateway, Gateway], ask: Callable[[Gateway, str], httpx.Response], text: str
) -> Replies:
    """What one gateway has spoken, the same from its cache, and from the other one, which had it from the server.

    On a busy machine the server may be late, and then the other one has spoken too: it is asked for another text.
    """
    one, other = pair
    for number in range(50):
        ask(one, f"{text} {number}.")
        first = ask(one, f"{text} {number}.")
        written(one)
        late = not_in_time(other)
        again = ask(other, f"{text} {number}.")
        if line(other, again).get("cache_tier") == "remote":
            return Replies(first, again, f"{text} {number}.")
        assert not_in_time(other) > late or not_in_time(one), "it was not asked for"
    raise AssertionError("the server was late 50 times")


def not_in_time(gateway: Gateway) -> int:
    """Look-ups and writes that a server that is late has cost."""
    counted = remote(gateway)
    return sum(int(counted[event]) for event in ("late", "skipped", "dropped", "failed"))


@pytest.mark.parametrize("audio_format", list(ENCODERS))
def test_what_one_gateway_has_spoken_another_answers(
    pair: tuple[Gateway, Gateway], audio_format: str
) -> None:
    one, other = pair

    def ask(gateway: Gateway, text: str) -> httpx.Response:
        return speak(gateway, text, response_format=audio_format)

    first, again, text = brought(
        pair, ask, f"Said once as {audio_format}, it is known everywhere. And this is"
    )
    assert again.headers["x-cache"] == "hit"
    assert (again.content, again.headers["content-type"]) == (first.content, first.headers["content-type"])
    there, here = line(one, first), line(other, again)
    assert there["cache_tier"] == "local"
    assert not {"inference_ms", "phonemes_ms", "queue_ms", "worker_pids"} & set(here)
    for name in ("audio_s", "segments", "bytes_sent", "characters", "voice", "format"):
        assert here[name] == there[name]
    assert line(other, ask(other, text))["cache_tier"] == "local"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/audio/speech", {"stream_format": "sse", "timestamps": "word", "response_format": "mp3"}),
        ("/v1/audio/captions", {"response_format": "vtt"}),
        ("/dev/captioned_speech", {"response_format": "mp3"}),
    ],
)
def test_what_is_told_beside_the_sound_comes_too(
    pair: tuple[Gateway, Gateway], path: str, fields: dict[str, str]
) -> None:
    """Events, words, usage and captions of another gateway's speech are those of the gateway that spoke."""

    def ask(gateway: Gateway, text: str) -> httpx.Response:
        body = {"model": "tts-1", "input": text, "voice": "af_bella"} | fields
        return httpx.post(gateway.root + path, json=body, timeout=DEADLINE_S)

    first, again, _ = brought(
        pair, ask, f"Words are timed here, and told there, at {path}, all in order, and this is"
    )
    assert again.text == first.text
    assert len(again.text) > 100


def test_a_gateway_that_holds_nothing_itself_reads_and_writes_there(
    pair: tuple[Gateway, Gateway], start: Callable[..., Gateway], server: RedisServer
) -> None:
    small = start(CACHE_URL=server.url, CACHE_MB="0", **SHARED)
    answers(small)
    for writer, reader in ((pair[0], small), (small, pair[0])):
        _, _, text = brought((writer, reader), speak, f"It is {reader.port} that asks for this. And this is")
    assert small.status()["cache"]["entries"] == 0
    tiers = [line(small, speak(small, text)).get("cache_tier") for _ in range(20)]
    assert set(tiers) <= {"remote", None}
    assert "remote" in tiers


def test_a_first_segment_serves_another_format_and_another_text(pair: tuple[Gateway, Gateway]) -> None:
    opening = "This long opening is spoken once, by one of all the gateways, and heard everywhere after that"
    end = "What follows it is of this text alone, and never of the other one, which has its own end."

    def ask(gateway: Gateway, text: str) -> httpx.Response:
        return speak(gateway, f"{text} {end}", response_format="wav" if gateway is pair[0] else "mp3")

    _, again, text = brought(pair, ask, opening)
    assert line(pair[1], again)["cache"] in {"partial", "hit"}
    second = f"{text} And here the second text goes on in another way, as anybody who listens to it can hear."
    assert line(pair[1], speak(pair[1], second))["cache"] == "partial"


def test_a_socket_has_its_first_segment_from_another_gateway(pair: tuple[Gateway, Gateway]) -> None:
    one, other = pair

    def turn(gateway: Gateway, text: str) -> str | None:
        before = gateway.known(voice="bf_emma")
        with Socket(
            gateway.port, "/v1/text-to-speech/bf_emma/stream-input?output_format=pcm_24000"
        ) as socket:
            for part in (" ", f"{text} ", ""):
                socket.say(text=part)
            assert socket.messages(is_final)
        (said,) = wait_for(lambda: gateway.requests(voice="bf_emma")[before:], "its line")
        written(gateway)
        tier: str | None = said.get("cache_tier")
        return tier

    def has_it(number: int) -> bool:
        text = f"Thank you for calling us today, you are number {number}."
        assert turn(one, text) is None
        return turn(other, text) == "remote"

    assert any(map(has_it, range(50)))


@pytest.mark.parametrize("control", ["no-store", "no-cache"])
def test_who_wants_it_spoken_anew_gets_that_and_who_wants_nothing_kept_too(
    pair: tuple[Gateway, Gateway], server: RedisServer, control: str
) -> None:
    one, other = pair
    text = f"Whether this is kept depends: {control}."
    speak(one, text, control)
    written(one)
    assert line(other, speak(other, text, control)).get("cache") == (
        None if control == "no-store" else "miss"
    )
    written(other)
    name_count = len(server.names())
    speak(one, f"{text} ", control)
    if control == "no-cache":
        wait_for(lambda: len(server.names()) > name_count, "it on the server")
    else:
        written(one)
        assert len(server.names()) == name_count


def test_no_text_is_on_the_server(pair: tuple[Gateway, Gateway], server: RedisServer) -> None:
    text = "Unmistakable words are nowhere to be read."
    speak(pair[0], text, response_format="wav")
    written(pair[0])
    names = server.names()
    assert all(name.startswith(b"kokoro-gateway:1:") and len(name) == 81 for name in names)
    kept = b"".join(server.ask("GET", name) for name in names)
    assert not [word for word in text.split() if len(word) > 5 and word.encode() in kept]


def test_gateways_that_sound_different_never_meet(
    pair: tuple[Gateway, Gateway], server: RedisServer, start: Callable[..., Gateway]
) -> None:
    """Another provider stands for all that the speaker is made of; another secret is another family."""
    text = "Who speaks here?"
    speak(pair[0], text)
    written(pair[0])
    stranger = start(CACHE_URL=server.url, **{"CACHE_SECRET": "another"})
    answers(stranger)
    assert stranger.status()["speaker"] == pair[0].status()["speaker"]
    assert line(stranger, speak(stranger, text))["cache"] == "miss"


def test_the_password_is_shown_nowhere(start: Callable[..., Gateway], tmp_path: Path) -> None:
    with redis_server(tmp_path, "--requirepass", "hush-hush", user=":hush-hush@") as server:
        gateway = start(CACHE_URL=server.url, **{"CACHE_SECRET": "hush-hush-too"})
        answers(gateway)
        speak(gateway, "Hello.")
        written(gateway)
        server.ask("CONFIG", "SET", "requirepass", "another")
        shown = [gateway.get(path).text for path in ("/status", "/metrics", "/openapi.json")]
        assert json.loads(shown[0])["cache"]["remote"]["server"] == f"redis://127.0.0.1:{server.port}/0"
        environments = [environment(worker) for worker in gateway.workers() + gateway.workers("text")]
        assert gateway.stop() == 0
    said = json.dumps([gateway.lines, gateway.printed, shown, environments])
    assert "hush" not in said


def test_replies_go_on_while_the_server_is_frozen_dead_and_back(
    start: Callable[..., Gateway], tmp_path: Path
) -> None:
    with redis_server(tmp_path) as server:
        gateway = start(CACHE_URL=server.url)
        answers(gateway)

        def all_whole(name: str) -> list[httpx.Response]:
            with ThreadPoolExecutor(4) as clients:
                texts = [f"Text {number} while it is {name}." for number in range(8)]
                replies = list(clients.map(lambda text: speak(gateway, text), texts))
            assert {reply.status_code for reply in replies} == {200}
            assert all(len(reply.content) > 1000 for reply in replies)
            return replies

        all_whole("well")
        written(gateway)
        server.freeze()
        all_whole("frozen")
        assert not remote(gateway)["is_answering"]
        waited = remote(gateway)["late"]
        replies = all_whole("left alone")
        assert remote(gateway)["late"] == waited
        assert remote(gateway)["skipped"]
        assert {line(gateway, reply)["cache"] for reply in replies} == {"miss"}
        server.process.kill()
        server.process.wait()
        all_whole("dead")
        with redis_server(tmp_path, port=server.port):
            answers(gateway)
            before, texts = remote(gateway)["written"], count()

            def writes_again() -> bool:
                all_whole(f"back, {next(texts)}")  # a busy machine is late three times in a row now and then
                return bool(remote(gateway)["written"] > before)

            wait_for(writes_again, "it writes again")
        assert gateway.stop() == 0
    states = {"remote_cache_answers", "remote_cache_lost"}
    events = [entry["event"] for entry in gateway.lines if entry["event"] in states]
    assert events[:3] == ["remote_cache_answers", "remote_cache_lost", "remote_cache_answers"]


def test_what_was_spoken_last_is_written_before_the_end(
    start: Callable[..., Gateway], server: RedisServer
) -> None:
    leaving = start(CACHE_URL=server.url)
    answers(leaving)
    before = len(server.names())
    speak(leaving, "These are my last words.")
    leaving.process.send_signal(signal.SIGTERM)
    assert leaving.process.wait(DEADLINE_S) == 0
    assert len(server.names()) == before + 2, "its first segment and the whole"
