from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest

from gateway.audio.encoder import UnsupportedRate
from gateway.audio.encoders import ENCODERS
from gateway.http.fields import NAME_CHARS
from gateway.http.request_errors import BodyTooLarge, MalformedBody, ModelNotFound
from gateway.http.schema import MODELS, SpeechBody, is_known_model, parse_speech
from gateway.settings import Settings
from gateway.speech.errors import InvalidField, RequestError, TextTooLong
from gateway.speech.request import SpeechRequest, speakable
from gateway.speech.voices import OPENAI_VOICES, Catalogue, UnknownVoice
from tests.support.cpu import HOLDS_THE_LOOP_S, cpu_s, slowness

VOICES = [
    "af_heart",
    "af_bella",
    "am_adam",
    "bf_emma",
    "ef_dora",
    "ff_siwis",
    "pf_dora",
    *OPENAI_VOICES.values(),
]
CATALOGUE = Catalogue(VOICES)
VALID: dict[str, Any] = {"model": "tts-1", "input": "Hello.", "voice": "af_bella"}
ABSENT = object()


def parse(body: bytes | None = None, settings: Settings | None = None, **fields: Any) -> SpeechRequest:
    given = {name: value for name, value in (VALID | fields).items() if value is not ABSENT}
    body = body if body is not None else json.dumps(given).encode()
    return parse_speech(body, CATALOGUE, settings or Settings.from_environment())


def refused(**fields: Any) -> tuple[str | None, str | None]:
    """Param and code of the refusal."""
    with pytest.raises(InvalidField) as caught:
        parse(**fields)
    assert str(caught.value)
    return caught.value.param, caught.value.code


def test_request_with_nothing_optional_gets_every_default() -> None:
    request = parse(voice=ABSENT)
    assert request == SpeechRequest(
        input="Hello.",
        voice=CATALOGUE.resolve("af_heart"),
        response_format="mp3",
        speed=1.0,
        stream_format="audio",
        stream=None,
        lang_code="",
        volume_multiplier=1.0,
        sample_rate=24000,
    )


def test_null_is_the_default_of_every_optional_field() -> None:
    optional = {
        name: None
        for name, field in SpeechBody.model_fields.items()
        if not field.is_required() and name != "voice"
    }
    assert parse(**optional) == parse()
    assert parse(voice=None) == parse(voice=ABSENT)


def test_fields_that_are_not_ours_are_ignored() -> None:
    assert (
        parse(backend="x", user=5, metadata={}, normalization_options={"a": 1}, return_download_link=True)
        == parse()
    )


@pytest.mark.parametrize("instructions", [None, "None", "cheerfully", 5, ["x"], "x" * 9000])
def test_instructions_of_any_kind_are_ignored(instructions: Any) -> None:
    assert parse(instructions=instructions) == parse()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"hello",
        b"[]",
        b"null",
        b'"text"',
        b"3",
        b'{"model": "tts-1", "input": "\xff"}',
        json.dumps(VALID).encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"speed": ' + b"9" * 5000 + b"}",
    ],
    ids=range(12),
)
def test_body_that_is_no_json_object_is_refused_with_a_hint(body: bytes) -> None:
    with pytest.raises(MalformedBody, match="HINT") as caught:
        parse(body)
    assert (caught.value.param, caught.value.code) == (None, None)


def test_byte_order_mark_is_no_fault() -> None:
    assert parse(b"\xef\xbb\xbf" + json.dumps(VALID).encode()) == parse()


@pytest.mark.parametrize("field", ["model", "input"])
@pytest.mark.parametrize("value", [ABSENT, None])
def test_required_field_that_is_missing_is_named(field: str, value: Any) -> None:
    assert refused(**{field: value}) == (field, "missing_required_parameter")


def test_empty_model_is_a_missing_one() -> None:
    assert refused(model="") == ("model", "missing_required_parameter")


@pytest.mark.parametrize(
    "fields",
    [
        {"input": 123},
        {"input": ["Hello."]},
        {"model": 5},
        {"voice": 7},
        {"voice": True},
        {"voice": {}},
        {"voice": {"id": 5}},
        {"voice": {"name": "alloy"}},
        {"voice": ["alloy"]},
        {"speed": "fast"},
        {"speed": True},
        {"speed": "1.5"},
        {"speed": [1]},
        {"response_format": 5},
        {"response_format": ["mp3"]},
        {"stream_format": 1.5},
        {"stream": "perhaps"},
        {"stream": {}},
        {"stream": 1},
        {"lang_code": 5},
        {"sample_rate": "high"},
        {"sample_rate": 16000.5},
        {"sample_rate": True},
        {"volume_multiplier": "loud"},
        {"volume_multiplier": False},
    ],
    ids=str,
)
def test_wrong_type_is_told_with_the_field(fields: dict[str, Any]) -> None:
    assert refused(**fields) == (next(iter(fields)), "invalid_type")


@pytest.mark.parametrize("speed", [0.25, 1, 2.5, 4, 4.0])
def test_speed_within_its_bounds_is_taken(speed: Any) -> None:
    assert parse(speed=speed).speed == float(speed)


@pytest.mark.parametrize(
    "speed", ["0.249", "4.01", "0", "-1", "NaN", "Infinity", "-Infinity", "1e400", "1" + "0" * 400]
)
def test_speed_out_of_its_bounds_is_refused(speed: str) -> None:
    with pytest.raises(InvalidField) as caught:
        parse(b'{"model": "tts-1", "input": "x", "speed": ' + speed.encode() + b"}")
    assert (caught.value.param, caught.value.code) == ("speed", "decimal_out_of_range")


@pytest.mark.parametrize("multiplier", [-0.1, 10.1])
def test_volume_out_of_its_bounds_is_refused(multiplier: float) -> None:
    assert refused(volume_multiplier=multiplier) == ("volume_multiplier", "decimal_out_of_range")


@pytest.mark.parametrize("rate", [7999, 48001, 0, -1, 10**30])
def test_sample_rate_out_of_its_bounds_is_refused(rate: int) -> None:
    assert refused(sample_rate=rate) == ("sample_rate", "integer_out_of_range")


@pytest.mark.parametrize("rate", [8000, 16000, 24000, 48000])
def test_sample_rate_within_its_bounds_is_taken(rate: int) -> None:
    assert parse(sample_rate=rate).sample_rate == rate


def test_sample_rate_that_the_format_cannot_hold_is_refused() -> None:
    with pytest.raises(UnsupportedRate, match="opus"):
        parse(response_format="opus", sample_rate=22050)


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_every_format_that_can_be_encoded_may_be_asked_for(name: str) -> None:
    assert parse(response_format=name).response_format == name


@pytest.mark.parametrize(
    "fields", [{"response_format": "ogg"}, {"response_format": ""}, {"stream_format": "ws"}]
)
def test_unknown_format_is_refused_with_the_choices(fields: dict[str, Any]) -> None:
    (field,) = fields
    assert refused(**fields) == (field, "invalid_value")
    with pytest.raises(InvalidField, match=r"'sse'|'pcm'"):
        parse(**fields)


def test_input_is_counted_in_characters_up_to_the_limit() -> None:
    settings = Settings.from_environment(max_input_chars=10)
    assert parse(settings=settings, input="😀" * 10).input == "😀" * 10
    with pytest.raises(TextTooLong, match="11 characters, and at most 10") as caught:
        parse(settings=settings, input="😀" * 11)
    assert (caught.value.param, caught.value.code) == ("input", "string_above_max_length")


def test_input_may_be_4096_characters_by_default() -> None:
    assert parse(input="a" * 4096).input
    assert refused(input="a" * 4097) == ("input", "string_above_max_length")


@pytest.mark.parametrize("field", ["voice", "model", "lang_code"])
def test_name_longer_than_any_name_is_refused_before_anything_looks_at_it(field: str) -> None:
    assert refused(**{field: "x" * 501}) == (field, "string_above_max_length")
    assert refused(voice={"id": "x" * 501}) == ("voice", "string_above_max_length")


def test_longest_mix_is_no_longer_than_a_name_may_be() -> None:
    mix = "+".join(f"{name}(123456789012345678.123456)" for name in sorted(set(VOICES), key=len)[-8:])
    assert len(mix) <= NAME_CHARS
    assert len(parse(voice=mix).voice.parts) == 8


@pytest.mark.parametrize(
    "extra", [["x"] * 100_000, {"a": [{}] * 50_000}, "\ud83d\ude00" * 20_000], ids=range(3)
)
def test_large_body_is_read_like_a_small_one(extra: Any) -> None:
    assert parse(metadata=extra) == parse()
    assert parse(metadata=extra, instructions=extra, speed=2, voice={"id": "am_adam", "more": 1}) == parse(
        speed=2, voice="am_adam"
    )
    assert parse(b"\xef\xbb\xbf" + json.dumps(VALID | {"metadata": extra}).encode()) == parse()
    assert refused(metadata=extra, input=ABSENT) == ("input", "missing_required_parameter")
    assert refused(input="a" * 100_000) == ("input", "string_above_max_length")
    assert refused(speed=extra) == ("speed", "invalid_type")
    with pytest.raises(MalformedBody):
        parse(json.dumps(VALID | {"metadata": extra}).encode() + b"x")


MIB = 1 << 20
HEAVY = {
    "levels": '{"a":' * 100_000,
    "levels of an ignored field": json.dumps(VALID)[:-1] + ',"a":' + "[" * 100_000,
    "keys": "{" + ",".join(f'"{n}":0' for n in range(95_000)) + "}",
    "empty lists": json.dumps(VALID)[:-1] + ',"a":[' + "[]," * (MIB // 3 - 90) + "0]}",
    "numbers": json.dumps(VALID)[:-1] + ',"a":[' + "0," * (MIB // 2 - 90) + "0]}",
    "escapes": json.dumps(VALID)[:-1] + ',"input":"' + "\\\\" * (MIB // 2 - 90) + '"}',
    "control characters": json.dumps(VALID)[:-1] + ',"input":"' + "\\u0001" * (MIB // 6 - 20) + '"}',
    "digits": json.dumps(VALID)[:-1] + ',"speed":' + "9" * (MIB - 100) + "}",
    "spaces": " " * MIB,
    "spaces in a voice": json.dumps(VALID | {"voice": "af_heart" + " " * 1_000_000 + "x"}),
    "text": json.dumps(VALID | {"input": "a" * 1_000_000}),
}


@pytest.mark.parametrize("what", HEAVY)
@pytest.mark.parametrize("raised", [1, 10])
def test_no_body_within_the_limits_holds_the_event_loop(what: str, raised: int) -> None:
    settings = Settings.from_environment(max_input_chars=4096 * raised, max_body_bytes=MIB * raised)
    body = HEAVY[what].encode()
    assert len(body) <= MIB

    def work() -> None:
        for given in (body, body[: 64 << 10]):
            with suppress(RequestError):
                parse(given, settings)

    assert cpu_s(work) < HOLDS_THE_LOOP_S * slowness()


def test_body_that_no_text_needs_is_refused_unread() -> None:
    settings = Settings.from_environment(max_body_bytes=10 * MIB)
    with pytest.raises(BodyTooLarge, match="bytes"):
        parse(json.dumps(VALID | {"metadata": "x" * 2 * MIB}).encode(), settings)


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u3000\xa0", "\x00"])
def test_input_without_text_is_refused(text: str) -> None:
    assert refused(input=text) == ("input", "empty_string")


@pytest.mark.parametrize("text", [".", "...", "—", "😀", "\u200b", "\ufeff"])
def test_input_without_words_is_taken(text: str) -> None:
    assert parse(input=text).input == text


def test_lone_surrogates_become_replacement_characters() -> None:
    assert (
        parse(b'{"model": "tts-1", "input": "a\\ud83d b\\ude00 \\ud83d\\ude00"}').input
        == "a\ufffd b\ufffd 😀"
    )


def test_control_characters_become_spaces_and_line_breaks_stay() -> None:
    assert speakable("a\x00b\x1bc\x7fd\x9be\tf\ng\rh") == "a b c d e\tf\ng\rh"


@pytest.mark.parametrize(
    "text", ["مرحبا بالعالم", "你好，世界", "<speak>Hi<break/></speak>", "# Head\n* **bold**", "a" * 600]
)
def test_text_of_any_script_and_markup_passes_unchanged(text: str) -> None:
    assert parse(input=text).input == text


@pytest.mark.parametrize("name", OPENAI_VOICES)
def test_every_openai_voice_is_known_in_any_case(name: str) -> None:
    assert parse(voice=name.title()).voice == CATALOGUE.resolve(OPENAI_VOICES[name])


def test_voice_may_be_an_object_with_an_id() -> None:
    assert parse(voice={"id": "am_adam"}).voice.parts == (("am_adam", 1.0),)
    assert parse(voice={"id": "am_adam", "more": 1}).voice.parts == (("am_adam", 1.0),)


@pytest.mark.parametrize("voice", [ABSENT, None, "", "  ", {"id": ""}])
def test_absent_voice_is_the_default_voice(voice: Any) -> None:
    assert (
        parse(settings=Settings.from_environment(voice="bf_emma"), voice=voice).voice.canonical == "bf_emma"
    )


@pytest.mark.parametrize("voice", ["nobody", {"id": "nobody"}, "af_bella+nobody", "../../etc"])
def test_unknown_voice_is_refused_with_the_choices(voice: Any) -> None:
    with pytest.raises(UnknownVoice, match=r"alloy.*bf_emma"):
        parse(voice=voice)


@pytest.mark.parametrize(
    "model",
    [
        *MODELS,
        "tts-1-1106",
        "tts-1-hd-1106",
        "gpt-4o-mini-tts-2025-12-15",
        "gpt-4o-mini-tts-2025-03-20",
        "openai/tts-1",
        "TTS-1",
        "my-kokoro-v1",
    ],
)
def test_speech_models_are_known(model: str) -> None:
    assert is_known_model(model)
    assert parse(model=model) == parse()


@pytest.mark.parametrize("model", ["whisper-1", "gpt-4o", "tts-2", "tts-1-", "xtts-1"])
def test_other_models_are_unknown_unless_any_will_do(model: str) -> None:
    with pytest.raises(ModelNotFound):
        parse(model=model)
    assert parse(model=model, settings=Settings.from_environment(any_model=True)) == parse()


@pytest.mark.parametrize("field", ["model", "voice", "response_format", "lang_code"])
def test_lone_surrogate_in_a_name_is_refused(field: str) -> None:
    with pytest.raises((RequestError, UnknownVoice)):
        parse(json.dumps(VALID | {field: "\ud83d"}).encode())


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("", ""),
        (None, ""),
        ("en-gb", "en-gb"),
        ("EN_US", "en-us"),
        ("en", "en-us"),
        ("fr", "fr-fr"),
        ("pt", "pt-br"),
        ("b", "en-gb"),
        ("a", "en-us"),
        ("e", "es"),
        ("es-ES", "es"),
        ("es-MX", "es"),
        ("fr-CA", "fr-fr"),
        ("pt-PT", "pt-br"),
        ("zh-CN", "zh"),
        ("cmn", "zh"),
        ("ja-JP", "ja"),
        ("hi-IN", "hi"),
        ("en-AU", "en-gb"),
    ],
)
def test_language_may_be_named_in_the_ways_that_clients_do(code: str | None, language: str) -> None:
    assert parse(lang_code=code).lang_code == language


def test_language_that_no_voice_speaks_is_refused_with_the_choices() -> None:
    assert refused(lang_code="tlh") == ("lang_code", "invalid_value")
    with pytest.raises(InvalidField, match="en-us, en-gb, es"):
        parse(lang_code="tlh")


def test_faults_are_told_in_the_order_fields_model_voice() -> None:
    broken: dict[str, Any] = {"voice": "nobody", "model": "whisper-1", "speed": 9}
    with pytest.raises(InvalidField):
        parse(**broken)
    with pytest.raises(ModelNotFound):
        parse(**broken | {"speed": 1})
    with pytest.raises(UnknownVoice):
        parse(**broken | {"speed": 1, "model": "tts-1"})


def test_refusal_never_says_the_text_back() -> None:
    for fields in ({"input": ["my secret"]}, {"speed": "my secret"}, {"input": "my secret" * 1000}):
        with pytest.raises(RequestError) as caught:
            parse(**fields)
        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_pronunciations_are_taken_in_order() -> None:
    assert parse(pronunciations={"GIF": "jif", "pecan": "/pɪkˈɑn/"}).pronunciations == (
        ("GIF", "jif"),
        ("pecan", "/pɪkˈɑn/"),
    )
    assert parse(pronunciations=None).pronunciations == ()


@pytest.mark.parametrize(
    ("pronunciations", "code"),
    [
        ([], "invalid_type"),
        ({"a": 1}, "invalid_type"),
        ({"a": "/§/"}, "invalid_value"),
        ({"a": "/ab"}, "invalid_value"),
        ({" ": "a"}, "invalid_value"),
        ({"": "a"}, "empty_string"),
        ({"a": ""}, "empty_string"),
        ({"a" * 101: "b"}, "string_above_max_length"),
        ({"a": "b" * 201}, "string_above_max_length"),
        ({f"a{n}": "b" for n in range(101)}, "object_above_max_properties"),
    ],
)
def test_pronunciations_that_cannot_be_used_are_refused(pronunciations: Any, code: str) -> None:
    assert refused(pronunciations=pronunciations) == ("pronunciations", code)
