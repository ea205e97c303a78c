"""What ElevenLabs' clients rely on over HTTP, against running gateways."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.orders import spoken
from tests.support.sound import decode
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

TEXT = "Good morning, everyone."
ROUTE = "/v1/text-to-speech/af_heart"
ROUTES = (ROUTE, f"{ROUTE}/stream", "/text-to-speech/af_heart", "//v1/text-to-speech/af_heart/stream/")


def ask(gateway: Gateway, path: str = ROUTE, output_format: str = "pcm_24000", **body: Any) -> httpx.Response:
    parameters = {"output_format": output_format, "enable_logging": "true"}
    return httpx.post(gateway.root + path, params=parameters, json={"text": TEXT} | body, timeout=60)


def detail(response: httpx.Response) -> dict[str, str]:
    assert set(response.json()) == {"detail"}
    found: dict[str, str] = response.json()["detail"]
    assert set(found) == {"status", "message"}
    return found


@pytest.mark.parametrize("path", ROUTES)
def test_the_audio_is_that_of_the_openai_route(gateway: Gateway, path: str) -> None:
    response = ask(gateway, path)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("audio/")
    assert response.headers["request-id"] == response.headers["x-request-id"]
    assert response.content == spoken(gateway, input=TEXT, response_format="pcm")


@pytest.mark.parametrize("name", ["mp3_22050_32", "opus_48000_32", "ulaw_8000", "wav_16000", "pcm_44100"])
def test_the_format_is_that_of_the_query(gateway: Gateway, name: str) -> None:
    codec, rate = name.split("_")[:2]
    samples, found = decode(codec, ask(gateway, output_format=name).content, int(rate))
    assert found == int(rate)
    assert len(samples) / found == pytest.approx(len(ask(gateway).content) / 48000, abs=0.1)


def test_without_a_format_it_is_mp3_of_44100_hz(gateway: Gateway) -> None:
    response = httpx.post(gateway.root + ROUTE, json={"text": TEXT}, timeout=60)
    assert response.headers["content-type"] == "audio/mpeg"
    assert decode("mp3", response.content)[1] == 44100


def test_what_its_clients_send_besides_changes_nothing(gateway: Gateway) -> None:
    others: dict[str, Any] = {
        "model_id": "eleven_turbo_v2_5",
        "language_code": "xx",
        "voice_settings": None,
        "seed": 1,
        "previous_text": "Before.",
        "pronunciation_dictionary_locators": [{"a": 1}],
    }
    assert ask(gateway, **others).content == ask(gateway).content
    settings = {"stability": 0.5, "similarity_boost": 0.8, "style": 0, "use_speaker_boost": True}
    assert ask(gateway, voice_settings=settings).content == ask(gateway).content


def test_speed_is_honoured_and_held_within_our_range(gateway: Gateway) -> None:
    plain, fast, fastest = (
        len(ask(gateway, voice_settings={"speed": speed}).content) for speed in (1, 1.2, 100)
    )
    assert fast / plain == pytest.approx(1 / 1.2, abs=0.02)
    assert fastest / plain == pytest.approx(1 / 4, abs=0.02)


def test_a_language_is_taken_for_a_voice_that_has_none_of_its_own(gateway: Gateway) -> None:
    def language_of(voice: str) -> str:
        answer = ask(gateway, f"/v1/text-to-speech/{voice}", language_code="es")
        lines = wait_for(lambda: gateway.requests(request_id=answer.headers["request-id"]), "its line")
        return str(lines[0]["language"])

    assert [language_of("21m00Tcm4TlvDq8ikWAM"), language_of("af_heart")] == ["es", "en-us"]


def test_a_mix_in_the_path_is_a_voice(gateway: Gateway) -> None:
    assert ask(gateway, "/v1/text-to-speech/af_bella(2)%2Baf_heart").status_code == 200


FAULTS: dict[str, tuple[dict[str, Any], int, str]] = {
    "voice": ({"path": "/v1/text-to-speech/nobody"}, 404, "voice_not_found"),
    "format": ({"output_format": "mp3_1_2"}, 400, "invalid_output_format"),
    "text": ({"text": ""}, 400, "invalid_request"),
    "type": ({"text": 5}, 400, "invalid_request"),
    "settings": ({"voice_settings": {"speed": "fast"}}, 400, "invalid_request"),
    "length": ({"text": "a" * 5000}, 400, "max_character_limit_exceeded"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_told_in_their_shape(gateway: Gateway, fault: str) -> None:
    asked, status, word = FAULTS[fault]
    response = ask(gateway, **asked)
    assert (response.status_code, detail(response)["status"]) == (status, word)


def test_a_wrong_method_is_told_in_their_shape(gateway: Gateway) -> None:
    response = httpx.get(gateway.root + ROUTE)
    assert (response.status_code, response.headers["allow"], detail(response)["status"]) == (
        405,
        "POST",
        "invalid_request",
    )


def test_an_unknown_format_is_answered_with_those_there_are(gateway: Gateway) -> None:
    assert "mp3_22050_32, mp3_24000_48" in detail(ask(gateway, output_format="flac"))["message"]


@pytest.mark.parametrize("headers", [{}, {"xi-api-key": "wrong"}, {"authorization": "Token wrong"}])
def test_a_key_that_is_missing_or_wrong_is_told_in_their_shape(
    locked: Gateway, headers: dict[str, str]
) -> None:
    response = httpx.post(locked.root + ROUTE, json={"text": TEXT}, headers=headers)
    assert (response.status_code, detail(response)["status"]) == (401, "invalid_api_key")


@pytest.mark.parametrize("headers", [{"xi-api-key": "a-key"}, {"authorization": "Token a-key"}])
def test_a_key_is_taken_where_they_send_it(locked: Gateway, headers: dict[str, str]) -> None:
    assert httpx.post(locked.root + ROUTE, json={"text": TEXT}, headers=headers).status_code == 200


def test_every_voice_is_listed_as_they_read_it(gateway: Gateway) -> None:
    voices = httpx.get(f"{gateway.root}/v1/voices").json()["voices"]
    assert all(
        voice["voice_id"] == voice["name"] == voice["id"] and voice["category"] == "premade"
        for voice in voices
    )


def test_the_log_has_the_route_and_not_what_was_in_the_path(gateway: Gateway) -> None:
    known = gateway.known(path="/v1/text-to-speech/{voice}")
    ask(gateway, "/v1/text-to-speech/nobody-we-know")
    wait_for(lambda: gateway.requests(path="/v1/text-to-speech/{voice}")[known:], "its line")
    assert not any("nobody-we-know" in str(line) for line in gateway.lines)


def test_the_metrics_are_about_these_routes_too(gateway: Gateway) -> None:
    before = gateway.status()["totals"]["requests"]["ok"]
    ask(gateway)
    assert wait_for(lambda: gateway.status()["totals"]["requests"]["ok"] > before, "it is counted")


def test_a_whole_reply_with_timestamps_is_one_object(gateway: Gateway) -> None:
    response = ask(gateway, f"{ROUTE}/with-timestamps")
    assert response.headers["content-type"] == "application/json"
    told = response.json()
    assert set(told) == {"audio_base64", "alignment", "normalized_alignment"}
    audio = b64decode(told["audio_base64"])
    assert audio == spoken(gateway, input=TEXT, response_format="pcm")
    times = told["alignment"]
    assert times == told["normalized_alignment"]
    assert "".join(times["characters"]) == f"{TEXT} "
    starts, ends = times["character_start_times_seconds"], times["character_end_times_seconds"]
    assert starts == [0, *ends[:-1]] == sorted(starts)
    assert ends[-1] == pytest.approx(len(audio) / 48000, abs=0.025)


def test_a_reply_that_is_too_large_for_one_piece_is_no_question_of_time(gateway: Gateway) -> None:
    path, slow = f"{ROUTE}/with-timestamps", {"speed": 0.25}
    refused = ask(gateway, path, "pcm_48000", text=f"{TEXT} " * 170, voice_settings=slow)
    assert refused.status_code == 400
    assert "as a stream" in detail(refused)["message"]


def test_a_stream_with_timestamps_is_an_object_on_each_line(gateway: Gateway) -> None:
    response = ask(gateway, f"{ROUTE}/stream/with-timestamps", text=TEXT * 3)
    assert response.text.endswith("\n")
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert len(lines) > 3
    audio = b"".join(b64decode(line["audio_base64"]) for line in lines)
    assert audio == spoken(gateway, input=TEXT * 3, response_format="pcm")
    times = [line["alignment"] for line in lines if line["alignment"]]
    assert times[-1]["character_end_times_seconds"][-1] == pytest.approx(len(audio) / 48000, abs=0.025)


@pytest.mark.parametrize("end", ["/with-timestamps", "/stream/with-timestamps"])
def test_a_text_of_nothing_is_an_object_without_audio(gateway: Gateway, end: str) -> None:
    response = ask(gateway, ROUTE + end, text="…")
    assert [json.loads(line)["audio_base64"] for line in response.text.splitlines()] == [""]


@pytest.mark.parametrize("end", ["/with-timestamps", "/stream/with-timestamps"])
def test_a_fault_before_the_first_sound_is_told_and_a_later_one_cuts(gateway: Gateway, end: str) -> None:
    response = ask(gateway, f"/v1/text-to-speech/af_fail{end}", text="Not this!")
    assert (response.status_code, detail(response)["status"]) == (500, "internal_server_error")
    if end.startswith("/stream"):
        with pytest.raises(httpx.RemoteProtocolError):
            ask(gateway, f"/v1/text-to-speech/af_fail{end}", text="All is well so far. " * 8 + "Not now!")
