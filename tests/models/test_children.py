"""Programs that the package starts: what they see of us, and when they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from models import children
from tests.support.waiting import DEADLINE_S, wait_for

ROOT = Path(__file__).parents[2]

# Starts a program that starts another, tells both pids and waits for ever.
PARENT = """
import signal, subprocess
from models import children

signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent in the background leaves it ignored

child = ["sh", "-c", "sleep 60 & echo $$ $!; wait"]
with children.running(child, children.environment(), stdout=subprocess.PIPE) as program:
    print(program.stdout.readline(), end="", flush=True)
    program.wait()
"""


def command(program: str) -> list[str]:
    return [sys.executable, "-c", program]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_whatever_ends_the_parent_ends_the_children_of_its_children(end: signal.Signals) -> None:
    with subprocess.Popen(command(PARENT), cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        started = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        assert len(started) == 2
        everybody = psutil.Process(parent.pid).children(recursive=True)
        parent.send_signal(end)
    assert {child.pid for child in started} < {child.pid for child in everybody}
    assert psutil.wait_procs(everybody, timeout=DEADLINE_S)[1] == []


def test_who_leaves_early_ends_the_program() -> None:
    with children.running(["sleep", "60"], children.environment()) as program:
        (running,) = wait_for(psutil.Process(program.pid).children, "the program runs")
    assert not running.is_running()


def test_what_a_program_leaves_behind_ends_with_it() -> None:
    leaving = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid, flush=True)"
    with children.running(command(leaving), children.environment(), stdout=subprocess.PIPE) as program:
        pid = int(program.stdout.readline())  # type: ignore[union-attr]
    wait_for(lambda: not psutil.pid_exists(pid), "what it left has ended")


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("raise SystemExit(0)", 0),
        ("raise SystemExit(7)", 7),
        ("import os; os.kill(os.getpid(), 9)", 137),
        ("import os; os.abort()", 134),
    ],
)
def test_the_exit_code_is_that_of_the_program(program: str, code: int) -> None:
    with children.running(command(program), children.environment()) as running:
        assert running.wait(DEADLINE_S) == code


def test_a_program_sees_no_key_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KOKORO_API_KEYS", "AWS_SECRET_ACCESS_KEY", "PYTHONSTARTUP", "PIP_INDEX_URL"):
        monkeypatch.setenv(name, "secret")
    plain, client = children.environment(EXTRA="1"), children.environment("PIP_")
    assert "secret" not in plain.values()
    assert (plain["PATH"], plain["EXTRA"]) == (os.environ["PATH"], "1")
    assert client["PIP_INDEX_URL"] == "secret"
    assert "KOKORO_API_KEYS" not in client


def test_a_module_in_the_current_directory_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("open('executed', 'w')")
    (tmp_path / "json.py").write_text("open('executed', 'w')")
    monkeypatch.chdir(tmp_path)
    env = children.environment(PYTHONPATH=str(ROOT))
    with children.running(children.module("models.derive.compare"), env, stderr=subprocess.PIPE) as program:
        _, errors = program.communicate(timeout=60)
    assert "TypeError" in errors  # it ran, without arguments
    assert not (tmp_path / "executed").exists()
