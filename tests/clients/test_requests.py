"""Requests as programs send them that cannot be installed here, against a running gateway."""

from __future__ import annotations

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx

from gateway.speech.voices import OPENAI_VOICES
from tests.support.sound import decode
from tests.support.waiting import DEADLINE_S

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

TEXT = "The kitchen light is on."


def seconds(name: str, audio: bytes) -> float:
    samples, rate = decode(name, audio)
    return len(samples) / rate


def test_open_webui_finds_models_and_voices_without_sending_its_key(one_at_a_time: Gateway) -> None:
    models = one_at_a_time.get("/v1/audio/models").json()["models"]
    assert {"id": "tts-1", "name": "tts-1"} in [{"id": m["id"], "name": m["name"]} for m in models]
    voices = one_at_a_time.get("/v1/audio/voices").json()["voices"]
    picker = {voice["id"]: voice["name"] for voice in voices}
    assert set(OPENAI_VOICES) < set(picker)


def test_open_webui_speaks(one_at_a_time: Gateway) -> None:
    answer = httpx.post(
        f"{one_at_a_time.base_url}/audio/speech",
        json={"model": "tts-1", "input": TEXT, "voice": "alloy"},
        headers={"Content-Type": "application/json", "Authorization": "Bearer none is needed"},
        timeout=DEADLINE_S,
    )
    assert answer.raise_for_status().headers["content-type"] == "audio/mpeg"
    assert seconds("mp3", answer.content) > 1


def urlopen(url: str, order: dict[str, Any]) -> Any:
    """As Home Assistant's openai_tts sends it: by urllib, which takes a POST no further than a redirect."""
    headers = {"Content-Type": "application/json", "Authorization": "Bearer none is needed"}
    request = urllib.request.Request(url, json.dumps(order).encode(), headers, method="POST")  # noqa: S310
    return urllib.request.urlopen(request, timeout=10)  # noqa: S310 - it is http, and its own deadline


def test_home_assistant_can_be_set_up(kokoro: Gateway) -> None:
    order = {"model": "tts-1", "input": ".", "voice": "alloy", "response_format": "mp3"}
    with urlopen(f"{kokoro.base_url}/audio/speech", order) as answer:
        assert answer.status == 200
        assert 0.1 <= seconds("mp3", answer.read()) < 1


def test_home_assistant_speaks_while_the_audio_comes(kokoro: Gateway) -> None:
    order = {
        "model": "gpt-4o-mini-tts",
        "input": TEXT,
        "voice": "marin",
        "response_format": "wav",
        "speed": 1.0,
        "instructions": "None",
    }
    with urlopen(f"{kokoro.base_url}/audio/speech/", order) as answer:
        audio = b"".join(iter(lambda: answer.read1(4096), b""))
    assert seconds("wav", audio) > 1


def test_wyoming_openai_takes_us_for_the_server_whose_voices_it_lists(gateway: Gateway) -> None:
    with httpx.Client(base_url=gateway.base_url) as client:
        assert client.get("/test").raise_for_status().json()["status"] == "ok"
        assert client.get("../../health").text != "OK", "it would take us for Speaches"
        assert not client.get("/readyz").is_success, "it would take us for LocalAI"
        voices = client.get("/audio/voices").json()["voices"]
    assert set(OPENAI_VOICES) < {voice.get("id") or voice.get("name") for voice in voices}


def test_wyoming_openai_speaks_three_sentences_at_once(gateway: Gateway) -> None:
    order = {"model": "tts-1", "voice": "af_heart", "response_format": "wav", "speed": 1.0}

    def speak(text: str) -> bytes:
        return httpx.post(
            f"{gateway.base_url}/audio/speech", json=order | {"input": text}, timeout=60
        ).content

    with ThreadPoolExecutor(3) as clients:
        spoken = list(clients.map(speak, [TEXT, TEXT * 2, TEXT * 3]))
    lengths = [seconds("wav", audio) for audio in spoken]
    assert sorted(lengths) == lengths
    assert lengths[0] > 1
