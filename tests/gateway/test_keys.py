from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.keys import Keys, UnusableKeys, read_keys
from gateway.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def settings(file: Path, api_keys: str = "") -> Settings:
    return Settings.from_environment(api_keys_file=file, api_keys=api_keys)


def test_keys_of_the_settings_come_before_those_of_the_file(file: Path) -> None:
    file.write_text("# ours\nthree\n\n four \n")
    assert read_keys(settings(file, "one, two")) == ("one", "two", "three", "four")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbffirst\r\nsecond\r\n",
        b"first\n  # note\n\t# another\nsecond",
        b"\xef\xbb\xbf# note\n\xef\xbb\xbffirst\n\xef\xbb\xbfsecond",
        b"\xef\xbb\xbf\nfirst\n \t \n second\t\n",
        b"first\rsecond\r",
        "\u00a0first\n\u00a0# note\nsecond".encode(),
    ],
    ids=repr,
)
def test_a_file_may_come_from_any_editor(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert read_keys(settings(file)) == ("first", "second")


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"# none yet\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf# none\n", b"  # none"],
    ids=repr,
)
def test_a_file_without_a_key_does_not_let_everybody_in(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(UnusableKeys, match="no key"):
        Keys(settings(file))


def test_a_file_that_is_missing_or_in_another_encoding_lets_nobody_start(file: Path) -> None:
    with pytest.raises(UnusableKeys, match="cannot read"):
        Keys(settings(file))
    file.write_text("first\n", encoding="utf-16")
    with pytest.raises(UnusableKeys, match="cannot read") as told:
        Keys(settings(file))
    assert "first" not in str(told.value)


def test_a_key_has_the_number_of_its_place(file: Path) -> None:
    file.write_text("two\nschlüssel\n", encoding="utf-8")
    keys = Keys(settings(file, "one"))
    assert len(keys) == 3
    assert [keys.number([given.encode()]) for given in ("one", "two", "schlüssel")] == [1, 2, 3]
    assert keys.number([b"wrong", b"two"]) == 2
    for given in ([], [b""], [b"wrong"], [b"one two"], [b"on"], [b"one\n"]):
        assert keys.number(given) is None


def test_a_key_can_be_taken_back_and_another_given(file: Path) -> None:
    file.write_text("old\nkept\n")
    keys = Keys(settings(file))
    file.write_text("kept\nnew\n")
    assert keys.number([b"old"]) == 1
    keys.reload()
    assert keys.number([b"old"]) is None
    assert (keys.number([b"kept"]), keys.number([b"new"])) == (1, 2)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"], ids=repr)
def test_a_file_that_cannot_be_read_again_leaves_the_keys_as_they_were(
    file: Path, content: bytes | None
) -> None:
    file.write_bytes(b"first\n")
    keys = Keys(settings(file))
    file.unlink() if content is None else file.write_bytes(content)
    with pytest.raises(UnusableKeys):
        keys.reload()
    assert keys.number([b"first"]) == 1


def test_nothing_of_a_key_shows_when_they_are_printed(file: Path) -> None:
    file.write_text("sk-secret\n")
    assert "sk-secret" not in f"{vars(Keys(settings(file)))} {settings(file, 'sk-secret')!r}"
