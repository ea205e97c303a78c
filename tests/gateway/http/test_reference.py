"""The page for people: its script is run by Node, on a document like a browser's."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from hashlib import sha256
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from gateway.http.handlers import REFERENCE
from gateway.http.openapi import document
from gateway.http.routes import ENDPOINTS
from gateway.http.schema import SpeechBody
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = document(ENDPOINTS)
PAGE = REFERENCE.decode()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the page says once its script has run."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here")
    folder: Path = tmp_path_factory.mktemp("page")
    (folder / "page.html").write_bytes(REFERENCE)
    (folder / "openapi.json").write_text(json.dumps(DOCUMENT), encoding="utf-8")
    files = (ROOT / "tests/support/page.mjs", folder / "page.html", folder / "openapi.json")
    command = [node, *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_page_shows_every_operation_and_every_field(shown: str) -> None:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            assert f"{method.upper()} {path}" in shown
            assert operation["summary"] in shown
            for status, answer in operation["responses"].items():
                assert f"<li><code>{status} {answer['description']}" in shown
    for name, field in SpeechBody.model_fields.items():
        assert f"<code>{name}" in shown
        assert field.description
        assert field.description in shown


def test_page_says_what_a_field_may_hold(shown: str) -> None:
    assert "<td>0.25 to 4<br>default <code>1" in shown
    assert "<td>mp3, opus, aac, flac, wav, pcm, ulaw, alaw<br>default" in shown
    assert '<td>string or {"id": name}' in shown
    assert "<td>string<br>required" in shown
    assert "undefined" not in shown


def test_page_asks_nobody_but_its_own_gateway(shown: str) -> None:
    assert re.findall(r"^fetched .*", shown, re.MULTILINE) == ["fetched openapi.json"]
    loaded: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            loaded.extend(value or "" for name, value in attrs if name == "src" or (tag == "link" and value))

    Links().feed(PAGE)
    assert loaded == []
    assert "//" not in PAGE.replace("<!doctype", "")


@pytest.mark.parametrize("tag", ["script", "style"])
def test_browsers_run_only_what_is_in_the_page(tag: str) -> None:
    (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", PAGE, re.DOTALL)
    digest = base64.b64encode(sha256(inside.encode()).digest()).decode()
    assert f"{tag}-src 'sha256-{digest}'" in PAGE
    assert "default-src 'none'" in PAGE
