"""Published clients, unchanged, against running gateways. Without tests/clients/setup.sh they are skipped."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

from gateway.audio.encoders import ENCODERS
from tests.clients.running import CLIENTS, LIVEKIT, OPENAI, PIPECAT, TALKING, Answer, Client
from tests.support.sound import G711, decode
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.report import Order
    from tests.support.gateway import Gateway

ROOT = Path(__file__).parents[2]
TEXT = "Good morning, everyone."
LONG = "This sentence is one of several, and it takes its time. " * 5
ORDER: Order = {"model": "tts-1", "voice": "alloy", "input": TEXT}
WITH_TIMES = ORDER | {"model": "kokoro", "input": LONG, "response_format": "pcm", "timestamps": "word"}
OPENAI_FOR_NODE = [client for client in OPENAI if client.environment == "npm"]
FAULTS: dict[str, Order] = {
    "too long": ORDER | {"input": "a" * 5000},
    "broken off": ORDER
    | {"voice": "af_fail", "input": "All is well with the first words. " * 4 + "Not so now!"},
    "poisonous": ORDER | {"voice": "af_crash", "input": "Boom!"},
}


def speech_for(client: Client) -> dict[str, Order]:
    """Orders in every way that the client asks for speech."""
    if client is PIPECAT:
        return {"pcm": ORDER | {"input": LONG}}
    formats = [name for name in ENCODERS if name not in G711] if client is LIVEKIT else ["mp3", "wav", "pcm"]
    models = ["tts-1", "kokoro"] if client is LIVEKIT else ["tts-1"]  # LiveKit wants events from the second
    orders = {
        f"{name} by {model}": ORDER | {"input": LONG, "response_format": name, "model": model}
        for name in formats
        for model in models
    }
    if client is LIVEKIT:
        return orders | {"pcm with times": WITH_TIMES}
    if client in OPENAI_FOR_NODE:
        return orders | {"pcm with times": WITH_TIMES | {"stream_format": "sse"}}
    return orders


def seconds(client: Client, name: str, audio: bytes) -> float:
    """Length of what a client returned: those that play it have decoded it already."""
    samples, rate = decode("pcm" if client in {LIVEKIT, PIPECAT} else name, audio)
    return len(samples) / rate


def seconds_of_pcm(gateway: Gateway, text: str) -> float:
    order = ORDER | {"input": text, "response_format": "pcm"}
    return len(httpx.post(f"{gateway.base_url}/audio/speech", json=order, timeout=60).content) / 48000


class Told(NamedTuple):
    """What one client made of all orders, and what it sent for those to the gateway that hums."""

    answers: dict[str, Answer]
    requests: list[dict[str, Any]]


def called(client: Client) -> str:
    return f"{client.package}-{client.version}"


@pytest.fixture(scope="module")
def told(kokoro: Gateway, gateway: Gateway) -> Callable[[Client], Told]:
    """What a client made of its orders; each is run once."""
    return cache(partial(_told, kokoro, gateway))


def _told(kokoro: Gateway, gateway: Gateway, client: Client) -> Told:
    begin = gateway.known()
    # Pipecat knows OpenAI's voices only, and no fault is named for one of them.
    faults = {n: o for n, o in FAULTS.items() if client is not PIPECAT or o["voice"] == ORDER["voice"]}
    orders = {name: (gateway.base_url, order) for name, order in (speech_for(client) | faults).items()}
    answers = client.speak({"real": (kokoro.base_url, ORDER), **orders}, retries=2)
    last = gateway.known() - 1  # that of what was asked to know it
    return Told(answers, gateway.requests()[begin:last])


@pytest.mark.parametrize("client", CLIENTS, ids=called)
def test_client_speaks_with_the_real_voice(
    kokoro: Gateway, told: Callable[[Client], Told], client: Client
) -> None:
    answer = told(client).answers["real"]
    assert answer.error == "", answer
    length = seconds(client, "mp3", answer.audio)
    assert length > 1
    assert abs(length - seconds_of_pcm(kokoro, TEXT)) < 0.15


@pytest.mark.parametrize("client", CLIENTS, ids=called)
def test_client_gets_the_whole_audio_in_each_format(
    gateway: Gateway, told: Callable[[Client], Told], client: Client
) -> None:
    expected = seconds_of_pcm(gateway, LONG)
    for name in speech_for(client):
        answer = told(client).answers[name]
        assert answer.error == "", answer
        assert abs(seconds(client, name.split()[0], answer.audio) - expected) < 0.1, name


@pytest.mark.parametrize("client", CLIENTS, ids=called)
def test_client_shows_our_refusal_and_does_not_repeat_it(
    told: Callable[[Client], Told], client: Client
) -> None:
    refusal = told(client).answers["too long"]
    assert refusal.error
    assert "5000 characters, and at most 4096 are taken" in refusal.message
    assert refusal.status == (None if client is PIPECAT else 400)  # Pipecat hands on only the sentence
    assert len([line for line in told(client).requests if line["outcome"] == "invalid"]) == 1


@pytest.mark.parametrize("client", [c for c in CLIENTS if c is not PIPECAT], ids=called)
def test_client_never_takes_half_of_the_audio_for_the_whole(
    told: Callable[[Client], Told], client: Client
) -> None:
    broken_off = told(client).answers["broken off"]
    assert broken_off.error, "it returned half of the audio"
    assert broken_off.audio == b""


@pytest.mark.parametrize("client", OPENAI, ids=called)
def test_sdk_does_not_repeat_what_would_break_again(told: Callable[[Client], Told], client: Client) -> None:
    assert told(client).answers["poisonous"].status == 500
    assert len([line for line in told(client).requests if line.get("voice") == "af_crash"]) == 1


def test_livekit_asks_for_audio_and_for_events(told: Callable[[Client], Told]) -> None:
    ok = [line for line in told(LIVEKIT).requests if line["outcome"] == "ok" and line["method"] == "POST"]
    assert sorted(line["stream_format"] for line in ok) == ["audio"] * 6 + ["sse"] * 7


@pytest.mark.parametrize("client", OPENAI, ids=called)
def test_sdk_comes_back_when_it_may(one_at_a_time: Gateway, client: Client) -> None:
    url, key = f"{one_at_a_time.base_url}/audio/speech", {"Authorization": "Bearer none is needed"}
    long = ORDER | {"voice": "af_slow", "input": "This takes its time! " * 150, "response_format": "pcm"}
    known = one_at_a_time.known(status=429)
    with ThreadPoolExecutor(1) as threads:
        with httpx.stream("POST", url, json=long, headers=key, timeout=60) as first:
            assert first.status_code == 200
            asked = threads.submit(client.speak, {"patient": (one_at_a_time.base_url, ORDER)}, 5)
            wait_for(lambda: asked.done() or len(one_at_a_time.requests(status=429)) > known, "a refusal")
        answer = asked.result()["patient"]
    assert answer.error == "", answer
    assert len(one_at_a_time.requests(status=429)) > known
    assert seconds(client, "mp3", answer.audio) > 1


def test_readme_names_the_versions_that_are_tested() -> None:
    table = (
        (ROOT / "README.md").read_text(encoding="utf-8").partition("## Works with")[2].partition("\n## ")[0]
    )
    cells = [[cell.strip(" `") for cell in row.split("|")[1:3]] for row in table.splitlines() if "|" in row]
    rows = [[package, version] for package, versions in cells for version in versions.split(", ")]
    newest = re.search(r"^openai==(\S+)$", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert newest
    for named in [
        ["openai", newest[1]],
        *([client.package, client.version] for client in (*CLIENTS, *TALKING)),
    ]:
        assert named in rows
