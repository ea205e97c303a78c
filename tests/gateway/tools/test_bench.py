"""What is left of a measurement that somebody ends."""

from __future__ import annotations

import signal
import subprocess
import sys

import psutil
import pytest

from tests.support.processes import descendants
from tests.support.waiting import DEADLINE_S, wait_for


@pytest.mark.slow
def test_sigterm_ends_the_server_that_is_measured_too() -> None:
    bench = subprocess.Popen([sys.executable, "-m", "gateway.cli", "bench"])
    try:
        wait_for(lambda: any("serve" in command for command in descendants(bench.pid).values()), "its server")
        started = list(descendants(bench.pid))
        bench.send_signal(signal.SIGTERM)
        assert bench.wait(DEADLINE_S) == 128 + signal.SIGTERM
    finally:
        bench.kill()
    assert psutil.wait_procs(started, timeout=DEADLINE_S)[1] == []
