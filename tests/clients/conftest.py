"""Gateways that hum, for what does not depend on the voice."""

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
    options = {"WORKERS": "2", "THREADS": "1", "LOG_LEVEL": "debug", "CACHE_MB": "0", "WYOMING_PORT": "0"}
    started = Gateway.start("tests.support.tone_server", str(tone), **options)
    yield started
    assert started.stop() == 0


@pytest.fixture(scope="package")
def one_at_a_time(tone: Path) -> Iterator[Gateway]:
    """One that has a key, and lets it have one request."""
    options = {"WORKERS": "2", "THREADS": "1", "API_KEYS": "none is needed", "KEY_REQUESTS": "1"}
    started = Gateway.start("tests.support.tone_server", str(tone), **options)
    yield started
    assert started.stop() == 0
