"""Gateways that may be broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def start(tone: Path) -> Iterator[Callable[..., Gateway]]:
    """Starts gateways whose workers hum, and break on demand; options are KOKORO_ variables, and the model's directory.

    Without a cache: what is asked twice must reach a worker twice.
    """
    started: list[Gateway] = []

    def start_one(directory: str = str(tone), **variables: str) -> Gateway:
        options = {
            "WORKERS": "2",
            "THREADS": "1",
            "LOG_LEVEL": "debug",
            "EXPRESS": "false",
            "CACHE_MB": "0",
        } | variables
        started.append(Gateway.start("tests.support.tone_server", directory, **options))
        return started[-1]

    yield start_one
    for gateway in started:
        gateway.stop()
