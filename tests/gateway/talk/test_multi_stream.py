"""ElevenLabs' `multi-stream-input`, message by message, against running gateways that hum."""

from __future__ import annotations

import json
import random
import signal
import socket
import time
from contextlib import ExitStack
from shutil import copytree, ignore_patterns
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.support.gateway import Gateway
from tests.support.orders import spoken
from tests.support.sockets import Json, Refused, Socket, audio, is_final
from tests.support.sound import decode
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

TEXT = "Good morning to you all, my friends. "
LONG = "This sentence is one of many, and each of them takes its time to be said. " * 20
END: Json = {"close_context": True}
PAUSE_S = 0.25
"""After a sentence; after the last one too, where it was not known in time that nothing follows."""

SINGLE = "/v1/text-to-speech/af_heart/stream-input"
SOCKET = "/v1/text-to-speech/{voice}/multi-stream-input"


def opened(
    gateway: Gateway, voice: str = "af_heart", output_format: str = "pcm_24000", **query: Any
) -> Socket:
    parameters = {"output_format": output_format, "model_id": "eleven_flash_v2_5"} | query
    asked = "&".join(f"{name}={value}" for name, value in parameters.items())
    return Socket(gateway.port, f"{SOCKET.format(voice=voice)}?{asked}")


def turn(socket: Socket, name: str, *texts: str) -> list[Json]:
    """All that comes of a turn that is written, flushed and ended."""
    socket.say(text=" ", context_id=name)
    for text in texts:
        socket.say(text=text, context_id=name)
    socket.say(context_id=name, flush=True)
    socket.say(context_id=name, **END)
    return socket.messages(is_final)


def speech(messages: list[Json], name: str | None) -> int:
    """Bytes of the sound of a turn without the silence at its end; how it was cut into windows changes others."""
    return len(audio(messages, name).rstrip(b"\x00"))


def seconds_of(gateway: Gateway, text: str) -> float:
    return len(spoken(gateway, input=text, response_format="pcm")) / 48000


@pytest.mark.parametrize("name", ["mp3_22050_32", "pcm_16000", "opus_48000_32", "ulaw_8000"])
def test_a_turn_is_whole_in_one_stream_and_ends_once(gateway: Gateway, name: str) -> None:
    codec, rate = name.split("_")[:2]
    with opened(gateway, output_format=name) as socket:
        messages = turn(socket, "a", TEXT)
        samples, found = decode(codec, audio(messages, "a"), int(rate))
        assert found == int(rate)
        assert len(samples) / found - seconds_of(gateway, TEXT) == pytest.approx(PAUSE_S / 2, abs=PAUSE_S)
        assert messages[-1] == {
            "audio": None,
            "isFinal": True,
            "contextId": "a",
            "alignment": None,
            "normalizedAlignment": None,
        }
        assert all(message["isFinal"] is None for message in messages[:-1])
        socket.say(close_socket=True)
        assert socket.messages() == []
        assert socket.closed == 1000


def test_turns_follow_each_other_and_overlap_on_one_socket(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        alone = speech(turn(socket, "first", TEXT), "first")
        for name in ("one", "two"):
            socket.say(text=TEXT, contextId=name, flush=True)
            socket.say(contextId=name, **END)
        messages = socket.messages(is_final)
        messages += socket.messages(is_final)
        assert speech(messages, "one") == speech(messages, "two") == alone


def test_no_name_is_a_name(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        socket.say(text=TEXT, flush=True)
        socket.say(**END)
        messages = socket.messages(is_final)
        assert messages[-1]["contextId"] is None
        assert audio(messages)


def test_a_name_may_be_used_again(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        assert speech(turn(socket, "a", TEXT), "a") == speech(turn(socket, "a", TEXT), "a") > 0


def test_what_is_written_for_a_context_that_is_ending_begins_a_new_one_after_it(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        for _ in range(3):
            for character in TEXT:
                socket.say(text=character, context_id="a")
            socket.say(context_id="a", flush=True)
            socket.say(context_id="a", **END)
            socket.say(context_id="a", **END)
        socket.say(close_socket=True)
        messages = socket.messages()
    ends = [number for number, message in enumerate(messages, 1) if is_final(message)]
    turns = [messages[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    assert len({speech(each, "a") for each in turns}) == 1
    assert (len(turns), ends[-1], socket.closed) == (3, len(messages), 1000)


def test_no_more_waits_for_the_end_of_a_context_than_a_request_may_have(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        socket.say(text=LONG, context_id="a", flush=True)
        socket.say(context_id="a", **END)
        for _ in range(5000):
            socket.say(text="a", context_id="a")
        assert socket.messages()[-1]["error"] == "max_character_limit_exceeded"
        assert socket.closed == 1008


def test_tokens_are_joined_as_they_are(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        whole = turn(socket, "whole", "It costs 3.14 dollars, my dear friend.")
        tokens = ("It", " costs", " 3", ".", "14", " doll", "ars,", " my dear", " fri", "end", ".")
        assert speech(turn(socket, "tokens", *tokens), "tokens") == speech(whole, "whole")


def test_characters_and_marks_that_tokens_cut_in_two_are_whole_again(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        for token in (
            "Look \ud83d",
            "\ude00 there, <bre",
            'ak time="0.5s"',
            "/>and wa",
            "it. \ud83d",
            "No. \ude00 Yes.",
        ):
            socket.say(text=token, context_id="a")
        socket.say(context_id="a", flush=True)
        socket.say(context_id="a", **END)
        told = [message["alignment"] for message in socket.messages(is_final) if message["alignment"]]
    said = "".join(character for times in told for character in times["chars"])
    assert "Look 😀 there," in said
    assert said.count("�") == 2, "halves without another half"


@pytest.mark.parametrize(("text", "query"), [(TEXT.strip(), {"auto_mode": "true"}), (TEXT.strip(), {})])
def test_a_sentence_is_spoken_without_a_flush_and_without_a_space_behind_it(
    gateway: Gateway, text: str, query: dict[str, str]
) -> None:
    with opened(gateway, **query) as socket:
        socket.say(text=text, context_id="a")
        assert socket.messages(lambda message: bool(message["audio"]))


def test_what_is_no_sentence_yet_waits(gateway: Gateway) -> None:
    with opened(gateway, auto_mode="true") as socket:
        socket.say(text="Good morning to you all and", context_id="a")
        socket.wire.settimeout(1)
        with pytest.raises(TimeoutError):
            socket.receive()


def test_a_flush_of_nothing_sends_nothing(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        assert len(turn(socket, "a", "", " ", "…")) == 1


def test_an_empty_text_neither_opens_a_context_nor_ends_one(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        for _ in range(10_000):
            socket.say(text="")
        socket.say(text=TEXT, context_id="a")
        socket.say(text="", context_id="a")
        socket.say(text="", context_id="b")
        socket.say(context_id="b", **END)
        socket.say(context_id="a", flush=True)
        socket.say(context_id="a", **END)
        messages = socket.messages(is_final)
        assert {message["contextId"] for message in messages} == {"a"}


def test_who_breaks_in_hears_no_more(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        socket.say(text=LONG, context_id="a")
        socket.messages(lambda message: bool(message["audio"]))
        socket.say(context_id="a", **END)
        socket.say(text=TEXT, context_id="b", flush=True)
        socket.say(context_id="b", **END)
        assert is_final(socket.messages(is_final)[-1])
        assert {message["contextId"] for message in socket.messages(is_final)} == {"b"}
    lines = wait_for(lambda: gateway.requests(outcome="interrupted"), "the line of what was broken off")
    assert lines[-1]["path"] == SOCKET


def test_text_since_the_last_flush_makes_an_end_a_breaking_in(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        socket.say(text=LONG, context_id="a", flush=True)
        socket.say(text="And ", context_id="a")
        socket.say(context_id="a", **END)
        assert len(audio(socket.messages(is_final), "a")) / 48000 < 5


def test_a_space_after_the_last_flush_breaks_in_on_nothing(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        whole = speech(turn(socket, "a", TEXT), "a")
        socket.say(text=TEXT, context_id="b", flush=True)
        socket.say(text=" ", context_id="b")
        socket.say(context_id="b", **END)
        assert speech(socket.messages(is_final), "b") == whole


def test_a_flush_in_the_last_message_is_one(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        whole = speech(turn(socket, "a", TEXT), "a")
        socket.say(text=TEXT, context_id="b")
        socket.say(context_id="b", flush=True, **END)
        assert speech(socket.messages(is_final), "b") == whole


def test_no_more_is_spoken_than_a_listener_needs(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        began, sent_s = time.monotonic(), 0.0
        socket.say(text=LONG, context_id="a", flush=True)
        received: list[Json] = []
        while sent_s < 6:  # a second at the least
            received.append(json.loads(socket.receive() or ""))
            sent_s = len(audio(received, "a")) / 48000
            assert sent_s < time.monotonic() - began + 5
        assert max(len(audio([message], "a")) for message in received) <= 48000
    wait_for(lambda: gateway.requests(outcome="client_gone", path=SOCKET), "its line")


@pytest.mark.parametrize("name", ["pcm_24000", "mp3_22050_32"])
@pytest.mark.parametrize("is_synced", [True, False])
def test_alignments_cover_the_sound_on_the_clock_that_is_asked_for(
    gateway: Gateway, name: str, is_synced: bool
) -> None:
    text = "Hello there, my friend. It costs $5, or 3.50 for you.\nOh well! "
    with opened(gateway, output_format=name, sync_alignment=str(is_synced).lower()) as socket:
        messages = turn(socket, "a", text[:9], text[9:30], text[30:], "And more.")
    codec, rate = name.split("_")[:2]
    samples, _ = decode(codec, audio(messages, "a"), int(rate))
    told = [message["alignment"] for message in messages if message.get("alignment")]
    assert [message["normalizedAlignment"] for message in messages if message.get("alignment")] == told
    until_ms = 0
    for times in told:
        starts, lasts = times["charStartTimesMs"], times["charDurationsMs"]
        assert starts[0] == (until_ms if is_synced else 0)
        assert starts[1:] == [start + last for start, last in zip(starts, lasts, strict=True)][:-1]
        until_ms = starts[-1] + lasts[-1] + (0 if is_synced else until_ms)
    spare_s = 0.025 if codec == "pcm" else 0.03  # an mp3 has whole frames
    assert 0 <= len(samples) / int(rate) - until_ms / 1000 + 0.001 < spare_s
    said = "".join(character for times in told for character in times["chars"])
    assert said.split() == f"{text}And more.".split()
    assert said.endswith(" ")


def test_sentences_that_come_without_a_space_are_apart_in_the_alignment(gateway: Gateway) -> None:
    sentences = ["Hello there, my friend.", "How are you?", "It is 3.", "It is all!"]
    with opened(gateway, auto_mode="true") as socket:
        messages = turn(socket, "a", *sentences)
    told = [message["alignment"]["chars"] for message in messages if message.get("alignment")]
    assert "".join(character for chars in told for character in chars).split() == " ".join(sentences).split()


@pytest.mark.parametrize(
    "text", ["See you! 🙂🙂", "Run this: `ls` ```", "Hello. <think>a secret</think>", "What? --"]
)
def test_what_is_not_spoken_at_the_end_is_told_all_the_same(gateway: Gateway, text: str) -> None:
    with opened(gateway) as socket:
        messages = turn(socket, "a", *text)
    told = [
        character
        for message in messages
        if (times := message.get("alignment"))
        for character in times["chars"]
    ]
    assert "".join(told).split() == text.split()


def test_speed_counts_where_a_context_is_opened(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        plain = audio(turn(socket, "a", TEXT), "a")
        socket.say(text=" ", context_id="b", voice_settings={"speed": 2})
        fast = audio(turn(socket, "b", TEXT), "b")
        assert len(fast) / len(plain) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("rate", [24000, 16000])
def test_a_flush_is_heard_to_its_end_before_more_is_written(gateway: Gateway, rate: int) -> None:
    with opened(gateway, output_format=f"pcm_{rate}", inactivity_timeout=180) as socket:
        for _ in range(2):
            socket.say(text=TEXT, context_id="a", flush=True, voice_settings={"speed": 4})
            messages = socket.messages(lambda message: bool(message["alignment"]))
            times = messages[-1]["alignment"]
            told_s = (times["charStartTimesMs"][-1] + times["charDurationsMs"][-1]) / 1000
            while len(audio(messages, "a")) / 2 / rate < told_s - 0.025:
                messages.append(json.loads(socket.receive() or ""))


def test_a_sixth_context_is_refused_and_the_others_go_on(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        for name in "abcdef":
            socket.say(text=LONG, context_id=name)
        refusal = socket.messages(lambda message: "error" in message)[-1]
        assert (refusal["error"], refusal["contextId"]) == ("max_contexts", "f")
        assert isinstance(refusal["message"], str)
        assert isinstance(refusal["code"], int)
        for name in "abcde":
            socket.say(context_id=name, **END)
            assert socket.messages(is_final)[-1]["contextId"] == name


def test_a_context_that_is_forgotten_makes_room(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        told = []
        for name in "abcde":
            socket.say(text=TEXT, context_id=name, flush=True)
            socket.say(text=" ", context_id="next")
            socket.say(context_id="next", **END)
            told += socket.messages(lambda message: is_final(message) and message["contextId"] == "next")
        time.sleep(3)  # they have been heard by then, as far as the server knows
        socket.say(text=TEXT, context_id="f", flush=True)
        told += socket.messages(lambda message: message["contextId"] == "f")
        ended = [message["contextId"] for message in told if is_final(message)]
        assert [name for name in ended if name != "next"] == ["a"]


def test_a_flood_of_contexts_takes_no_more_than_the_places_of_a_socket(gateway: Gateway) -> None:
    with opened(gateway, output_format="mp3_44100_128") as socket:
        for number in range(1500):
            socket.say(text="Hi. ", context_id=str(number), flush=True)
        told = socket.messages(lambda message: message["contextId"] == "1499" or message.get("code") == 1013)
        assert {message.get("error") for message in told} <= {None, "max_contexts"}


BAD = [
    "no json",
    "[]",
    '"text"',
    '{"text": " ", "context_id": "\\ud800"}',
    json.dumps({"text": " ", "context_id": "a" * 257}),
    '{"text": 5}',
    '{"text": "5", "flush": 1}',
    '{"text": "5", "voice_settings": []}',
    '{"text": "5", "voice_settings": {"speed": "2"}}',
    '{"text": "a", "flush": "yes"}',
    "[" * 50_000,
    b"\x00\x01",
]


@pytest.mark.parametrize("message", BAD, ids=range(len(BAD)))
def test_what_is_no_message_ends_the_socket(gateway: Gateway, message: str | bytes) -> None:
    with opened(gateway) as socket:
        socket.send(message)
        (fault,) = socket.messages()
        assert (fault["error"], fault["code"], socket.closed) == ("invalid_request", 1008, 1008)
    wait_for(lambda: gateway.requests(outcome="invalid", error="BadMessage", path=SOCKET), "its line")


def test_a_message_of_more_than_64_kib_ends_the_socket(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        socket.say(text="é" * (33 << 10), context_id="a")
        assert socket.messages()[-1]["code"] == 1009
        assert socket.closed == 1009


@pytest.mark.parametrize("messages", [1, 5])
def test_a_text_of_more_than_a_request_may_have_is_refused(gateway: Gateway, messages: int) -> None:
    with opened(gateway) as socket:
        for _ in range(messages):
            socket.say(text="a" * (5000 // messages), context_id="a")
        fault = socket.messages()[-1]
        assert (fault["error"], fault["contextId"]) == ("max_character_limit_exceeded", "a")
        assert fault["message"].startswith("The text has 5000 characters")
        assert socket.closed == 1008
    assert wait_for(lambda: gateway.requests(outcome="invalid", error="TextTooLong", path=SOCKET), "its line")


@pytest.mark.parametrize("text", ["This goes well for a while. " * 5 + "But not this!", "Not this!"])
def test_a_fault_is_told_and_closes_the_socket_and_is_never_an_end(gateway: Gateway, text: str) -> None:
    with opened(gateway, voice="af_fail") as socket:
        messages = turn(socket, "a", text)
        assert not any(map(is_final, messages))
        assert messages[-1]["contextId"] == "a"
        assert messages[-1]["error"] == "internal_server_error"
        assert "must not reach" not in str(messages)
        assert (messages[-1]["code"], socket.closed) == (1011, 1011)
    wait_for(lambda: gateway.requests(outcome="failed", path=SOCKET), "its line")


@pytest.mark.parametrize(
    ("query", "status", "word"),
    [
        ({"voice": "nobody"}, 404, "voice_not_found"),
        ({"output_format": "wav_24000"}, 400, "invalid_output_format"),
    ],
)
def test_what_cannot_be_spoken_is_refused_before_the_upgrade(
    gateway: Gateway, query: dict[str, str], status: int, word: str
) -> None:
    with pytest.raises(Refused) as refused:
        opened(gateway, **query)
    assert refused.value.status == status
    assert json.loads(refused.value.body)["detail"]["status"] == word


def test_a_time_that_is_no_number_is_the_usual_one(gateway: Gateway) -> None:
    with opened(gateway, inactivity_timeout="nan") as socket:
        assert is_final(turn(socket, "a", TEXT)[-1])


def test_a_client_that_says_nothing_for_too_long_is_told_goodbye(gateway: Gateway) -> None:
    with opened(gateway, inactivity_timeout=1) as socket:
        socket.say(text=TEXT, context_id="a", flush=True)
        messages = socket.messages()
        assert is_final(messages[-1])
        assert audio(messages, "a")
        assert socket.closed == 1000


def test_turns_that_are_broken_off_anywhere_leave_nothing_behind(gateway: Gateway) -> None:
    process, dice = psutil.Process(gateway.process.pid), random.Random(4)  # noqa: S311 - it draws tests
    with opened(gateway) as socket:
        descriptors = process.num_fds()
        for number in range(120):
            name = f"turn-{number}"
            for word in LONG.split()[: dice.randrange(30)]:
                socket.say(text=f"{word} ", context_id=name)
            if dice.random() < 0.5:
                socket.say(context_id=name, flush=True)
                socket.say(text="And ", context_id=name)
            if dice.random() < 0.5:
                time.sleep(dice.random() / 50)
            socket.say(text=" And.", context_id=name)
            socket.say(context_id=name, **END)
            assert socket.messages(is_final)[-1]["contextId"] == name
        assert process.num_fds() <= descriptors
    wait_for(lambda: gateway.status()["queue"]["requests"] == 0, "every place given back")
    assert gateway.status()["queue"]["jobs"] == 0


def test_a_worker_that_dies_in_mid_turn_is_not_noticed(tone: Path, tmp_path: Path) -> None:
    # Where it is noted that one has died: here none has.
    own = copytree(tone, tmp_path / "tone", ignore=ignore_patterns("crashed"))
    gateway = Gateway.start("tests.support.tone_server", str(own), WORKERS="2", THREADS="1", CACHE_MB="0")
    with opened(gateway, voice="af_once") as socket:
        messages = turn(socket, "a", TEXT, "Oh my! ", TEXT)
    assert is_final(messages[-1])
    assert wait_for(lambda: gateway.requests(voice="af_once"), "its line")[0]["retries"] == 1
    assert gateway.stop() == 0


class TestKeys:
    @pytest.mark.parametrize("headers", [{"xi-api-key": "wrong"}, {"authorization": "Bearer wrong"}])
    def test_a_wrong_key_is_refused_before_the_upgrade(
        self, locked: Gateway, headers: dict[str, str]
    ) -> None:
        with pytest.raises(Refused) as refused:
            Socket(locked.port, SOCKET.format(voice="af_heart"), headers)
        assert refused.value.status == 401
        assert json.loads(refused.value.body)["detail"]["status"] == "invalid_api_key"

    def test_a_key_opens_it(self, locked: Gateway) -> None:
        target = SOCKET.format(voice="af_heart") + "?output_format=pcm_24000"
        with Socket(locked.port, target, {"xi-api-key": "a-key"}) as socket:
            assert audio(turn(socket, "a", TEXT), "a")
        assert wait_for(lambda: locked.requests(path=SOCKET, outcome="ok", voice="af_heart", key=1), "a line")

    @pytest.mark.parametrize(
        "shown", [{"xi_api_key": "another"}, {"xi-api-key": "another"}, {"authorization": "Bearer another"}]
    )
    def test_a_page_shows_its_key_in_the_first_message(self, locked: Gateway, shown: dict[str, str]) -> None:
        with Socket(locked.port, SOCKET.format(voice="af_heart")) as socket:
            socket.say(text=TEXT, context_id="a", flush=True, **shown)
            socket.say(context_id="a", **END)
            assert audio(socket.messages(is_final), "a")
        assert wait_for(lambda: locked.requests(path=SOCKET, voice="af_heart", key=2), "a line")

    @pytest.mark.parametrize("shown", [{}, {"xi_api_key": "wrong"}])
    def test_who_shows_none_is_sent_away(self, locked: Gateway, shown: dict[str, str]) -> None:
        with Socket(locked.port, SOCKET.format(voice="af_heart")) as socket:
            socket.say(text=TEXT, context_id="a", **shown)
            assert socket.messages()[-1]["error"] == "invalid_api_key"
            assert socket.closed == 1008

    def test_who_never_shows_one_is_sent_away_when_the_time_for_headers_is_over(self, tone: Path) -> None:
        options = {"WORKERS": "1", "THREADS": "1", "API_KEYS": "a-key", "HEADER_TIMEOUT_S": "2"}
        gateway = Gateway.start("tests.support.tone_server", str(tone), **options)
        with Socket(gateway.port, SOCKET.format(voice="af_heart") + "?inactivity_timeout=180") as socket:
            (fault,) = socket.messages()
            assert (fault["error"], fault["code"], socket.closed) == ("invalid_api_key", 1008, 1008)
        assert wait_for(lambda: gateway.requests(path=SOCKET, outcome="refused_auth"), "its line")
        assert gateway.stop() == 0


def test_a_turn_is_counted_and_a_socket_is_not(gateway: Gateway) -> None:
    def counted() -> int:
        return int(gateway.status()["totals"]["requests"]["ok"])

    before = counted()
    with opened(gateway) as socket:
        turn(socket, "a", TEXT)
        turn(socket, "b", TEXT)
        socket.say(close_socket=True)
        socket.messages()
    wait_for(lambda: counted() == before + 2, "two turns")


def test_who_has_written_no_sentence_takes_nobodys_place(tone: Path) -> None:
    gateway = Gateway.start("tests.support.tone_server", str(tone), WORKERS="1", THREADS="1", QUEUE_S="0")
    with opened(gateway) as socket:
        for name in "abcde":
            socket.say(text="Good morning to", context_id=name)
        wait_for(lambda: gateway.status()["queue"]["requests"] == 5, "all of them")
        assert spoken(gateway, input=TEXT, response_format="pcm")
    assert gateway.stop() == 0


def test_contexts_that_keep_silent_leave_their_memory_to_others(tone: Path) -> None:
    # One worker has 64 MiB for replies, and each context that has been heard holds half of one.
    gateway = Gateway.start("tests.support.tone_server", str(tone), WORKERS="1", THREADS="1")

    def is_heard(socket: Socket) -> bool:
        for name in "abcde":
            socket.say(text="Hi.", context_id=name, flush=True)
        messages: list[Json] = []
        while (
            socket.closed is None and len({each["contextId"] for each in messages if each.get("audio")}) < 5
        ):
            messages += socket.messages(lambda message: bool(message.get("audio")))
        return socket.closed is None

    def is_room() -> bool:
        with opened(gateway) as another:
            return is_heard(another)

    with ExitStack() as open_ones:
        silent = [open_ones.enter_context(opened(gateway, inactivity_timeout=180)) for _ in range(25)]
        assert all(map(is_heard, silent))
        wait_for(is_room, "room for others")
        first = silent[0]
        name = first.messages(is_final)[-1]["contextId"]
        first.say(text="Hi.", context_id=name, flush=True)
        assert audio(first.messages(lambda message: bool(message.get("audio"))), name), "it begins anew"
    assert gateway.stop() == 0


def test_a_gateway_that_leaves_lets_a_turn_end_and_takes_no_other(tone: Path) -> None:
    gateway = Gateway.start("tests.support.tone_server", str(tone), WORKERS="1", THREADS="1")
    with opened(gateway) as idle, opened(gateway) as socket:
        socket.say(text=TEXT * 2, context_id="a", flush=True)
        messages = socket.messages(lambda message: bool(message["audio"]))
        gateway.process.send_signal(signal.SIGTERM)
        assert idle.messages() == []
        assert idle.closed == 1001
        socket.say(text=TEXT, context_id="b")
        socket.say(context_id="a", **END)
        socket.say(text=TEXT, context_id="a")
        messages += socket.messages()
        refused = [m["contextId"] for m in messages if m.get("error") == "system_busy"]
        assert refused == ["b", "a"], "none of what was written is dropped without a word"
        assert any(is_final(m) and m["contextId"] == "a" for m in messages)
        assert socket.closed == 1012
    assert gateway.stop() == 0


def test_turns_that_a_leaving_gateway_cuts_off_have_failed_and_no_client_has_gone(tone: Path) -> None:
    options = {"WORKERS": "1", "THREADS": "1", "DRAIN_S": "0.5", "WYOMING_PORT": "0", "VOICE": "af_hang"}
    gateway = Gateway.start("tests.support.tone_server", str(tone), **options)
    wyoming = gateway.told("wyoming_started")["port"]
    house = socket.create_connection(("127.0.0.1", wyoming))
    with opened(gateway, voice="af_hang") as talk, house:
        talk.say(text="Not this!", context_id="a", flush=True)
        house.sendall(json.dumps({"type": "synthesize", "data": {"text": "Not this!"}}).encode() + b"\n")
        wait_for(lambda: gateway.status()["queue"]["requests"] == 2, "both of them")
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(DEADLINE_S) == 0
    cut = wait_for(lambda: gateway.requests(voice="af_hang", outcome="failed"), "their lines")
    assert sorted(line["path"] for line in cut) == [SOCKET, "wyoming"]
    assert not [line for line in gateway.lines if line["logger"] == "asyncio"]
    assert gateway.stop() == 0


def test_a_gateway_that_leaves_speaks_what_is_written_and_waits_for_no_more(tone: Path) -> None:
    gateway = Gateway.start("tests.support.tone_server", str(tone), WORKERS="1", THREADS="1", DRAIN_S="600")
    single = Socket(gateway.port, f"{SINGLE}?output_format=pcm_24000&inactivity_timeout=180")
    deepgram = Socket(gateway.port, "/v1/speak?model=af_heart")
    with opened(gateway, inactivity_timeout=180) as socket, single, deepgram:
        socket.say(text="Good morning to you", context_id="a")
        single.say(text="Good morning to you")
        deepgram.say(type="Speak", text="Good morning to you")
        wait_for(lambda: gateway.status()["queue"]["requests"] == 3, "all of them")
        gateway.process.send_signal(signal.SIGTERM)
        for each in (socket, single):
            messages = each.messages()
            assert audio(messages, messages[-1].get("contextId"))
            assert is_final(messages[-1])
            assert each.closed == 1001
        told: list[str | bytes] = []
        while (message := deepgram.receive()) is not None:
            told.append(message)
        assert any(isinstance(message, bytes) for message in told)
        assert json.loads(told[-1])["type"] == "Flushed"
        assert deepgram.closed == 1001
    assert gateway.stop() == 0
