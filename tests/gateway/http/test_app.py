from __future__ import annotations

import io
import json
import wave
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import httpx
import openai
import pytest
import soundfile

from gateway.audio.encoders import ENCODERS
from gateway.http.reply_schema import AudioModelList, ModelList, VoiceList
from gateway.http.schema import MODELS
from gateway.observe.log_fields import request_fields
from gateway.speech.voices import OPENAI_VOICES
from tests.support.orders import LONG, ORDER, error_of, speak, spoken
from tests.support.serving import exchange
from tests.support.sound import decode
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

OPEN_PATHS = (
    "/health",
    "/ready",
    "/readyz",
    "/v1/audio/voices",
    "/audio/voices",
    "/v1/audio/models",
    "/v1/voices",
    "/v1/audio/speech/voices",
    "/v1/test",
    "/docs",
    "/openapi.json",
)


# Routes


@pytest.mark.parametrize(
    "path",
    [
        "/v1/audio/speech",
        "/v1/audio/speech/",
        "/audio/speech",
        "//audio/speech",
        "/v1//audio/speech",
        "//v1/audio/speech//",
    ],
)
def test_speech_answers_at_every_base_url_that_people_configure(gateway: Gateway, path: str) -> None:
    response = speak(gateway, path)
    assert response.status_code == 200
    assert response.history == []


@pytest.mark.parametrize("path", ["/health", "/health/", "//health", "/ready", "/readyz"])
def test_probes_answer_in_json(gateway: Gateway, path: str) -> None:
    response = gateway.get(path)
    assert response.status_code == 200
    assert response.json()["status"] in {"ok", "ready"}


def test_gateway_is_not_taken_for_another_server(gateway: Gateway) -> None:
    assert gateway.get("/v1/readyz").status_code == 404
    assert gateway.get("/health").text != "OK"
    assert gateway.get("/v1/test").json() == {"status": "ok"}


@pytest.mark.parametrize(
    "path", ["/v1/", "/v1", "/nowhere", "/v1/audio/voice_consents", "/v1/audio/voices/x"]
)
def test_unknown_path_is_told_in_the_envelope(gateway: Gateway, path: str) -> None:
    response = gateway.get(path)
    assert response.status_code == 404
    assert error_of(response)["message"].startswith("Invalid URL (GET /")


@pytest.mark.parametrize("path", ["/nowhere", "/v1/audio/speech", "/"])
def test_a_socket_where_there_is_none_is_the_fault_of_who_asks(gateway: Gateway, path: str) -> None:
    names = (
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: eA==",
    )
    asked = "\r\n".join((f"GET {path} HTTP/1.1", "Host: x", *names, "", ""))
    failed = gateway.status()["totals"]["requests"]["failed"]
    head, _, body = exchange(gateway.port, asked.encode()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 ")
    assert b"x-request-id" in head
    assert json.loads(body)["error"]["message"].startswith("Invalid URL (GET /")
    assert gateway.status()["totals"]["requests"]["failed"] == failed


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/audio/speech", "POST"),
        ("POST", "/v1/audio/voices", "GET, HEAD"),
        ("PUT", "/v1/models", "GET, HEAD"),
    ],
)
def test_wrong_method_is_told_with_the_right_ones(
    gateway: Gateway, method: str, path: str, allow: str
) -> None:
    response = httpx.request(method, gateway.root + path)
    assert response.status_code == 405
    assert response.headers["allow"] == allow
    assert error_of(response)["code"] == "method_not_supported"


def test_browser_finds_the_console_at_the_root_and_the_reference_beside_it(gateway: Gateway) -> None:
    for path, title in (("/", "Kokoro Gateway"), ("/docs", "Reference · Kokoro Gateway")):
        response = httpx.get(gateway.root + path)
        assert response.headers["content-type"].startswith("text/html")
        assert f"<title>{title}</title>" in response.text
    assert httpx.get(gateway.root + "/openapi.json").json()["openapi"].startswith("3.1")


# Lists


def test_models_are_listed_as_openai_lists_them(gateway: Gateway) -> None:
    listed = ModelList.model_validate(gateway.get("/v1/models").json())
    assert [model.id for model in listed.data] == list(MODELS)
    assert {"tts-1", "tts-1-hd", "gpt-4o-mini-tts", "kokoro"} <= set(MODELS)


@pytest.mark.parametrize("name", [*MODELS, "hexgrad%2FKokoro-82M", "tts-1-1106", "openai/tts-1"])
def test_model_can_be_asked_for_by_its_name(gateway: Gateway, name: str) -> None:
    for prefix in ("/v1", ""):
        model = gateway.get(f"{prefix}/models/{name}").json()
        assert model["id"] == name.replace("%2F", "/")
        assert model["object"] == "model"
        assert isinstance(model["created"], int)


def test_unknown_model_is_not_found(gateway: Gateway) -> None:
    response = gateway.get("/v1/models/whisper-1")
    assert response.status_code == 404
    assert error_of(response)["code"] == "model_not_found"


def test_audio_models_are_listed_for_pickers(gateway: Gateway) -> None:
    listed = AudioModelList.model_validate(gateway.get("/v1/audio/models").json())
    assert [(model.id, model.name) for model in listed.models] == [(name, name) for name in MODELS]


@pytest.mark.parametrize(
    "path", ["/v1/audio/voices", "/v1/audio/voices?limit=3&model_id=x", "/v1/voices", "/audio/voices/"]
)
def test_voices_are_objects_with_distinct_ids(gateway: Gateway, path: str) -> None:
    listed = VoiceList.model_validate(gateway.get(path).json()).voices
    names = [voice.id for voice in listed]
    assert len(set(names)) == len(names)
    assert set(OPENAI_VOICES) | {"af_heart"} <= set(names)
    assert all(voice.name == voice.id for voice in listed)


def test_old_clients_get_the_voices_as_strings(gateway: Gateway) -> None:
    names = gateway.get("/v1/audio/voices?legacy=true").json()["voices"]
    items = gateway.get("/v1/audio/voices").json()["voices"]
    assert names == [item["id"] for item in items]


def test_every_voice_that_is_listed_speaks(gateway: Gateway) -> None:
    for voice in gateway.get("/v1/audio/voices?legacy=true").json()["voices"]:
        assert spoken(gateway, voice=voice, input="Hi.", response_format="pcm"), voice


# Keys


@pytest.mark.parametrize("path", OPEN_PATHS)
def test_lists_and_probes_need_no_key(locked: Gateway, path: str) -> None:
    assert locked.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/v1/models", "/models", "/v1/models/tts-1", "/v1/nowhere"])
def test_the_rest_needs_one(locked: Gateway, path: str) -> None:
    assert error_of(locked.get(path))["type"] == "invalid_request_error"
    assert locked.get(path).status_code == 401
    answer = locked.get(path, headers={"Authorization": "Bearer another"})
    assert answer.status_code in {200, 404}


def test_key_is_asked_for_before_the_body_is_read(locked: Gateway) -> None:
    response = httpx.post(locked.base_url + "/audio/speech", content=b"no json")
    assert response.status_code == 401
    headers = {"Authorization": "Bearer a-key"}
    assert (
        httpx.post(locked.base_url + "/audio/speech", content=b"no json", headers=headers).status_code == 400
    )


# Speech


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_each_format_has_its_type_and_decodes(gateway: Gateway, name: str) -> None:
    response = speak(gateway, response_format=name, stream=True)
    assert response.headers["content-type"] == ENCODERS[name].content_type
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.headers["x-accel-buffering"] == "no"
    assert len(decode(name, response.content)[0]) > 24000


@pytest.mark.parametrize("fields", [{}, {"stream": None}, {"stream": False}], ids=str)
def test_flac_comes_whole_with_its_length_unless_a_stream_is_asked_for(
    gateway: Gateway, fields: dict[str, Any]
) -> None:
    text = "Many decoders want to know how long this is. Nobody plays it while it comes, as it seems."
    response = speak(gateway, response_format="flac", input=text, **fields)
    assert int(response.headers["content-length"]) == len(response.content)
    samples, _ = soundfile.read(io.BytesIO(response.content))
    assert len(samples) == len(spoken(gateway, response_format="pcm", input=text)) // 2


@pytest.mark.parametrize("name", sorted(ENCODERS))
@pytest.mark.parametrize("text", [".", "...", "—", "😀", "\u200b"])
def test_input_without_words_is_a_short_silence(gateway: Gateway, name: str, text: str) -> None:
    samples, rate = decode(name, spoken(gateway, response_format=name, input=text))
    assert 0.1 <= len(samples) / rate < 1
    assert abs(samples).max() < 100


@pytest.mark.parametrize("speed", [0.25, 1, 4])
def test_that_silence_is_as_long_at_any_speed(gateway: Gateway, speed: float) -> None:
    pcm = spoken(gateway, input="...", response_format="pcm", speed=speed)
    assert len(pcm) == pytest.approx(0.25 * 24000 * 2, rel=0.01)


@pytest.mark.parametrize(
    "text",
    [
        "\ud83d lone \ude00",
        "nul \x00 and \x1b[31m control \x7f",
        "مرحبا بالعالم",
        "你好，世界。",
        "<speak>Hello <break time='1s'/> world</speak>",
        "# Title\n\n* **bold** [link](http://example.org) `code`",
        "a" * 600,
        "!?" * 300,
        "\u202e right to left \u202c",
        "é" + "\u0301" * 200,
    ],
)
def test_no_text_is_a_fault_of_the_server(gateway: Gateway, text: str) -> None:
    body = json.dumps(ORDER | {"input": text, "response_format": "pcm"}).encode()
    response = httpx.post(gateway.base_url + "/audio/speech", content=body, timeout=60)
    assert response.status_code == 200
    assert len(response.content) > 0


def test_content_type_and_accept_do_not_matter(gateway: Gateway) -> None:
    for headers in ({}, {"Content-Type": "text/plain", "Accept": "text/html"}, {"Accept": "*/*"}):
        body = json.dumps(ORDER).encode()
        response = httpx.post(gateway.base_url + "/audio/speech", content=body, headers=headers)
        assert response.headers["content-type"] == "audio/mpeg"


@pytest.mark.parametrize("name", sorted(ENCODERS))
@pytest.mark.parametrize("text", [ORDER["input"], LONG])
def test_events_hold_the_bytes_of_the_plain_answer(gateway: Gateway, name: str, text: str) -> None:
    plain = spoken(gateway, response_format=name, input=text)
    response = speak(gateway, response_format=name, input=text, stream_format="sse")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert "content-length" not in response.headers
    events = [json.loads(line.removeprefix("data: ")) for line in response.text.split("\n\n") if line]
    deltas = [b64decode(event["audio"]) for event in events[:-1]]
    assert all(event["type"] == "speech.audio.delta" for event in events[:-1])
    assert b"".join(deltas) == plain
    assert name != "pcm" or all(len(delta) % 2 == 0 for delta in deltas)
    usage = events[-1]["usage"]
    assert events[-1]["type"] == "speech.audio.done"
    assert usage["input_tokens"] > 0
    assert usage["input_tokens"] + usage["output_tokens"] == usage["total_tokens"]


def test_wrong_request_for_events_is_told_in_json(gateway: Gateway) -> None:
    response = speak(gateway, stream_format="sse", speed=9)
    assert response.status_code == 400
    assert error_of(response)["param"] == "speed"


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_answer_in_one_piece_has_its_length(gateway: Gateway, name: str) -> None:
    response = speak(gateway, response_format=name, stream=False, input=LONG)
    assert int(response.headers["content-length"]) == len(response.content)
    assert "transfer-encoding" not in response.headers


def test_wav_says_its_length_when_it_is_known_and_the_most_when_not(gateway: Gateway) -> None:
    whole = spoken(gateway, response_format="wav", stream=False, input=LONG)
    with wave.open(io.BytesIO(whole)) as file:
        assert file.getnframes() * 2 == len(whole) - 44
    streamed = spoken(gateway, response_format="wav", input=LONG)
    assert streamed[4:8] == streamed[40:44] == b"\xff" * 4
    assert streamed[44:] == whole[44:]


def test_extensions_change_the_audio(gateway: Gateway) -> None:
    plain = spoken(gateway, response_format="pcm")
    slower = spoken(gateway, response_format="pcm", sample_rate=8000)
    assert abs(len(slower) - len(plain) / 3) < 1000
    assert max(spoken(gateway, response_format="pcm", volume_multiplier=0.0)) == 0


def test_refusals_name_what_is_wrong(gateway: Gateway) -> None:
    refusals: dict[str, tuple[dict[str, Any], int, str]] = {
        "voice": ({"voice": "nobody"}, 400, "invalid_value"),
        "model": ({"model": "whisper-1"}, 404, "model_not_found"),
        "input": ({"input": "a" * 4097}, 400, "string_above_max_length"),
        "response_format": ({"response_format": "ogg"}, 400, "invalid_value"),
        "sample_rate": ({"sample_rate": 22050, "response_format": "opus"}, 400, "invalid_value"),
        "speed": ({"speed": "fast"}, 400, "invalid_type"),
        "lang_code": ({"lang_code": "tlh"}, 400, "invalid_value"),
    }
    for param, (fields, status, code) in refusals.items():
        response = speak(gateway, **fields)
        assert response.status_code == status, param
        assert (error_of(response)["param"], error_of(response)["code"]) == (param, code)
    assert "'nobody'" in error_of(speak(gateway, voice="nobody"))["message"]


def test_openai_client_knows_our_errors(gateway: Gateway, locked: Gateway) -> None:
    client = openai.OpenAI(base_url=gateway.base_url, api_key="none is needed", max_retries=0)
    with pytest.raises(openai.BadRequestError) as bad:
        client.audio.speech.create(model="tts-1", voice="nobody", input="Hello.")
    assert (bad.value.param, bad.value.code, bad.value.type) == (
        "voice",
        "invalid_value",
        "invalid_request_error",
    )
    assert bad.value.request_id
    with pytest.raises(openai.NotFoundError) as missing:
        client.audio.speech.create(model="whisper-1", voice="alloy", input="Hello.")
    assert missing.value.code == "model_not_found"
    stranger = openai.OpenAI(base_url=locked.base_url, api_key="wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError) as wrong:
        stranger.models.list()
    assert wrong.value.code == "invalid_api_key"
    friend = openai.OpenAI(base_url=locked.base_url, api_key="a-key", max_retries=0)
    assert friend.models.retrieve("tts-1").id == "tts-1"


def test_http_1_0_gets_the_audio_up_to_the_end_of_the_connection(gateway: Gateway) -> None:
    body = json.dumps(ORDER | {"response_format": "pcm"}).encode()
    head = f"POST /v1/audio/speech HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    answer = exchange(gateway.port, head + body)
    assert b"chunked" not in answer
    assert answer.partition(b"\r\n\r\n")[2] == spoken(gateway, response_format="pcm")


# The log


def test_line_of_a_request_tells_where_the_time_went(gateway: Gateway) -> None:
    headers = {"X-Request-ID": "the-one-to-find"}
    order = ORDER | {"input": LONG, "voice": "af_bella+af_heart"}
    response = httpx.post(gateway.base_url + "/audio/speech", json=order, headers=headers, timeout=60)
    line = wait_for(lambda: gateway.requests(request_id="the-one-to-find"), "its line")[0]
    assert set(line) - {"event", "level", "logger", "timestamp"} <= set(request_fields())
    told = {
        name: line[name]
        for name in ("outcome", "status", "voice", "format", "language", "characters", "provider")
    }
    assert told == {
        "outcome": "ok",
        "status": 200,
        "voice": "af_bella+af_heart",
        "format": "mp3",
        "language": "en-us",
        "characters": len(LONG),
        "provider": "cpu",
    }
    assert line["segments"] > 1
    assert line["bytes_sent"] == len(response.content)
    assert 0 < line["ttfa_ms"] < line["total_ms"]
    assert line["audio_s"] > 10
    for name in ("queue_ms", "phonemes_ms", "inference_ms", "encode_ms", "send_ms", "rtf"):
        assert line[name] >= 0, name


def test_first_byte_tells_the_browser_where_the_time_went(gateway: Gateway) -> None:
    timing = speak(gateway).headers["server-timing"]
    assert [phase.partition(";")[0] for phase in timing.split(", ")] == [
        "queue",
        "phonemes",
        "inference",
        "encode",
    ]


def test_text_is_never_logged(gateway: Gateway) -> None:
    speak(gateway, input="Xylophonic utterance.")
    speak(gateway, input="Xylophonic utterance.", speed=99)
    httpx.post(gateway.base_url + "/audio/speech", content=b'{"input": "Xylophonic')
    wait_for(lambda: len(gateway.requests(outcome="invalid")) > 1, "the lines")
    assert "Xylophonic" not in json.dumps(gateway.lines) + "".join(gateway.printed)
