from __future__ import annotations

import pytest

from gateway.http.cache_control import allowed_use
from gateway.speech.cache_use import AllowedUse


@pytest.mark.parametrize(
    ("header", "may_read", "may_store"),
    [
        ("", True, True),
        ("max-age=60", True, True),
        ("no-cache", False, True),
        ("max-age=0, No-Cache", False, True),
        ("no-store", False, False),
        ("no-cache,no-store", False, False),
    ],
)
def test_cache_control_is_honoured(header: str, may_read: bool, may_store: bool) -> None:
    assert allowed_use(header) == AllowedUse(may_read, may_store)
