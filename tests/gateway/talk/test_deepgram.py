"""Deepgram's `speak`, as a socket and over HTTP, against running gateways that hum."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.orders import spoken
from tests.support.sockets import Json, Refused, Socket
from tests.support.sound import decode
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

pytestmark = pytest.mark.slow

TEXT = "Good morning to you all, my friends. "
LONG = "This sentence is one of many, and each of them takes its time to be said. " * 10


def opened(gateway: Gateway, model: str = "af_heart", **query: Any) -> Socket:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    socket = Socket(gateway.port, f"/v1/speak?model={model}&mip_opt_out=true&{asked}")
    greeting = json.loads(socket.receive() or "")
    assert greeting["type"] == "Metadata"
    assert greeting["request_id"]
    return socket


def heard(socket: Socket, until: str = "Flushed") -> tuple[bytes, Json]:
    """The sound that comes before a message of this type, and that message."""
    sound = b""
    while (message := socket.receive()) is not None:
        if isinstance(message, bytes):
            sound += message
        elif (told := json.loads(message))["type"] == until:
            return sound, told
        else:
            raise AssertionError(told)
    raise AssertionError(f"closed with {socket.closed} before {until}")


def say(socket: Socket, text: str) -> None:
    for word in text.split():
        socket.say(type="Speak", text=f"{word} ")
    socket.say(type="Flush")


@pytest.mark.parametrize(("encoding", "rate"), [("linear16", 24000), ("linear16", 16000), ("mulaw", 8000)])
def test_each_flush_is_spoken_and_told(gateway: Gateway, encoding: str, rate: int) -> None:
    with opened(gateway, encoding=encoding, sample_rate=rate) as socket:
        expected_s = len(spoken(gateway, input=TEXT, response_format="pcm")) / 48000
        for number in range(2):
            say(socket, TEXT)
            sound, told = heard(socket)
            assert told == {"type": "Flushed", "sequence_id": number}
            samples, _ = decode({"linear16": "pcm", "mulaw": "ulaw"}[encoding], sound, rate)
            assert len(samples) / rate == pytest.approx(expected_s + 0.125, abs=0.2)
        socket.say(type="Close")
        assert socket.receive() is None
        assert socket.closed == 1000


def test_what_comes_while_a_flush_is_spoken_is_spoken_after_it(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        for _ in range(2):
            say(socket, TEXT)
        socket.say(type="Flush")
        socket.say(type="Close")
        first, second, nothing = (heard(socket) for _ in range(3))
        assert len(first[0].rstrip(b"\0")) == len(second[0].rstrip(b"\0")) > 0
        assert [told["sequence_id"] for _, told in (first, second, nothing)] == [0, 1, 2]
        assert nothing[0] == b""
        assert socket.receive() is None


def test_a_flush_of_nothing_is_told(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        socket.say(type="Flush")
        assert heard(socket)[0] == b""


def test_a_clear_drops_all_there_is(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        say(socket, LONG)
        say(socket, TEXT)
        assert isinstance(socket.receive(), bytes)
        socket.say(type="Clear")
        assert heard(socket, "Cleared")[1] == {"type": "Cleared", "sequence_id": 0}
        say(socket, TEXT)
        sound, _ = heard(socket)
        assert len(sound) / 48000 < 4
        socket.say(type="Clear")
        assert heard(socket, "Cleared")[0] == b""


@pytest.mark.parametrize("message", ["no json", '{"type": "Sing"}', '{"type": "Speak", "text": 5}'])
def test_what_is_no_message_is_told_and_ends_the_socket(gateway: Gateway, message: str) -> None:
    with opened(gateway) as socket:
        socket.send(message)
        assert heard(socket, "Error")[1]["code"] == "invalid_request"
        assert socket.receive() is None
        assert socket.closed == 1008


def test_a_text_that_is_too_long_is_told_and_counted_once(gateway: Gateway) -> None:
    id_ = "too-long"
    with Socket(gateway.port, "/v1/speak", {"X-Request-ID": id_}) as socket:
        assert json.loads(socket.receive() or "")["request_id"] == id_
        for _ in range(5):
            socket.say(type="Speak", text="a" * 1000)
        assert heard(socket, "Error")[1]["code"] == "max_character_limit_exceeded"
        assert socket.receive() is None
        assert socket.closed == 1008
    wait_for(lambda: gateway.requests(request_id=id_, status=101), "the line of the socket")
    told = [line.get("error") for line in gateway.requests(request_id=id_) if line.get("status") != 101]
    assert told == ["TextTooLong"]


def test_a_fault_is_told_and_no_flush(gateway: Gateway) -> None:
    with opened(gateway, "af_fail") as socket:
        say(socket, "Not this!")
        assert heard(socket, "Error")[1]["code"] == "internal_server_error"
        assert socket.receive() is None
        assert socket.closed == 1011


def test_their_own_voices_are_the_usual_one_and_others_unknown(gateway: Gateway) -> None:
    with opened(gateway, "aura-2-andromeda-en") as socket:
        say(socket, TEXT)
        assert heard(socket)[0]
    with pytest.raises(Refused) as refused:
        opened(gateway, "nobody")
    assert refused.value.status == 404


def test_a_key_is_asked_for_before_the_upgrade(locked: Gateway) -> None:
    with pytest.raises(Refused) as refused:
        Socket(locked.port, "/v1/speak")
    assert refused.value.status == 401
    Socket(locked.port, "/v1/speak", {"Authorization": "Token a-key"}).wire.close()


@pytest.mark.parametrize(
    ("query", "codec", "rate"),
    [
        ({}, "mp3", 22050),
        ({"encoding": "linear16"}, "wav", 24000),
        ({"encoding": "linear16", "container": "none", "sample_rate": 16000}, "pcm", 16000),
        ({"encoding": "mulaw"}, "ulaw", 8000),
        ({"encoding": "opus", "bit_rate": 650000}, "opus", 48000),
        ({"encoding": "mp3", "bit_rate": 48000}, "mp3", 22050),
        ({"encoding": "flac"}, "flac", 24000),
    ],
)
def test_over_http_the_audio_is_as_asked(
    gateway: Gateway, query: dict[str, Any], codec: str, rate: int
) -> None:
    response = httpx.post(
        f"{gateway.root}/v1/speak", params={"model": "af_heart"} | query, json={"text": TEXT}, timeout=60
    )
    assert response.headers["content-type"].startswith("audio/")
    samples, found = decode(codec, response.content, rate)
    assert found == rate
    expected_s = len(spoken(gateway, input=TEXT, response_format="pcm")) / 48000
    assert len(samples) / rate == pytest.approx(expected_s, abs=0.12)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ({"encoding": "pcm"}, {"text": TEXT}),
        ({"container": "mkv"}, {"text": TEXT}),
        ({"sample_rate": "many"}, {"text": TEXT}),
        ({}, {"text": 5}),
        ({}, {}),
    ],
)
def test_over_http_what_is_wrong_is_told(gateway: Gateway, query: Json, body: Json) -> None:
    response = httpx.post(f"{gateway.root}/v1/speak", params=query, json=body, timeout=60)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
