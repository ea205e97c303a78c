"""What tests of a fleet share: there is one at a time, and most of them have the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.fleet import KEY, KEY_REQUESTS, Fleet, alone, fleet
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="package")
def undisturbed() -> Iterator[None]:
    """What else starts a fleet on this machine waits."""
    with alone():
        yield


@pytest.fixture(scope="package")
def two(undisturbed: None, tone: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two machines that hum, for tests after which there are as many; only the last one lets one go."""
    directory = tmp_path_factory.mktemp("fleet")
    (directory / "keys").write_text(f"{KEY}\n")
    variables = {"STALL_TIMEOUT_S": "3", "BODY_TIMEOUT_S": "2", "KEY_REQUESTS": str(KEY_REQUESTS)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONE_DIRECTORY", str(tone))
        keys = str(directory / "keys")
        with fleet("tests.support.tone_cluster", directory, API_KEYS_FILE=keys, **variables) as running:
            running.keys = directory / "keys"
            running.join()
            wait_for(running.is_spread, "requests on both machines")
            yield running
