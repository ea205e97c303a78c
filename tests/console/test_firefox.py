"""The same with Debian's Firefox, whose MediaSource takes no MP3. One visit is looked at by every test."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.console.conftest import LISTEN
from tests.console.hearing import CLOSE_MS, PAUSED, lateness, sound_after
from tests.console.steps import LONG

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

HOME = Path(sys.prefix) / "console"
SCRIPT = Path(__file__).with_name("firefox.mjs")
TRIES = 2
TEXT = PAUSED.removesuffix(".") + " five."
"""Longer than what others say here, so that its line of the log is known by its length."""

LONGEST_S = 240


@pytest.fixture(scope="module")
def told(humming: Gateway) -> dict[str, Any]:
    """What firefox.mjs prints."""
    node, firefox = shutil.which("node"), shutil.which("firefox-esr")
    if node is None or firefox is None or not (HOME / "node_modules/puppeteer-core").exists():
        pytest.skip("no Firefox here, or nothing to drive it: tests/console/setup.sh brings both")
    visit = [firefox, humming.root + "/", LISTEN.read_text(), TEXT, str(TRIES), LONG[:4000]]
    # From standard input: packages are looked for where it runs then.
    command = [node, "--input-type=module", "-", *visit]
    with SCRIPT.open() as script:
        done = subprocess.run(
            command, stdin=script, capture_output=True, text=True, cwd=HOME, timeout=LONGEST_S, check=False
        )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_firefox_is_heard_though_it_streams_no_mp3(told: dict[str, Any], humming: Gateway) -> None:
    assert not told["takesMp3"]
    assert humming.requests(format="pcm", characters=len(TEXT), outcome="ok")


def test_firefox_marks_words_while_they_are_heard(told: dict[str, Any]) -> None:
    late = next((each for each in (lateness(*one) for one in told["readAlong"]) if each is not None), None)
    if late is None:
        pytest.skip("this machine is too busy for a browser to tell moments apart")
    assert abs(late) < CLOSE_MS


def test_firefox_is_silent_as_soon_as_it_is_stopped(told: dict[str, Any]) -> None:
    still = sound_after(*told["stopped"])
    if still is None:
        pytest.skip("this machine is too busy for a browser to tell moments apart")
    assert still < CLOSE_MS


def test_firefox_has_no_complaint_and_asks_nobody_else(told: dict[str, Any], humming: Gateway) -> None:
    assert told["complaints"] == []
    elsewhere = [url for url in told["asked"] if not url.startswith((humming.root, "data:"))]
    assert elsewhere == []
