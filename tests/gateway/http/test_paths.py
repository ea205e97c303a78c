from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.support.site import Site


@pytest.mark.parametrize("path", ["/echo", "//echo", "/echo/", "///echo//"])
def test_slashes_that_are_too_many_mean_nothing(open_site: Site, path: str) -> None:
    response = httpx.post(open_site.url + path, content=b"text")
    assert response.status_code == 200
    assert response.json() == {"bytes": 4, "path": "/echo"}
