"""A first start that is killed, at whatever moment: the next one clears up and comes to the right end."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from tests.support.gateway import Gateway
from tests.support.model import MODEL, VOICES, link_release
from tests.support.processes import descendants, environment
from tests.support.tree import ROOT
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STEP_S = 300.0
"""Longest wait for a moment of a start on a busy machine."""


def running(module: str) -> Callable[[int, Path], bool]:
    return lambda pid, _: any(module in command for command in descendants(pid).values())


def writing(_pid: int, models: Path) -> bool:
    return any(models.glob(".deriving-*/baked/*"))


MOMENTS = (running("models.derive.bake"), writing, running("models.derive.compare"))


@pytest.fixture
def models(tmp_path: Path) -> Path:
    directory = tmp_path / "models"
    directory.mkdir()
    link_release(directory)
    return directory


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A directory to start in that holds modules of the names of those we load."""
    directory = tmp_path / "elsewhere"
    directory.mkdir()
    for name in ("numpy", "onnx_ir", "onnxruntime"):
        (directory / f"{name}.py").write_text("open('executed', 'w')")
    return directory


def start_and_kill(models: Path, elsewhere: Path, moment: Callable[..., bool]) -> list[psutil.Process]:
    """Kill a start at a moment; what it had started, with the environments checked."""
    command = [sys.executable, "-P", "-m", "gateway.cli", "serve"]
    options = {"KOKORO_PORT": "0", "KOKORO_MODELS_DIR": str(models), "KOKORO_API_KEYS": "a-key"}
    variables = os.environ | options | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, env=variables, cwd=elsewhere, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(lambda: moment(process.pid, models), "the moment to kill", STEP_S)
            started = list(descendants(process.pid))
            seen = {name for child in started for name in environment(child)}
        finally:
            process.kill()
    assert "PATH" in seen
    assert not any(name.startswith("KOKORO_") for name in seen)
    return started


def test_a_first_start_survives_being_killed_at_any_moment(models: Path, elsewhere: Path) -> None:
    for moment in MOMENTS:
        started = start_and_kill(models, elsewhere, moment)
        assert started
        assert psutil.wait_procs(started, timeout=DEADLINE_S)[1] == []
    assert not (elsewhere / "executed").exists()

    options = {"PORT": "0", "WORKERS": "1", "THREADS": "1", "MODELS_DIR": str(models)}
    with ThreadPoolExecutor(2) as threads:
        starting = [threads.submit(Gateway.start, "gateway.cli", "serve", **options) for _ in range(2)]
        gateways = [gateway.result() for gateway in starting]
    try:
        for gateway in gateways:
            assert chosen(gateway)["graph"] == "derived", chosen(gateway)["reason"]
        speech = {"model": "tts-1", "voice": "alloy", "input": "Hello.", "response_format": "wav"}
        assert httpx.post(f"{gateways[0].base_url}/audio/speech", json=speech, timeout=60).is_success
    finally:
        codes = [gateway.stop() for gateway in gateways]
    assert codes == [0, 0]
    left = {path.name for path in models.iterdir()} - {MODEL, VOICES, "compiled"}
    assert len(left) == 1
    assert left.pop().startswith("kokoro-v1.0.int8-")


def chosen(gateway: Gateway) -> dict[str, str]:
    """What it logged of the graph it runs."""
    return gateway.told("graph_chosen")
