from __future__ import annotations

import json
from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.speech.alignment import Alignment
from gateway.talk import elevenlabs_messages as messages
from gateway.talk.elevenlabs_messages import ClientMessage
from gateway.talk.errors import BadMessage


@pytest.mark.parametrize("name", ["context_id", "contextId"])
def test_a_context_is_named_in_either_spelling(name: str) -> None:
    assert ClientMessage.read(json.dumps({"text": "a", name: "c"})).name == "c"


def test_what_is_not_ours_and_what_is_null_is_passed_over() -> None:
    said = ClientMessage.read(
        '{"text": null, "voice_settings": {"stability": 1, "speed": null}, "generation_config": [NaN], "x": {}}'
    )
    assert (said.text, said.speed, said.name, said.keys) == (None, None, None, ())


def test_half_of_an_emoji_is_text() -> None:
    assert ClientMessage.read(r'{"text": "\ud83d"}').text == "\ud83d"


@given(st.text(max_size=200))
def test_whatever_comes_is_a_message_or_is_refused(sent: str) -> None:
    with suppress(BadMessage):
        ClientMessage.read(sent)


def test_a_refusal_does_not_say_what_was_sent() -> None:
    with pytest.raises(BadMessage) as refused:
        ClientMessage.read('{"text": {"secret": "quokka"}, "flush": "wallaby"}')
    assert "quokka" not in str(refused.value)
    assert "wallaby" not in str(refused.value)


@pytest.mark.parametrize("is_synced", [True, False])
def test_sound_is_base64_and_has_its_times_on_either_clock(is_synced: bool) -> None:
    alignment = Alignment(["a", " "], [1000, 1080], 1100)
    starts = [1000, 1080] if is_synced else [0, 80]
    times = {"chars": ["a", " "], "charStartTimesMs": starts, "charDurationsMs": [80, 20]}
    assert json.loads(messages.sound(b"\x00\x01", alignment, is_synced=is_synced, contextId="c")) == {
        "audio": b64encode(b"\x00\x01").decode(),
        "isFinal": None,
        "alignment": times,
        "normalizedAlignment": times,
        "contextId": "c",
    }
