"""Sites behind the middleware: one for everybody, one with keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.site import KEYS, Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def open_site() -> Iterator[Site]:
    with site() as it:
        yield it


@pytest.fixture
def locked_site() -> Iterator[Site]:
    with site(**KEYS) as it:
        yield it
