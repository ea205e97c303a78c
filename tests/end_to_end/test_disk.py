"""Disks that are full, read-only or damaged under a running gateway."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.streams import pids, speak
from tests.support.waiting import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.gateway import Gateway


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_log_that_cannot_be_written_stops_no_speech(tone: Path) -> None:
    command = [sys.executable, "-m", "tests.support.tone_server", str(tone)]
    with (
        Path("/dev/full").open("w") as full,
        subprocess.Popen(command, stdout=full, stderr=subprocess.PIPE, text=True) as process,
    ):
        try:
            assert process.stderr is not None
            found = next(filter(None, (re.search(r"http://\S+/v1", line) for line in process.stderr)))
            body = {"model": "tts-1", "input": "Hello.", "voice": "af_heart", "response_format": "pcm"}
            for _ in range(3):
                assert httpx.post(f"{found[0]}/audio/speech", json=body, timeout=60).status_code == 200
            process.send_signal(signal.SIGTERM)
            process.stderr.read()
            assert process.wait(DEADLINE_S) == 0
        finally:
            process.kill()


def test_a_model_damaged_while_running_leaves_the_running_workers_in_service(
    start: Callable[..., Gateway], tone: Path, tmp_path: Path
) -> None:
    shutil.copytree(tone, tmp_path / "tone")
    gateway = start(directory=str(tmp_path / "tone"))
    (tmp_path / "tone" / "tone.onnx").write_bytes(b"damaged")
    assert speak(gateway).status_code == 200
    os.kill(min(pids(gateway)), signal.SIGKILL)
    gateway.told("worker_cannot_start")
    assert [speak(gateway).status_code for _ in range(3)] == [200] * 3
    assert gateway.get("/ready").status_code == 200
