from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.tree import ROOT

PROGRAM = """
import resource
from gateway.server.descriptors import allow_descriptors

resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
allow_descriptors(512)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "then"),
    [
        pytest.param(128, 4096, 1536, id="raised to what is needed"),
        pytest.param(2000, 4096, 2000, id="left where there are more"),
        pytest.param(128, 300, 300, id="raised as far as it may be"),
    ],
)
def test_the_soft_limit_is_what_all_connections_need(soft: int, hard: int, then: int) -> None:
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(soft=soft, hard=hard)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert int(told.stdout) == then
    assert ("few_descriptors" in told.stderr) == (then < 1536)
