from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from gateway.commands.terminal import CANNOT_START
from gateway.settings import Settings
from tests.deploy.tools import DEPLOY, ROOT, free_port, run, running, tool
from tests.support.gateway import START_S
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = DEPLOY / "start_production.sh"
FEW_FILES = 512
ENOUGH_FILES = 512 + 1024  # for as many connections as may be, and for the workers


@pytest.mark.parametrize(
    "script", [START, ROOT / "tests/deploy/install_tools.sh"], ids=lambda path: path.name
)
def test_shellcheck_has_nothing_to_say(script: Path) -> None:
    run(tool("shellcheck"), script)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory with the command of this tree, for a machine where it is not installed."""
    command = tmp_path_factory.mktemp("commands") / "kokoro-gateway"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m gateway.cli "$@"\n')
    command.chmod(0o755)
    return command.parent


def environment(commands: Path, **variables: str) -> dict[str, str]:
    variables = {"WORKERS": "1", "THREADS": "1", "GRAPH": "released"} | variables
    kept = {k: v for k, v in os.environ.items() if not k.startswith("KOKORO_") or k == "KOKORO_MODELS_DIR"}
    path = os.pathsep.join([str(commands), os.environ["PATH"]])
    return kept | {"PATH": path} | {f"KOKORO_{name}": value for name, value in variables.items()}


NOTHING_WRITABLE = """
set -e
mount -o remount,ro,bind /
for place in /tmp /dev/shm "$HOME" "$KOKORO_MODELS_DIR"; do
    if mountpoint -q "$place"; then mount -o remount,ro,bind "$place"; fi
done
! touch "$KOKORO_MODELS_DIR/touched" 2> /dev/null
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all kokoro-gateway serve
"""


def test_it_speaks_where_nothing_can_be_written(commands: Path, tmp_path: Path) -> None:
    """As in a container with a read-only root, without capabilities, its model not yet prepared for this machine."""
    alone = [tool("unshare"), "--map-root-user", "--mount"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespaces here")
    for file in ("kokoro-v1.0.int8.onnx", "voices-v1.0.bin"):
        (tmp_path / file).symlink_to(Settings.from_environment().models_dir / file)
    port = free_port()
    variables = environment(commands, GRAPH="auto", PORT=str(port), MODELS_DIR=str(tmp_path))
    confined = (*alone, "bash", "-c", NOTHING_WRITABLE)
    with running(*confined, port=port, said=tmp_path / "said", seconds=START_S, variables=variables):
        body = {"model": "tts-1", "input": "Nothing can be written here.", "voice": "alloy"}
        answer = httpx.post(f"http://127.0.0.1:{port}/v1/audio/speech", json=body, timeout=60)
    assert answer.status_code == 200


def few_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW_FILES, hard))


@pytest.fixture(scope="module")
def production(
    commands: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """The real thing, started as in production: the process, its port and its log."""
    port = free_port()
    log = tmp_path_factory.mktemp("production") / "log"
    variables = environment(commands, DRAIN_S="5")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [START, "--port", str(port)],
            env=variables,
            stdout=output,
            stderr=subprocess.PIPE,
            preexec_fn=few_files,  # noqa: PLW1509 - no threads matter to a child that only sets a limit
        )
    try:
        wait_for(lambda: is_healthy(port) or process.poll() is not None, "production answers", START_S)
        assert process.poll() is None, process.stderr and process.stderr.read().decode()
        yield process, port, log
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=DEADLINE_S)


def is_healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
    except httpx.TransportError:
        return False


def test_the_script_becomes_the_gateway(production: tuple[subprocess.Popen[bytes], int, Path]) -> None:
    process, _, _ = production
    assert psutil.Process(process.pid).cmdline()[-3:-1] == ["serve", "--port"]


def test_the_file_limit_is_raised_and_no_core_is_written(
    production: tuple[subprocess.Popen[bytes], int, Path],
) -> None:
    limits = psutil.Process(production[0].pid)
    soft, hard = limits.rlimit(psutil.RLIMIT_NOFILE)
    assert soft == min(hard, ENOUGH_FILES) if hard > 0 else soft == ENOUGH_FILES
    assert soft > FEW_FILES
    assert limits.rlimit(psutil.RLIMIT_CORE)[0] == 0


def test_the_environment_comes_before_the_settings_of_production(
    production: tuple[subprocess.Popen[bytes], int, Path],
) -> None:
    variables = psutil.Process(production[0].pid).environ()
    assert variables["KOKORO_DRAIN_S"] == "5"
    assert variables["KOKORO_LOG_FORMAT"] == "json"


def test_a_second_start_leaves_the_first_alone(
    production: tuple[subprocess.Popen[bytes], int, Path], commands: Path
) -> None:
    process, port, _ = production
    second = subprocess.run(
        [START, "--port", str(port)],
        env=environment(commands),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert second.returncode == CANNOT_START
    assert second.stdout == ""
    assert "choose another" in second.stderr
    assert process.poll() is None
    assert is_healthy(port)


def test_standard_output_is_the_json_log_and_sigterm_ends_it_well(
    production: tuple[subprocess.Popen[bytes], int, Path],
) -> None:
    process, port, log = production
    with socket.create_connection(("127.0.0.1", port)):  # an idle connection does not stop it
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert "worker_ready" in events
    assert "drained" in events


def test_without_a_gateway_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    copy = tmp_path / "deploy" / START.name
    copy.write_text(START.read_text())
    copy.chmod(0o755)
    lost = subprocess.run([copy], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    assert lost.returncode == CANNOT_START
    assert "not installed" in lost.stderr
