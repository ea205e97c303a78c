from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.support.orders import error_of
from tests.support.serving import exchange
from tests.support.site import KEYS, Site, site


@pytest.mark.parametrize(
    "header",
    [
        {"Authorization": "Bearer first-key"},
        {"Authorization": "bearer second-key"},
        {"Authorization": "BEARER  first-key "},
        {"api-key": "first-key"},
        {"X-Api-Key": "second-key"},
        {"Authorization": "Basic Zm9v", "api-key": "first-key"},
        {"Authorization": "Bearer wrong", "api-key": "first-key"},
    ],
)
def test_each_key_lets_in_however_it_is_sent(locked_site: Site, header: dict[str, str]) -> None:
    assert _raw(locked_site, header).startswith(b"HTTP/1.1 200")
    assert locked_site.line()["key"] == (2 if "second-key" in str(header) else 1)


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": ""}, {"Authorization": "Bearer "}, {"Authorization": "Basic Zm9v"}]
)
def test_missing_key_is_told_how_to_send_it(locked_site: Site, header: dict[str, str]) -> None:
    answer = _raw(locked_site, header)
    assert answer.startswith(b"HTTP/1.1 401")
    error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    assert error["code"] is None
    assert "Authorization: Bearer" in error["message"]
    assert locked_site.line()["outcome"] == "refused_auth"


@pytest.mark.parametrize(
    "key", ["wrong-key", "first-key2", "first", "first-key,second-key", "undefined", "ä"]
)
def test_wrong_key_is_refused_and_never_said_back(locked_site: Site, key: str) -> None:
    response = httpx.get(
        locked_site.url + "/echo", headers=[(b"authorization", b"Bearer " + key.encode("latin-1"))]
    )
    assert response.status_code == 401
    assert error_of(response)["code"] == "invalid_api_key"
    assert response.headers["www-authenticate"] == "Bearer"
    locked_site.line()
    assert key not in response.text
    assert key not in locked_site.log.getvalue()


@pytest.mark.parametrize("path", ["/health", "/v1/audio/voices", "//v1/audio/voices/"])
def test_open_routes_need_no_key(locked_site: Site, path: str) -> None:
    assert httpx.get(locked_site.url + path).status_code == 200


@pytest.mark.parametrize("header", [None, "Bearer ", "Bearer undefined", "undefined", "Basic Zm9v", ""])
def test_without_keys_everybody_is_let_in(open_site: Site, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    assert _raw(open_site, headers).startswith(b"HTTP/1.1 200")


def _raw(it: Site, headers: dict[str, str]) -> bytes:
    """A request with headers that httpx would not send."""
    lines = ["GET /echo HTTP/1.1", "Host: x", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return exchange(it.port, "\r\n".join([*lines, "", ""]).encode())


def test_keys_may_come_from_a_file(tmp_path: Any) -> None:
    file = tmp_path / "keys"
    file.write_text("# people\n\n third-key \n", encoding="utf-8")
    with site(api_keys_file=file, **KEYS) as it:
        for key, status in (("third-key", 200), ("first-key", 200), ("# people", 401)):
            headers = {"Authorization": f"Bearer {key}"}
            assert httpx.get(it.url + "/echo", headers=headers).status_code == status
