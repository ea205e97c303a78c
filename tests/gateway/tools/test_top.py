from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from gateway.commands.terminal import CANNOT_START
from tests.support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def gateway(tone: Path) -> Iterator[Gateway]:
    options = {"WORKERS": "1", "THREADS": "1", "API_KEYS": "a-key"}
    started = Gateway.start("tests.support.tone_server", str(tone), **options)
    yield started
    assert started.stop() == 0


def top(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway.cli", "top", "--once", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("by", ["url", "port"])
def test_page_shows_who_works_and_what_was_spoken(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.setenv("KOKORO_API_KEYS", "a-key")
    body = {"model": "tts-1", "input": "A line for the page.", "voice": "alloy"}
    httpx.post(
        f"{gateway.base_url}/audio/speech", json=body, headers={"x-api-key": "a-key"}
    ).raise_for_status()
    shown = top("--url", gateway.base_url) if by == "url" else top("--port", str(gateway.port))
    assert shown.returncode == 0, shown.stderr
    for word in ("ready", "tone", "speech", "idle", "first audio", "hit rate", str(gateway.workers()[0].pid)):
        assert word in shown.stdout


def test_what_to_do_is_said_where_there_is_no_gateway_and_where_a_key_is_needed(gateway: Gateway) -> None:
    nobody, locked = top("--port", "1"), top("--url", gateway.root)
    assert nobody.returncode == locked.returncode == CANNOT_START
    assert "--url" in nobody.stderr
    assert "KOKORO_API_KEYS" in locked.stderr
    assert "Traceback" not in nobody.stderr + locked.stderr
