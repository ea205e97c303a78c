"""schemathesis: thousands of requests made from the OpenAPI document, answered as the document says."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.clients.running import HOME

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gateway import Gateway


CONFIG = """
[[operations]]
include-path = "/v1/audio/captions"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 400, 404]
"""
"""Which voices there are the document does not say. On other routes a model that nobody has is refused before that."""

LINES = ("/dev/captioned_speech", "/v1/text-to-speech/{voice}/stream/with-timestamps")


def test_answers_are_those_of_the_document(gateway: Gateway, tmp_path: Path) -> None:
    program = HOME / "schemathesis" / "bin" / "schemathesis"
    if not program.exists():
        pytest.skip("no schemathesis here: tests/clients/setup.sh has not run, or could not get it")
    # Their bodies are objects, one on each line, of which OpenAPI knows nothing.
    lines = [f"--exclude-path={path}" for path in LINES]
    options = [
        *lines,
        "--checks=all",
        "--max-examples=60",
        "--generation-deterministic",
        "--no-color",
        "--workers=1",  # two threads that parse Python at once fail now and then in Python 3.11
    ]
    (tmp_path / "schemathesis.toml").write_text(CONFIG, encoding="utf-8")
    done = subprocess.run(
        [str(program), "run", f"{gateway.root}/openapi.json", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "❌" not in done.stdout, done.stdout
