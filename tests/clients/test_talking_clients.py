"""Published clients of sockets, of ElevenLabs' routes and of Wyoming, unchanged, against a gateway that hums."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.running import (
    DEEPGRAM,
    DEEPGRAM_SDK,
    ELEVENLABS,
    HOME_ASSISTANT,
    LIVEKIT_TALK,
    PIPECAT_DEEPGRAM,
    PIPECAT_TALK,
    WYOMING,
)
from tests.clients.test_clients import seconds_of_pcm
from tests.support.sound import decode
from tests.support.tls import behind_tls, certificate
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.clients.report import Order
    from tests.clients.running import Answer, Client
    from tests.support.gateway import Gateway

    Told = Callable[[Client], Mapping[str, Answer]]

TOKENS = ["Hello there", " my friend.", " How are", " you to", "day? It is", " a fine day."]
TEXT = "".join(TOKENS)
WORDS = TEXT.split()
SO_FAR = "All is well so far, and it goes on like this for a while, as long as it is well; " * 4
LONG = ["All is well so far. " * 30]
VOICE: Order = {"voice": "af_heart", "tokens": TOKENS}
FAILING = {"voice": "af_fail", "tokens": ["All is well so far. " * 8, "Not so ", "now!"]}
CRASHING = FAILING | {"voice": "af_crash"}
BROKEN_IN_ON = VOICE | {"before": LONG, "breaks_in": True}

SOCKET = {"sample_rate": 24000, "mode": "sentence"}
OVER_HTTP = SOCKET | {"mode": "http"}
PIPECAT: dict[str, Order] = {
    f"{mode} at {rate} Hz": VOICE | {"mode": mode, "sample_rate": rate}
    for mode, rate in (
        ("sentence", 8000),
        ("token", 16000),
        ("sentence", 48000),
        ("http", 24000),
        ("http", 48000),
    )
} | {
    "broken in on": SOCKET | BROKEN_IN_ON,
    # The turn after it is spoken, and the one before it has no end.
    "fault": SOCKET | FAILING | {"before": FAILING["tokens"], "tokens": TOKENS},
    "fault of tokens": SOCKET | CRASHING | {"before": CRASHING["tokens"], "tokens": TOKENS, "mode": "token"},
    "fault over http": OVER_HTTP | FAILING | {"tokens": [SO_FAR + "But not now!"]},
    "refusal": SOCKET | VOICE | {"voice": "nobody"},
    "refusal over http": OVER_HTTP | VOICE | {"voice": "nobody"},
}
HOUSE = VOICE | {"language": "en-US"}
HOME: dict[str, Order] = {way: HOUSE | {"way": way} for way in ("whole", "stream")} | {
    f"fault {way}": HOUSE | FAILING | {"way": way} for way in ("whole", "stream")
}
EL: Order = {"text": TEXT, "voice_id": "21m00Tcm4TlvDq8ikWAM", "output_format": "pcm_24000"}
TIMED = ("convert_with_timestamps", "stream_with_timestamps")


def for_elevenlabs(client: Client) -> dict[str, Order]:
    """Orders in every way of the SDK, by their names for Python."""

    def order(way: str, **fields: Any) -> Order:
        first, *others = way.split("_")
        return (
            EL | {"way": way if client.name == "Python" else first + "".join(map(str.title, others))} | fields
        )

    ways = ("convert", "stream", *TIMED)
    bad = {"text": f"{SO_FAR} But not now!", "voice_id": "af_crash"}
    found = {way: order(way) for way in ways} | {f"fault {way}": order(way, **bad) for way in ways}
    found |= {f"{way} mp3": order(way, output_format="mp3_44100_128") for way in TIMED}
    found |= {"refusal": order("stream", voice_id="nobody")}
    return found | ({"realtime": order("convert_realtime", tokens=TOKENS)} if client.name == "Python" else {})


ORDERS: dict[Client, dict[str, Order]] = {
    LIVEKIT_TALK: {
        "mp3": VOICE | {"sample_rate": 22050},
        "pcm": VOICE | {"format": "pcm_24000"},
        "opus": VOICE | {"format": "opus_48000_32", "sample_rate": 48000},
        "broken in on": BROKEN_IN_ON | {"format": "pcm_24000"},
        "fault": FAILING,
        "refusal": VOICE | {"voice": "nobody"},
    },
    PIPECAT_TALK: PIPECAT,
    DEEPGRAM: {"pcm": VOICE, "fault": FAILING},
    DEEPGRAM_SDK: {way: VOICE | {"way": way} for way in ("http", "socket")}
    | {f"fault {way}": FAILING | {"way": way} for way in ("http", "socket")},
    PIPECAT_DEEPGRAM: {"pcm": SOCKET | VOICE, "fault": SOCKET | FAILING},
    **{client: for_elevenlabs(client) for client in ELEVENLABS},
    **{client: {"pcm": VOICE, "fault": FAILING} for client in WYOMING},
    **dict.fromkeys(HOME_ASSISTANT, HOME),
}


def cases(*beginnings: str) -> list[Any]:
    """The orders of every client whose names begin so."""
    return [
        pytest.param(client, name, id=f"{client.package}-{client.version}-{client.script}-{name}")
        for client, orders in ORDERS.items()
        for name in orders
        if name.startswith(beginnings)
    ]


# The older one knows no error, and takes a stream whose connection is closed for whole.
FAULTS = [case for case in cases("fault") if case.values != (HOME_ASSISTANT[1], "fault stream")]
SPOKEN = [case for case in cases("") if not str(case.values[1]).startswith(("fault", "refusal"))]


@pytest.fixture(scope="module")
def told(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """What each client makes of its orders; it is run once."""
    wyoming = f"tcp://127.0.0.1:{gateway.told('wyoming_started')['port']}"
    made, key = certificate(tmp_path_factory.mktemp("tls"))
    with behind_tls(gateway.port, made, key) as tls_port, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(made))

        @cache
        def ask(client: Client) -> Mapping[str, Answer]:
            urls = {LIVEKIT_TALK: gateway.base_url} | dict.fromkeys((*WYOMING, *HOME_ASSISTANT), wyoming)
            base_url = urls.get(client, gateway.root)
            orders = {name: (base_url, order) for name, order in ORDERS[client].items()}
            if "realtime" in orders:  # which wants TLS, whatever the base URL says
                orders["realtime"] = (f"https://127.0.0.1:{tls_port}", ORDERS[client]["realtime"])
            return client.speak(orders, retries=0)

        yield ask


def seconds(client: Client, name: str, audio: bytes) -> float:
    """Length of what came of an order: agents have decoded it."""
    order = ORDERS[client][name]
    codec = order.get("output_format", "pcm").partition("_")[0]
    samples, rate = decode(codec, audio, order.get("sample_rate", 24000))
    return len(samples) / rate


@pytest.mark.parametrize(("client", "name"), SPOKEN)
def test_client_gets_the_whole_audio(gateway: Gateway, told: Told, client: Client, name: str) -> None:
    answer = told(client)[name]
    assert answer.error == "", answer
    # Sentences that come one by one are grouped otherwise, which changes the pauses.
    assert seconds(client, name, answer.audio) == pytest.approx(seconds_of_pcm(gateway, TEXT), abs=0.8)


@pytest.mark.parametrize(("client", "name"), FAULTS)
def test_client_never_takes_a_part_for_the_whole(told: Told, client: Client, name: str) -> None:
    assert told(client)[name].error


@pytest.mark.parametrize(("client", "name"), cases("refusal"))
def test_client_shows_our_refusal(told: Told, client: Client, name: str) -> None:
    refusal = told(client)[name]
    assert refusal.error
    assert "404" in f"{refusal.status} {refusal.message}" or "voice_not_found" in refusal.message


def test_the_log_has_each_fault_that_a_house_may_not_hear_of(gateway: Gateway, told: Told) -> None:
    faults = [
        told(client)[name]
        for client in (*WYOMING, *HOME_ASSISTANT)
        for name in ORDERS[client]
        if "fault" in name
    ]
    wait_for(lambda: len(gateway.requests(method="WYOMING", outcome="failed")) >= len(faults), "their lines")


WITH_TIMES = [case for case in SPOKEN if case.values[0] in {LIVEKIT_TALK, PIPECAT_TALK}]
"""Those that tell words; ElevenLabs' SDKs tell characters."""


@pytest.mark.parametrize(("client", "name"), WITH_TIMES)
def test_client_tells_each_word_and_when_it_is_heard(told: Told, client: Client, name: str) -> None:
    words = told(client)[name].words
    assert [word.strip() for word, _ in words] == WORDS
    starts = [start_s for _, start_s in words]
    assert starts == sorted(set(starts))


@pytest.mark.parametrize(("client", "name"), [*WITH_TIMES, *cases(*TIMED)])
def test_client_hears_as_much_as_its_words_cover(told: Told, client: Client, name: str) -> None:
    answer = told(client)[name]
    assert answer.aligned_s is not None
    spare_s = (
        0.03 if "mp3" in name else 0.025
    )  # an mp3 has whole frames, and LiveKit drops the last of its own decoder
    assert abs(seconds(client, name, answer.audio) - answer.aligned_s) < spare_s


@pytest.mark.parametrize("name", [name for name in PIPECAT if " at " in name])
def test_two_clients_on_two_clocks_hear_each_word_at_the_same_time(told: Told, name: str) -> None:
    """In each sentence; how long the pauses between them are depends on when they come."""
    one, two = told(LIVEKIT_TALK)["pcm"].words, told(PIPECAT_TALK)[name].words
    last = len(WORDS) - 1
    for index in range(last, -1, -1):
        last = index if WORDS[index][-1] in ".?" else last
        assert one[index][1] - one[last][1] == pytest.approx(two[index][1] - two[last][1], abs=0.03)


@pytest.mark.parametrize("client", ELEVENLABS, ids=lambda client: client.package)
@pytest.mark.parametrize("way", TIMED)
def test_the_sdk_tells_each_character_of_the_text(told: Told, client: Client, way: str) -> None:
    times = told(client)[way].words
    assert "".join(character for character, _ in times).split() == WORDS
    assert [start_s for _, start_s in times] == sorted(start_s for _, start_s in times)


def test_who_breaks_in_with_pipecat_is_logged_so(gateway: Gateway, told: Told) -> None:
    """LiveKit flushes each sentence, so that its breaking in is an end."""
    assert told(PIPECAT_TALK)["broken in on"].error == ""
    wait_for(lambda: gateway.requests(outcome="interrupted"), "the line of what was broken off")
