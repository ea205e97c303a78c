"""ElevenLabs' `stream-input`, one text on one socket, against a gateway that hums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.talk.test_multi_stream import TEXT, speech
from tests.support.sockets import Socket, audio, is_final
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

pytestmark = pytest.mark.slow


def opened(gateway: Gateway, voice: str = "af_heart", **query: Any) -> Socket:
    asked = "&".join(f"{name}={value}" for name, value in ({"output_format": "pcm_24000"} | query).items())
    return Socket(gateway.port, f"/v1/text-to-speech/{voice}/stream-input?{asked}")


def test_an_empty_text_ends_it_and_the_server_closes(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        socket.say(text=" ", voice_settings=None, generation_config={"chunk_length_schedule": [50]})
        for word in TEXT.split():
            socket.say(text=f"{word} ", try_trigger_generation=True)
        socket.say(text="")
        messages = socket.messages()
    assert messages[-1] == {"audio": None, "isFinal": True, "alignment": None, "normalizedAlignment": None}
    assert socket.closed == 1000
    assert all("contextId" not in message and "message" not in message for message in messages)
    assert audio(messages)


def test_a_text_of_nothing_ends_too(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        socket.say(text=" ")
        socket.say(text="")
        assert len(socket.messages()) == 1
        assert socket.closed == 1000


def test_a_name_makes_no_second_text(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        for name in ("a", "a", "b"):
            socket.say(text=TEXT, context_id=name)
        socket.say(text="", context_id="a")
        messages = socket.messages()
    assert [is_final(message) for message in messages].index(True) == len(messages) - 1
    wait_for(lambda: gateway.status()["queue"]["requests"] == 0, "every place given back")


def test_a_clause_is_spoken_when_that_is_asked_for(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        socket.say(text="All is well", flush=True)
        assert socket.messages(lambda message: bool(message["audio"]))


def test_the_whole_is_spoken_however_it_was_cut(gateway: Gateway) -> None:
    found = []
    for size in (7, 1000):
        with opened(gateway) as socket:
            text = TEXT * 2
            for start in range(0, len(text), size):
                socket.say(text=text[start : start + size])
            socket.say(text="")
            found.append(speech(socket.messages(), None) / 48000)  # the sentences may be grouped otherwise
    assert found[0] == pytest.approx(found[1], abs=1)


def test_a_fault_closes_it_without_an_end(gateway: Gateway) -> None:
    with opened(gateway, voice="af_fail") as socket:
        socket.say(text="Not this! ", flush=True)
        messages = socket.messages()
    assert not any(map(is_final, messages))
    assert (messages[-1]["message"] != "", socket.closed) == (True, 1011)


def test_a_client_that_never_ends_is_told_so(gateway: Gateway) -> None:
    with opened(gateway, inactivity_timeout=1) as socket:
        socket.say(text=TEXT, flush=True)
        messages = socket.messages()
    assert messages[-1]["error"] == "input_timeout_exceeded"
    assert audio(messages[:-1])
    assert socket.closed == 1008


def test_a_client_that_leaves_a_sentence_open_is_told_so_too(gateway: Gateway) -> None:
    with opened(gateway, inactivity_timeout=1) as socket:
        socket.say(text="Good morning to")
        assert socket.messages()[-1]["error"] == "input_timeout_exceeded"
        assert socket.closed == 1008
    wait_for(lambda: gateway.status()["queue"]["contexts"] == 0, "nothing left of it")
