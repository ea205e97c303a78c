from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from gateway.speech import speaker as module
from gateway.speech.speaker import LIBRARIES, speaker
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

UNHEARD = {
    *("h11", "httpx", "hypercorn", "langcodes", "lru-dict", "msgspec", "ordered-set", "platformdirs"),
    *(
        "prometheus-client",
        "psutil",
        "pydantic",
        "pydantic-settings",
        "rich",
        "starlette",
        "structlog",
        "typer",
    ),
    *("typing-extensions", "uvloop", "wsproto", "wyoming"),
    *("onnx-ir", "onnxscript"),  # they derive graphs, whose folders are named for their versions too
}


def test_of_every_library_it_is_settled_whether_it_is_heard() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[<>=!;\[ ]", line)[0] for line in project["dependencies"]}
    assert needed | {"onnxruntime-gpu"} == UNHEARD | set(LIBRARIES)
    assert not UNHEARD & set(LIBRARIES)


def test_the_same_facts_are_the_same_speaker_and_others_another() -> None:
    assert speaker("model", "voices") == speaker("model", "voices")
    others = [("model", "voices"), ("modelvoices",), ("model", "voice"), ("voices", "model"), ()]
    assert len({speaker(*facts) for facts in others}) == len(others)


@pytest.mark.parametrize("change", ["code", "data", "new file"])
def test_what_is_heard_is_part_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: str) -> None:
    (tmp_path / "text").mkdir()
    code, data = tmp_path / "text" / "rules.py", tmp_path / "text" / "words.toml"
    code.write_text("A = 1")
    data.write_text("a = 1")
    monkeypatch.setattr(module, "_SOURCES", (tmp_path,))
    before = speaker("model")
    written = {"code": code, "data": data, "new file": tmp_path / "more.tsv"}[change]
    written.write_text("a = 2")
    assert speaker("model") != before


def test_another_version_of_a_library_is_another_speaker(monkeypatch: pytest.MonkeyPatch) -> None:
    before = speaker("model")
    monkeypatch.setattr(module, "version", lambda name: "0")
    assert speaker("model") != before
