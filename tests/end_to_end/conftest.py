"""Gateways that may be broken, and one that is used by many tests and left as it was."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.support.gateway import Gateway, starting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def start(tone: Path) -> Iterator[Callable[..., Gateway]]:
    """Starts gateways whose workers hum, and break on demand; options are KOKORO_ variables, and the model's directory.

    Without a cache: what is asked twice must reach a worker twice.
    """
    with starting(partial(_start, directory=str(tone))) as start_one:
        yield start_one


@pytest.fixture(scope="module")
def start_one(tone: Path) -> Iterator[Callable[..., Gateway]]:
    """The same, for tests of one module after which it works as before."""
    with starting(partial(_start, directory=str(tone))) as start_one:
        yield start_one


@pytest.fixture(scope="package")
def gateway(tone: Path) -> Iterator[Gateway]:
    """The same, with the options that `start` gives: for tests after which it works as before."""
    started = _start(str(tone))
    yield started
    assert started.stop() == 0


@pytest.fixture(scope="package")
def single(tone: Path) -> Iterator[Gateway]:
    """The same with one worker only, which has to be free again for what comes next."""
    started = _start(str(tone), WORKERS="1")
    yield started
    assert started.stop() == 0


def _start(directory: str, **variables: str) -> Gateway:
    options = {
        "WORKERS": "2",
        "THREADS": "1",
        "LOG_LEVEL": "debug",
        "EXPRESS": "false",
        "CACHE_MB": "0",
    } | variables
    return Gateway.start("tests.support.tone_server", directory, **options)
