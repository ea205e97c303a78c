"""Voices, OpenAI names and mixes, on the names of the official voices file."""

from __future__ import annotations

import contextlib
import re
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.speech.elevenlabs_names import STOCK_VOICES, padded
from gateway.speech.errors import RequestError
from gateway.speech.voices import MOST_PARTS, OPENAI_VOICES, Catalogue, UnknownVoice, Voice
from tests.support.cpu import HOLDS_THE_LOOP_S, cpu_s, slowness

if TYPE_CHECKING:
    from pathlib import Path

NAMES_BY_KIND = {
    "af": "alloy aoede bella heart jessica kore nicole nova river sarah sky",
    "am": "adam echo eric fenrir liam michael onyx puck santa",
    "bf": "alice emma isabella lily",
    "bm": "daniel fable george lewis",
    "ef": "dora",
    "em": "alex santa",
    "ff": "siwis",
    "hf": "alpha beta",
    "hm": "omega psi",
    "if": "sara",
    "im": "nicola",
    "jf": "alpha gongitsune nezumi tebukuro",
    "jm": "kumo",
    "pf": "dora",
    "pm": "alex santa",
    "zf": "xiaobei xiaoni xiaoxiao xiaoyi",
    "zm": "yunjian yunxi yunxia yunyang",
}
NAMES = [f"{kind}_{name}" for kind, names in NAMES_BY_KIND.items() for name in names.split()]
OPENAI_NAMES = {"alloy", "ash", "ballad", "coral", "echo", "fable", "nova"} | {
    "onyx",
    "sage",
    "shimmer",
    "verse",
    "marin",
    "cedar",
}
CATALOGUE = Catalogue(NAMES)


def test_every_voice_resolves_to_itself_in_any_case() -> None:
    assert len(CATALOGUE.voices) == 54
    for voice in CATALOGUE.voices:
        mix = CATALOGUE.resolve(f" {voice.id.upper()} ")
        assert (mix.canonical, mix.parts, mix.language) == (voice.id, ((voice.id, 1.0),), voice.language)


@pytest.mark.parametrize("voice", CATALOGUE.voices, ids=lambda voice: voice.id)
def test_every_voice_has_an_id_of_letters_and_digits_too(voice: Voice) -> None:
    assert re.fullmatch(r"[a-zA-Z0-9]{10,40}", padded(voice.id))
    assert CATALOGUE.resolve(padded(voice.id)).canonical == voice.id


@pytest.mark.parametrize(("stock", "voice"), STOCK_VOICES.items())
def test_stock_ids_of_elevenlabs_are_voices_here(stock: str, voice: str) -> None:
    assert CATALOGUE.resolve(stock).canonical == voice


@pytest.mark.parametrize(
    ("name", "language", "gender"),
    [
        ("af_heart", "en-us", "female"),
        ("bm_george", "en-gb", "male"),
        ("em_alex", "es", "male"),
        ("ff_siwis", "fr-fr", "female"),
        ("hm_psi", "hi", "male"),
        ("if_sara", "it", "female"),
        ("jf_alpha", "ja", "female"),
        ("pm_santa", "pt-br", "male"),
        ("zm_yunxi", "zh", "male"),
        ("my-own-voice", "en-us", "unknown"),
    ],
)
def test_letters_of_a_name_tell_language_and_gender(name: str, language: str, gender: str) -> None:
    assert Voice.named(name) == Voice(name, language, gender)


def test_all_thirteen_openai_names_speak_with_voices_of_their_own() -> None:
    assert set(OPENAI_VOICES) == OPENAI_NAMES
    assert len(set(OPENAI_VOICES.values())) == 13
    for name in OPENAI_NAMES:
        assert CATALOGUE.resolve(name.title()).canonical == CATALOGUE.aliases[name] == OPENAI_VOICES[name]


def test_openai_names_work_with_a_voices_file_that_lacks_their_voices() -> None:
    other = Catalogue(["af_heart", "zf_own"])
    assert other.resolve("onyx").canonical == "af_heart"
    assert set(other.choices) == {*OPENAI_VOICES, "af_heart", "zf_own"}


@pytest.mark.parametrize(
    "spelling",
    [
        "af_bella(2)+af_sky(1)",
        "af_sky+AF_BELLA( 2.0 )",
        "coral(.2) + af_sky(0.1)",
        "af_bella+af_sky+af_bella",
    ],
)
def test_equal_mixes_have_one_spelling(spelling: str) -> None:
    mix = CATALOGUE.resolve(spelling)
    assert mix == CATALOGUE.resolve("af_sky(3)+af_bella(6)")
    assert mix.canonical == "af_bella(2)+af_sky"
    assert mix.parts == (("af_bella", 2 / 3), ("af_sky", 1 / 3))


def test_language_of_a_mix_is_that_of_its_heaviest_voice() -> None:
    assert CATALOGUE.resolve("af_bella+ff_siwis(2)").language == "fr-fr"
    assert (
        CATALOGUE.resolve("ff_siwis+bf_emma").language
        == CATALOGUE.resolve("bf_emma+ff_siwis").language
        == "en-gb"
    )


@given(
    st.dictionaries(
        st.sampled_from(NAMES), st.decimals("0.000001", "999999", places=6), min_size=1, max_size=MOST_PARTS
    )
)
def test_a_canonical_mix_resolves_to_itself_and_weighs_one(weights: dict[str, object]) -> None:
    mix = CATALOGUE.resolve("+".join(f"{name}({weight})" for name, weight in weights.items()))
    assert sum(weight for _, weight in mix.parts) == pytest.approx(1)
    assert all(weight > 0 for _, weight in mix.parts)
    assert [name for name, _ in mix.parts] == sorted(weights)
    assert CATALOGUE.resolve(mix.canonical) == mix


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "nobody",
        "af_bella+",
        "+af_bella",
        "af_bella++af_sky",
        "af_bella-af_sky",
        "af_bella(0)",
        "af_bella(0.000000)+af_sky",
        "af_bella(-1)",
        "af_bella(nan)",
        "af_bella(inf)",
        "af_bella(1e3)",
        "af_bella(1234567890123456789)",
        "af_bella(1)(2)",
        "af_bella(",
        "af_bella ()",
        "af_bella af_sky",
        "../af_bella",
        "+".join(["af_bella"] * (MOST_PARTS + 1)),
        "+" * 100_000,
        "\x00\ud800",
    ],
)
def test_what_means_no_voice_is_refused_with_the_choices(name: str) -> None:
    with pytest.raises(UnknownVoice) as refusal:
        CATALOGUE.resolve(name)
    assert refusal.value.name == name
    assert isinstance(refusal.value, RequestError)
    message = str(refusal.value)
    assert "af_heart" in message
    assert "marin" in message
    assert repr(name)[1:40] in message
    assert len(message) < 1500


@given(st.text(max_size=40))
def test_no_name_breaks_the_parser(name: str) -> None:
    with contextlib.suppress(UnknownVoice):
        assert CATALOGUE.resolve(name).canonical


def test_catalogue_reads_the_names_of_a_voices_file(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "voices.bin", "w") as archive:
        for name in NAMES:
            archive.writestr(f"{name}.npy", b"")
    assert Catalogue.read(tmp_path / "voices.bin").voices == CATALOGUE.voices


def test_a_damaged_voices_file_is_no_catalogue(tmp_path: Path) -> None:
    (tmp_path / "voices.bin").write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(zipfile.BadZipFile):
        Catalogue.read(tmp_path / "voices.bin")


def test_a_name_full_of_spaces_costs_no_more_than_its_length() -> None:
    def refuse(length: int) -> None:
        with pytest.raises(UnknownVoice):
            CATALOGUE.resolve("af_heart" + " " * length + "x")

    assert cpu_s(lambda: refuse(100_000)) < HOLDS_THE_LOOP_S * slowness()
