from __future__ import annotations

from pathlib import Path

import pydantic
import pytest

from gateway.observe.log_fields import as_markdown as log_fields_as_markdown
from gateway.settings import Settings, UnknownSetting, UnusableKeys, as_markdown

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_operators_readme_lists_every_setting() -> None:
    assert as_markdown() in (ROOT / "deploy" / "README.md").read_text(encoding="utf-8"), "run `make docs`"


def test_a_variable_that_names_no_setting_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOKORO_PROT", "9000")
    with pytest.raises(UnknownSetting, match="KOKORO_PROT"):
        Settings.from_environment()


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


def test_keys_come_from_the_environment_and_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "keys").write_text("# ours\nthree\n\nfour\n")
    monkeypatch.setenv("KOKORO_API_KEYS", "one, two")
    monkeypatch.setenv("KOKORO_API_KEYS_FILE", str(tmp_path / "keys"))
    assert Settings.from_environment().keys() == ("one", "two", "three", "four")


def test_a_file_without_a_key_does_not_let_everybody_in(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("# none yet\n")
    with pytest.raises(UnusableKeys):
        Settings.from_environment(api_keys_file=tmp_path / "keys").keys()


def test_keys_do_not_show_in_a_printed_setting() -> None:
    assert "sk-secret" not in repr(Settings.from_environment(api_keys="sk-secret"))


def test_the_operators_page_lists_every_log_field() -> None:
    assert log_fields_as_markdown() in (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
