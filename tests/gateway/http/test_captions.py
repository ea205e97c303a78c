"""When words are heard, over every route that tells it, from a gateway that hums 1/15 s for each token."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import httpx
import openai
import pytest

from gateway.http.responses import EVENT_WORDS
from tests.support.sound import decode

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

TEXT = "The **old** captain carried a letter for $5 to the harbour. Seven lanterns were counted there, in the rain."
WORDS = TEXT.replace("*", "").split()


def ask(gateway: Gateway, path: str, **fields: Any) -> httpx.Response:
    body = {"model": "kokoro", "input": TEXT, "voice": "af_heart"} | fields
    return httpx.post(f"{gateway.root}{path}", json=body, timeout=60)


def events(reply: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in reply.text.split("\n\n") if line]


def assert_heard(words: list[dict[str, Any]], seconds: float) -> None:
    """They are the words of the text, and the last ends with the audio."""
    assert [word["word"] for word in words] == WORDS
    assert [TEXT[word["start_index"] : word["end_index"]].strip("*") for word in words] == WORDS
    times = [time for word in words for time in (word["start_time"], word["end_time"])]
    assert times == sorted(times)
    assert times[0] < 0.1
    assert times[-1] == pytest.approx(seconds, abs=0.025)


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_events_say_when_words_are_heard_before_the_sound_they_are_in(gateway: Gateway, speed: float) -> None:
    fields = {"stream_format": "sse", "timestamps": "word", "response_format": "pcm", "speed": speed}
    told = events(ask(gateway, "/v1/audio/speech", **fields))
    kinds = [event["type"] for event in told]
    assert kinds[0] == "speech.audio.words"
    assert kinds.count("speech.audio.words") > 1, "they come with the sound"
    pcm = b"".join(base64.b64decode(event.get("audio", "")) for event in told)
    words = [word for event in told for word in event.get("words", [])]
    assert_heard(words, len(pcm) / 48_000)


def test_openais_client_hands_the_events_on_and_who_knows_only_audio_has_all_of_it(gateway: Gateway) -> None:
    client = openai.OpenAI(base_url=gateway.base_url, api_key="any")
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts",
        voice="alloy",
        input=TEXT,
        response_format="pcm",
        stream_format="sse",
        extra_body={"timestamps": "word"},
    ) as reply:
        told = [json.loads(line.removeprefix("data: ")) for line in reply.iter_lines() if line]
    audio = [base64.b64decode(event["audio"]) for event in told if event["type"] == "speech.audio.delta"]
    plain = client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT, response_format="pcm")
    assert b"".join(audio) == plain.content
    assert told[-1]["type"] == "speech.audio.done"


def test_events_are_as_before_where_nobody_asks_for_words(gateway: Gateway) -> None:
    told = events(ask(gateway, "/v1/audio/speech", stream_format="sse"))
    assert {event["type"] for event in told} == {"speech.audio.delta", "speech.audio.done"}


@pytest.mark.parametrize("fields", [{}, {"stream_format": "audio"}])
def test_raw_audio_has_no_place_for_words(gateway: Gateway, fields: dict[str, str]) -> None:
    refused = ask(gateway, "/v1/audio/speech", timestamps="word", **fields)
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "timestamps"
    assert "sse" in refused.json()["error"]["message"]


def test_captioned_speech_is_a_json_object_a_line(gateway: Gateway) -> None:
    reply = ask(gateway, "/dev/captioned_speech", response_format="pcm")
    assert reply.headers["content-type"] == "application/json"
    lines = [json.loads(line) for line in reply.text.splitlines()]
    assert len(lines) > 1
    assert {line["audio_format"] for line in lines} == {"audio/pcm"}
    pcm = b"".join(base64.b64decode(line["audio"]) for line in lines)
    assert_heard([word for line in lines for word in line["timestamps"]], len(pcm) / 48_000)


@pytest.mark.parametrize("audio", ["pcm", "wav", "mp3"])
def test_captioned_speech_is_one_object_where_no_stream_is_wanted(gateway: Gateway, audio: str) -> None:
    reply = ask(gateway, "/dev/captioned_speech", stream=False, response_format=audio).json()
    spoken = ask(gateway, "/v1/audio/speech", stream=False, response_format=audio)
    assert reply["audio_format"] == spoken.headers["content-type"]
    assert base64.b64decode(reply["audio"]) == spoken.content
    samples, rate = decode(audio, spoken.content)
    padding_s = {"mp3": 0.014}.get(audio, 0)  # about half a frame, behind the sound
    assert_heard(reply["timestamps"], len(samples) / rate - padding_s)


@pytest.mark.parametrize("stream", [True, False])
def test_captioned_speech_may_be_had_without_times(gateway: Gateway, stream: bool) -> None:
    reply = ask(gateway, "/dev/captioned_speech", stream=stream, return_timestamps=False)
    assert {json.dumps(json.loads(line)["timestamps"]) for line in reply.text.splitlines()} == {"null"}


def test_captions_are_had_in_each_format(gateway: Gateway) -> None:
    vtt = ask(gateway, "/v1/audio/captions")
    assert vtt.headers["content-type"].startswith("text/vtt")
    assert vtt.text.startswith("WEBVTT\n\n00:00:00.")
    assert "The old captain carried" in vtt.text
    srt = ask(gateway, "/v1/audio/captions", response_format="srt")
    assert srt.headers["content-type"].startswith("application/x-subrip")
    assert srt.text.startswith("1\n00:00:00,")
    words = ask(gateway, "/v1/audio/captions", response_format="json").json()["timestamps"]
    assert_heard(words, len(ask(gateway, "/v1/audio/speech", response_format="pcm").content) / 48_000)


def test_captions_of_a_text_that_is_silent_are_none(gateway: Gateway) -> None:
    assert ask(gateway, "/v1/audio/captions", input="...").text == "WEBVTT\n\n"


@pytest.mark.parametrize("path", ["/v1/audio/captions", "/dev/captioned_speech"])
def test_what_is_wrong_is_told_as_everywhere(gateway: Gateway, path: str) -> None:
    for fields, param in (({"input": " "}, "input"), ({"response_format": "doc"}, "response_format")):
        refused = ask(gateway, path, **fields)
        assert refused.status_code == 400
        assert refused.json()["error"]["param"] == param
    assert ask(gateway, path, model="gpt-5").status_code == 404


def test_a_key_is_needed_where_there_are_keys(locked: Gateway) -> None:
    for path in ("/v1/audio/captions", "/dev/captioned_speech"):
        assert ask(locked, path).status_code == 401


def test_a_reply_from_the_cache_tells_the_same_times(locked: Gateway) -> None:
    fields = {"stream_format": "sse", "timestamps": "word", "input": f"{TEXT} Once more."}
    headers = {"authorization": "Bearer a-key"}
    body = {"model": "kokoro", "voice": "af_heart"} | fields
    plain = {key: value for key, value in body.items() if key not in ("timestamps", "stream_format")}
    url = f"{locked.base_url}/audio/speech"
    with httpx.Client(headers=headers, timeout=60) as client:
        client.post(url, json=plain)  # its segments are held, though nobody asked for times
        spoken, again = (
            [word for event in events(client.post(url, json=body)) for word in event.get("words", [])]
            for _ in range(2)
        )
    assert len(spoken) == len(WORDS) + 2
    assert spoken == again


def test_the_words_of_a_long_text_are_told_in_parts_and_none_is_lost(locked: Gateway) -> None:
    body = {"model": "kokoro", "voice": "af_heart", "input": "Go on and on. " * 120}
    url = f"{locked.root}/dev/captioned_speech"
    with httpx.Client(headers={"authorization": "Bearer a-key"}, timeout=60) as client:
        whole = client.post(url, json=body | {"stream": False}).json()
        again = [json.loads(line) for line in client.post(url, json=body).text.splitlines()]
    told = [line["timestamps"] for line in again]
    assert max(map(len, told)) == EVENT_WORDS
    assert [word for words in told for word in words] == whole["timestamps"]
    assert len(whole["timestamps"]) == 4 * 120
    assert b"".join(base64.b64decode(line["audio"]) for line in again) == base64.b64decode(whole["audio"])
