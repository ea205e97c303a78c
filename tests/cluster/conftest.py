"""What tests of a fleet share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.fleet import alone

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def undisturbed() -> Iterator[None]:
    """What else starts a fleet on this machine waits."""
    with alone():
        yield
