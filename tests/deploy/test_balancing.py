"""HAProxy and nginx as deploy/ has them for several machines, before three gateways."""

from __future__ import annotations

import json
import signal
import ssl
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest
from openai import OpenAI

from gateway.audio.encoders import ENCODERS
from tests.deploy.proxies import NAME, haproxy, made_certificate, nginx_fleet
from tests.support.processes import suspended
from tests.support.sockets import Socket, is_final
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from tests.deploy.proxies import Proxy
    from tests.support.gateway import Gateway

SLOW = "This sentence takes its time! " * 8


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory with a certificate for the name in the snippets."""
    return made_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def gateways(start_one: Callable[..., Gateway]) -> list[Gateway]:
    """Three machines."""
    with ThreadPoolExecutor(3) as starting:
        return list(starting.map(lambda _: start_one(), range(3)))


PROXIES: list[Proxy] = [haproxy, nginx_fleet]


class Balanced(NamedTuple):
    """Three gateways behind one address."""

    client: httpx.Client
    gateways: list[Gateway]
    is_read: bool
    """What stands before them knows the text of a request, not only its bytes."""


@pytest.fixture(scope="module", params=PROXIES, ids=lambda proxy: proxy.__name__)
def balanced(
    request: pytest.FixtureRequest,
    gateways: list[Gateway],
    certificate: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Balanced]:
    directory = tmp_path_factory.mktemp("proxy")
    with request.param(directory, certificate, [gateway.port for gateway in gateways]) as client:
        yield Balanced(client, gateways, request.param is haproxy)


def body(text: str, voice: str = "af_heart", **fields: object) -> dict[str, object]:
    return {"model": "tts-1", "input": text, "voice": voice, "response_format": "pcm"} | fields


def speak(client: httpx.Client, text: str, voice: str = "af_heart", **fields: object) -> httpx.Response:
    return client.post("/v1/audio/speech", json=body(text, voice, **fields))


def test_an_openai_client_gets_every_format_and_events(balanced: Balanced) -> None:
    address = f"{balanced.client.base_url}/v1"
    openai = OpenAI(base_url=address, api_key="any", http_client=balanced.client)  # type: ignore[arg-type]
    for audio_format in ENCODERS:
        spoken = openai.audio.speech.create(
            model="tts-1",
            voice="alloy",
            input=f"Spoken as {audio_format}.",
            response_format=audio_format,  # type: ignore[arg-type]
        )
        assert len(spoken.content) > 500
    events = speak(balanced.client, "Sent as events.", stream_format="sse").text
    assert "speech.audio.delta" in events
    assert "speech.audio.done" in events.splitlines()[-2]


def test_repeats_meet_the_gateway_that_has_spoken_and_all_gateways_share_the_work(balanced: Balanced) -> None:
    texts = [
        f"Sentence number {number} is said again and again, as {balanced.is_read}." for number in range(40)
    ]
    first = [speak(balanced.client, text) for text in texts]
    again = [speak(balanced.client, text) for text in texts * 2]
    held = Counter(answer.headers["x-cache"] for answer in again)
    assert held["hit"] > 0.9 * len(again)
    assert {answer.status_code for answer in again} == {200}
    assert min(shares(balanced, first)) > 0


def answered(gateway: Gateway, answers: list[httpx.Response]) -> int:
    """How many of these a gateway has given."""
    ids = {answer.headers["x-request-id"] for answer in answers}
    return sum(entry["request_id"] in ids for entry in gateway.requests())


def shares(balanced: Balanced, answers: list[httpx.Response]) -> list[int]:
    """How many of these each gateway has given, once the log has them all."""
    assert {answer.status_code for answer in answers} == {200}

    def counts() -> list[int]:
        return [answered(gateway, answers) for gateway in balanced.gateways]

    return list(wait_for(lambda: sum(found := counts()) == len(answers) and found, "their lines"))


def one_gateway(balanced: Balanced, answers: list[httpx.Response]) -> bool:
    """All of these came from one."""
    return sorted(shares(balanced, answers))[:2] == [0, 0]


SAID = {
    "plain": "One text in many clothes.",
    "quotes and breaks": 'He said "no",\n and\tleft \\ for good.',
    "letters": "Zażółć gęślą jaźń, “señor”, 東京 and so on.",
    "long": "A long text. " * 300,
}


@pytest.mark.parametrize("said", SAID)
def test_a_text_meets_its_gateway_however_it_is_asked_for(balanced: Balanced, said: str) -> None:
    if not balanced.is_read:
        pytest.skip("nginx knows a body by its bytes only")
    text = f"{SAID[said]} "
    answers = []
    for fields in (
        {},
        {"response_format": "mp3"},
        {"speed": 1.2},
        {"stream_format": "sse"},
        {"model": "kokoro"},
    ):
        asked = json.dumps(
            dict(reversed(body(text, **fields).items())), ensure_ascii=False, indent=len(fields)
        )
        answers.append(balanced.client.post("/v1/audio/speech", content=asked.encode()))
    assert one_gateway(balanced, answers)


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("is_escaped", [True, False])
def test_the_same_bytes_meet_the_same_gateway(balanced: Balanced, said: str, is_escaped: bool) -> None:
    asked = json.dumps(body(f"The same: {SAID[said]}"), ensure_ascii=is_escaped).encode()
    assert one_gateway(balanced, [balanced.client.post("/v1/audio/speech", content=asked) for _ in range(4)])


def test_other_doors_meet_their_gateway_too(balanced: Balanced) -> None:
    for path, asked in (
        ("/v1/text-to-speech/af_heart", {"text": "The text of another protocol."}),
        ("/v1/audio/captions", {"input": "Captions have a text.", "voice": "af_heart"}),
        ("/v1/speak?model=af_heart", {"text": "So has this one."}),
    ):
        assert one_gateway(balanced, [balanced.client.post(path, json=asked) for _ in range(4)]), path


def test_sockets_and_what_has_no_text_go_everywhere(balanced: Balanced, certificate: Path) -> None:
    context = ssl.create_default_context(cafile=str(certificate / "fullchain.pem"))
    port = balanced.client.base_url.port
    assert port
    path = "/v1/text-to-speech/af_heart/stream-input?output_format=pcm_24000"
    before = sockets(balanced)
    for number in range(9):
        with Socket(port, path, tls=context, host=NAME) as socket:
            for part in (" ", f"Hello from socket {number}. ", ""):
                socket.say(text=part)
            assert is_final(socket.messages(is_final)[-1])
    served = wait_for(lambda: sum(now := sockets(balanced)) == sum(before) + 9 and now, "their lines")
    assert sum(now > then for now, then in zip(served, before, strict=True)) > 1
    assert {balanced.client.get("/v1/models").status_code for _ in range(9)} == {200}


class Readers:
    """Clients that each read a long reply. Live as long as their context."""

    MOST = 24

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._clients = ThreadPoolExecutor(self.MOST)
        self._reading: list[Future[tuple[str, str]]] = []
        self._begun: list[str] = []
        """Ids of the replies whose first bytes are there."""

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *_: object) -> None:
        self._clients.shutdown()

    @contextmanager
    def in_the_midst(self, gateways: list[Gateway]) -> Iterator[None]:
        """Each gateway stands still with a reply that has begun and is not all spoken, however texts are spread."""
        for _ in range(self.MOST):
            self._read_one_more()
            with suspended(worker for gateway in gateways for worker in gateway.workers()):
                if all(gateway.is_speaking for gateway in gateways):
                    yield
                    return
        raise AssertionError("all replies came from one gateway")

    def outcomes(self) -> dict[str, str]:
        """What became of each, by its id."""
        return dict(one.result() for one in self._reading)

    def _read_one_more(self) -> None:
        number = len(self._reading)
        text = " ".join(f"Sentence {line} of {number} takes its time!" for line in range(12))
        self._reading.append(self._clients.submit(self._read, text))  # none of it is in a cache
        wait_for(lambda: len(self._begun) == len(self._reading), "a reply begun")

    def _read(self, text: str) -> tuple[str, str]:
        size = 0
        with self._client.stream("POST", "/v1/audio/speech", json=body(text, "af_slow")) as answer:
            assert answer.status_code == 200
            request_id = answer.headers["x-request-id"]
            try:
                for piece in answer.iter_raw():
                    if not size:
                        self._begun.append(request_id)
                    size += len(piece)
            except httpx.RemoteProtocolError:
                return request_id, "broken"
        return request_id, "whole" if size > 100_000 else f"{size} bytes"


def sockets(balanced: Balanced) -> list[int]:
    """Texts that came over sockets, by gateway."""
    return [
        len(
            {
                entry["request_id"]
                for entry in gateway.requests()
                if "stream-input" in (entry.get("path") or "")
            }
        )
        for gateway in balanced.gateways
    ]


@pytest.mark.parametrize("proxy", PROXIES, ids=lambda proxy: proxy.__name__)
def test_a_gateway_killed_in_mid_stream_breaks_its_own_replies_only(
    proxy: Proxy, start: Callable[..., Gateway], certificate: Path, tmp_path: Path
) -> None:
    doomed, other = start(), start()
    with proxy(tmp_path, certificate, [doomed.port, other.port]) as client, Readers(client) as readers:
        with readers.in_the_midst([doomed, other]):
            doomed.process.kill()
        after = {speak(client, f"After that, {number}.").status_code for number in range(12)}
        outcomes = readers.outcomes()
    whole = list(outcomes.values()).count("whole")
    wait_for(lambda: len(other.requests(voice="af_slow")) == whole, "the lines of the whole ones")
    survivors = {entry["request_id"] for entry in other.requests(voice="af_slow")}
    assert 0 < len(survivors) < len(outcomes), "one of them has spoken nothing"
    assert outcomes == {name: "whole" if name in survivors else "broken" for name in outcomes}
    assert after == {200}


@pytest.mark.parametrize("proxy", PROXIES, ids=lambda proxy: proxy.__name__)
def test_a_gateway_that_drains_gets_nothing_new_and_ends_its_streams_whole(
    proxy: Proxy, start: Callable[..., Gateway], certificate: Path, tmp_path: Path
) -> None:
    leaving, staying = start(DRAIN_S="60"), start()
    with proxy(tmp_path, certificate, [leaving.port, staying.port]) as client, Readers(client) as readers:
        with readers.in_the_midst([leaving, staying]):
            leaving.process.send_signal(signal.SIGTERM)
            leaving.told("draining")
        after = [speak(client, f"After that, {number}.") for number in range(12)]
        assert set(readers.outcomes().values()) == {"whole"}
        assert leaving.process.wait(DEADLINE_S) == 0
    assert {answer.status_code for answer in after} == {200}
    wait_for(lambda: answered(staying, after) == len(after), "their lines")
    assert leaving.requests(voice="af_slow", outcome="ok")


@pytest.fixture(scope="module")
def full(start_one: Callable[..., Gateway]) -> list[Gateway]:
    """Three machines where nobody may wait."""
    with ThreadPoolExecutor(3) as starting:
        return list(starting.map(lambda _: start_one(QUEUE_S="0"), range(3)))


@pytest.mark.parametrize("proxy", PROXIES, ids=lambda proxy: proxy.__name__)
def test_when_all_are_full_the_refusal_passes_as_it_is(
    proxy: Proxy, full: list[Gateway], certificate: Path, tmp_path: Path
) -> None:
    crowd = 16
    ports = [gateway.port for gateway in full]
    # They differ from the first word on: whose first sound is in the cache waits for nothing, and is not refused.
    texts = [f"{proxy.__name__} {number}: {SLOW}" for number in range(crowd)]
    workers = [worker for gateway in full for worker in gateway.workers()]
    with proxy(tmp_path, certificate, ports) as client, ThreadPoolExecutor(crowd) as clients:
        with suspended(workers):  # nobody is spoken to until somebody has been refused
            asked = [clients.submit(speak, client, text, "af_slow") for text in texts]
            wait_for(lambda: any(one.done() for one in asked), "a refusal")
        answers = [one.result() for one in asked]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert 0 < len(refused) <= crowd - len(full)
    assert {(answer.status_code, answer.json()["error"]["type"]) for answer in refused} == {
        (503, "server_error")
    }
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
