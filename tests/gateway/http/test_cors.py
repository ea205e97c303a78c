from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.support.site import Site


@pytest.mark.parametrize("path", ["/echo", "/fail", "/nowhere", "/refuse"])
def test_web_pages_may_read_every_answer(open_site: Site, path: str) -> None:
    headers = httpx.get(open_site.url + path, headers={"Origin": "app://obsidian.md"}).headers
    assert headers["access-control-allow-origin"] == "*"
    assert "x-request-id" in headers["access-control-expose-headers"].lower()
    assert "retry-after" in headers["access-control-expose-headers"].lower()


def test_web_pages_may_read_that_they_lack_a_key(locked_site: Site) -> None:
    response = httpx.get(locked_site.url + "/echo")
    assert response.status_code == 401
    assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/echo", "/nowhere", "/v1/audio/speech"])
def test_preflight_needs_no_key_and_allows_what_was_asked(locked_site: Site, path: str) -> None:
    asked = {
        "Origin": "https://example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-stainless-arch",
        "Access-Control-Request-Private-Network": "true",
    }
    response = httpx.options(locked_site.url + path, headers=asked)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert "POST" in response.headers["access-control-allow-methods"]
    assert response.headers["access-control-allow-headers"] == "authorization,x-stainless-arch"
    assert response.headers["access-control-allow-private-network"] == "true"


def test_plain_options_is_answered(locked_site: Site) -> None:
    assert httpx.options(locked_site.url + "/echo").status_code == 204


@pytest.mark.parametrize("path", ["/status", "/metrics", "//status/"])
def test_web_pages_may_not_read_what_the_machine_does(open_site: Site, path: str) -> None:
    asked = {
        "Origin": "https://example.org",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Private-Network": "true",
    }
    for method in ("GET", "OPTIONS"):
        headers = httpx.request(method, open_site.url + path, headers=asked).headers
        assert not [name for name in headers if name.startswith(("access-control-", "timing-"))]
        assert "x-request-id" in headers
