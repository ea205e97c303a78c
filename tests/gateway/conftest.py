"""Running gateways that hum: one for everybody, one with keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="package")
def gateway(tone: Path) -> Iterator[Gateway]:
    """One that lets everybody in, without a cache: what is asked twice reaches a worker twice."""
    options = {"WORKERS": "2", "THREADS": "1", "LOG_LEVEL": "debug", "CACHE_MB": "0"}
    started = Gateway.start("tests.support.tone_server", str(tone), **options)
    yield started
    assert started.stop() == 0


@pytest.fixture(scope="package")
def locked(tone: Path) -> Iterator[Gateway]:
    """One that asks for a key."""
    options = {"WORKERS": "1", "THREADS": "1", "API_KEYS": "a-key, another"}
    started = Gateway.start("tests.support.tone_server", str(tone), **options)
    yield started
    assert started.stop() == 0
