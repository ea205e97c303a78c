from __future__ import annotations

from pathlib import Path

import pydantic
import pytest

from gateway.observe.log_fields import as_markdown as log_fields_as_markdown
from gateway.settings import OTHER_NAMES, Settings, UnknownSetting, as_markdown, without_secrets

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_operators_readme_lists_every_setting() -> None:
    assert as_markdown() in (ROOT / "deploy" / "README.md").read_text(encoding="utf-8"), "run `make docs`"


def test_a_variable_that_names_no_setting_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOKORO_PROT", "9000")
    with pytest.raises(UnknownSetting, match="KOKORO_PROT"):
        Settings.from_environment()


@pytest.mark.parametrize("name", ["kokoro_prot", "Kokoro_Prot", "KOKORO_", "kokoro_portt", "KOKORO_CUDA"])
def test_a_misspelt_variable_is_an_error_in_any_case(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(UnknownSetting, match=f"{name}\\b"):
        Settings.from_environment()


def test_lower_case_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("kokoro_port", "9000")
    assert Settings.from_environment().port == 9000


def test_a_typing_error_is_told_with_what_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("kokoro_prot", "9000")
    with pytest.raises(UnknownSetting, match=r"did you mean KOKORO_PORT\?"):
        Settings.from_environment()


@pytest.mark.parametrize(("other", "name"), OTHER_NAMES.items())
def test_another_spelling_is_taken_unless_the_option_itself_is_set(
    monkeypatch: pytest.MonkeyPatch, other: str, name: str
) -> None:
    monkeypatch.setenv(f"KOKORO_{other.upper()}", "9")
    assert getattr(Settings.from_environment(), name) == 9
    monkeypatch.setenv(f"KOKORO_{name.upper()}", "11")
    assert getattr(Settings.from_environment(), name) == 11


def test_durations_have_one_ending() -> None:
    times = {name for name, field in Settings.model_fields.items() if "seconds" in (field.description or "")}
    assert {name for name in times if not name.endswith("_s")} == set()
    assert not [name for name in Settings.model_fields if name.endswith(("_ms", "_min", "timeout"))]


def test_an_option_wins_over_the_environment_and_that_over_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Settings.from_environment().port == 8880
    monkeypatch.setenv("KOKORO_PORT", "9000")
    assert Settings.from_environment().port == 9000
    assert Settings.from_environment(port=9001).port == 9001


def test_a_value_out_of_range_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOKORO_PORT", "70000")
    with pytest.raises(pydantic.ValidationError, match="port"):
        Settings.from_environment()


def test_keys_do_not_show_in_a_printed_setting() -> None:
    assert "sk-secret" not in repr(Settings.from_environment(api_keys="sk-secret"))


def test_the_operators_page_lists_every_log_field() -> None:
    assert log_fields_as_markdown() in (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://127.0.0.1", "redis://127.0.0.1"),
        ("redis://:hush@cache.example.com:6380/2?socket_timeout=1", "redis://cache.example.com:6380/2"),
        ("rediss://user:hush@[::1]:6379", "rediss://[::1]:6379"),
        ("Valkey://user:hush@host:6379", "valkey://host:6379"),
        ("valkeys://:hush@host", "valkeys://host"),
        ("redis://user:hu%2Fsh%40%23@host/0", "redis://host/0"),
        ("redis://user:hu@sh@host", "redis://host"),
        ("unix:///run/redis.sock?db=1&password=hush", "unix:///run/redis.sock"),
        ("unix://user:hush@/run/redis.sock", "unix:///run/redis.sock"),
    ],
)
def test_a_cache_s_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    settings = Settings.from_environment(cache_url=url, cache_secret="hush")  # noqa: S106
    assert settings.cache_url
    assert without_secrets(settings.cache_url.get_secret_value()) == shown
    assert "hush" not in repr(settings) + str(settings)


@pytest.mark.parametrize(
    "url",
    [
        *("", "hush", "hush://host", "http://user:hush@host", "redis://", "redis://:hush", "redis://:hush@"),
        *("redis://:hush/hush@host", "redis://:12/hush@host", "redis://:12#hush@host", "redis://:[hush@host"),
        *(
            "redis://user:12?hush@host",
            "redis://:hush\u2100@host",
            "redis://host#hush",
            "redis://host/hush",
            "redis://host:hush",
            "unix://:a/hush@/run",
            "unix://",
        ),
        *("redis://host hush", "redis://host/0/hush", "unix://hush/run/redis.sock"),
    ],
)
def test_what_is_no_url_of_a_cache_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(pydantic.ValidationError, match="redis://HOST") as refused:
        Settings.from_environment(cache_url=url)
    assert "hush" not in str(refused.value)
