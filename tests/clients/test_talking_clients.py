"""Published clients of sockets and of ElevenLabs' routes, unchanged, against gateways that hum."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.running import (
    DEEPGRAM,
    DEEPGRAM_SDK,
    ELEVENLABS,
    LIVEKIT_TALK,
    PIPECAT_DEEPGRAM,
    PIPECAT_TALK,
    WYOMING,
)
from tests.clients.test_clients import seconds_of_pcm
from tests.support.sound import decode
from tests.support.tls import behind_tls, certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.clients.running import Answer, Client
    from tests.support.gateway import Gateway

    Told = Callable[[Client], Mapping[str, Answer]]

TOKENS = ["Hello there", " my friend.", " How are", " you to", "day? It is", " a fine day."]
TEXT = "".join(TOKENS)
FAULTY = {"voice": "af_fail", "tokens": ["All is well so far.", " All is well so far.", " Not so now!"]}
LIVEKIT = {"voice": "af_heart", "tokens": TOKENS}
EL = {"text": TEXT, "voice_id": "21m00Tcm4TlvDq8ikWAM", "output_format": "pcm_24000"}

ORDERS: dict[Client, dict[str, dict[str, Any]]] = {
    LIVEKIT_TALK: {
        "mp3": LIVEKIT,
        "pcm": LIVEKIT | {"format": "pcm_24000"},
        "opus": LIVEKIT | {"format": "opus_48000_32"},
        "fault": FAULTY,
    },
    PIPECAT_TALK: {
        "sentences": LIVEKIT | {"sample_rate": 24000, "mode": "sentence"},
        "tokens": LIVEKIT | {"sample_rate": 16000, "mode": "token"},
    },
    DEEPGRAM: {"pcm": {"tokens": TOKENS}},
    DEEPGRAM_SDK: {way: LIVEKIT | {"way": way} for way in ("http", "socket")},
    WYOMING: {"pcm": LIVEKIT, "fault": FAULTY},
    PIPECAT_DEEPGRAM: {"pcm": LIVEKIT | {"sample_rate": 24000}},
    ELEVENLABS: {
        way: EL | {"way": way}
        for way in ("convert", "stream", "convert_with_timestamps", "stream_with_timestamps")
    }
    | {
        "fault": EL | {"way": "stream", "voice_id": "nobody"},
        "realtime": EL | {"way": "convert_realtime", "tokens": TOKENS},
    },
}
RATES = {"mp3": 22050, "opus": 48000, "tokens": 16000}


@pytest.fixture(scope="module")
def told(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """What each client makes of its orders; it is run once."""
    (started,) = [line for line in gateway.lines if line["event"] == "wyoming_started"]
    wyoming = f"tcp://127.0.0.1:{started['port']}"
    made, key = certificate(tmp_path_factory.mktemp("tls"))
    with behind_tls(gateway.port, made, key) as tls_port, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(made))

        @cache
        def ask(client: Client) -> Mapping[str, Answer]:
            urls = {LIVEKIT_TALK: gateway.base_url, WYOMING: wyoming}
            base_url = urls.get(client, gateway.root)
            orders = {name: (base_url, order) for name, order in ORDERS[client].items()}
            if "realtime" in orders:  # which wants TLS, whatever the base URL says
                orders["realtime"] = (f"https://127.0.0.1:{tls_port}", ORDERS[client]["realtime"])
            return client.speak(orders, retries=0)

        yield ask


SPOKEN = [(client, name) for client, orders in ORDERS.items() for name in orders if name != "fault"]


@pytest.mark.parametrize(("client", "name"), SPOKEN, ids=lambda value: getattr(value, "script", value))
def test_client_gets_the_whole_audio(gateway: Gateway, told: Told, client: Client, name: str) -> None:
    answer = told(client)[name]
    assert answer.error == "", answer
    samples, rate = decode("pcm", answer.audio, RATES.get(name, 24000))
    # Sentences that come one by one are grouped otherwise, which changes the pauses.
    assert len(samples) / rate == pytest.approx(seconds_of_pcm(gateway, TEXT), abs=0.8)


@pytest.mark.parametrize("client", [LIVEKIT_TALK, ELEVENLABS, WYOMING], ids=lambda c: c.script)
def test_client_never_takes_a_part_for_the_whole(told: Told, client: Client) -> None:
    assert told(client)["fault"].error


def test_the_sdk_shows_our_refusal(told: Told) -> None:
    fault = told(ELEVENLABS)["fault"]
    assert fault.status == 404
    assert "voice_not_found" in fault.message


@pytest.mark.parametrize(
    ("client", "name"), [(LIVEKIT_TALK, "mp3"), (LIVEKIT_TALK, "pcm"), (PIPECAT_TALK, "tokens")]
)
def test_client_tells_each_word_and_when_it_is_heard(told: Told, client: Client, name: str) -> None:
    words = told(client)[name].words
    assert [word.strip() for word, _ in words] == TEXT.split()
    starts = [start_s for _, start_s in words]
    assert starts == sorted(set(starts))


def test_two_clients_on_two_clocks_hear_each_word_at_the_same_time(told: Told) -> None:
    one, two = told(LIVEKIT_TALK)["pcm"].words, told(PIPECAT_TALK)["tokens"].words
    for (_, start_s), (_, other_s) in zip(one, two, strict=True):
        assert start_s - one[0][1] == pytest.approx(other_s - two[0][1], abs=0.03)


@pytest.mark.parametrize("way", ["convert_with_timestamps", "stream_with_timestamps"])
def test_the_sdk_tells_each_character_of_the_text(told: Told, way: str) -> None:
    times = told(ELEVENLABS)[way].words
    assert "".join(character for character, _ in times).split() == TEXT.split()
    assert [start_s for _, start_s in times] == sorted(start_s for _, start_s in times)
