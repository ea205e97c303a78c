"""What a name of a language means."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.errors import UnknownLanguage
from inference.languages import BY_CODE, BY_LETTER, LANGUAGES, language_named


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ("en-us EN_us en a en-US eng en-PR", "en-us"),
        ("en-gb en_GB b en-AU en-NZ en-IN en-IE", "en-gb"),
        ("es es-ES es_mx es-419 spa e", "es"),
        ("fr fr-fr fr-CA fr_be f fra", "fr-fr"),
        ("hi hi-IN hin h hi-Latn", "hi"),
        ("it it-IT it-ch i", "it"),
        ("ja ja-JP ja_jp jpn j", "ja"),
        ("pt pt-br pt-PT por p", "pt-br"),
        ("zh zh-CN cmn zh-Hans zh-TW zh_Hant_HK zho cmn-Hans-CN z", "zh"),
    ],
)
def test_a_language_has_the_names_that_clients_use(names: str, code: str) -> None:
    for name in names.split():
        assert language_named(name).code == code, name
        assert language_named(f" {name.swapcase()} ").code == code, name


@pytest.mark.parametrize(
    "name", ["", "tlh", "de", "ca", "eu", "yue", "und", "x", "english", "en-us\x00", "-", "\ud800", "ẞ"]
)
def test_a_name_of_no_language_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(UnknownLanguage, match="en-us, en-gb, es, fr-fr, hi, it, ja, pt-br, zh"):
        language_named(name)


@given(st.text(max_size=100) | st.from_regex(r"[a-zA-Z]{2,3}([-_][a-zA-Z0-9]{1,8}){0,8}", fullmatch=True))
def test_any_name_is_a_language_or_refused(name: str) -> None:
    with contextlib.suppress(UnknownLanguage):
        assert language_named(name) in LANGUAGES


def test_a_name_of_any_length_is_refused_at_once() -> None:
    with pytest.raises(UnknownLanguage) as refusal:
        language_named("en-" * 1_000_000)
    assert len(str(refusal.value)) < 200


def test_each_language_has_its_code_and_letter_alone() -> None:
    assert len(BY_CODE) == len(BY_LETTER) == len(LANGUAGES)
    assert all(language_named(name) is language for name, language in (BY_CODE | BY_LETTER).items())


def test_the_table_alone_loads_no_library() -> None:
    script = "import sys, inference.languages; print({'langcodes', 'babel'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
