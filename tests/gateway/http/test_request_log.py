from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

from gateway.observe.log_fields import request_fields
from tests.support.serving import exchange
from tests.support.waiting import DEADLINE_S

if TYPE_CHECKING:
    from tests.support.site import Site


def test_every_response_has_an_id_of_its_own(open_site: Site) -> None:
    paths = ("/echo", "/echo", "/fail", "/nowhere", "/refuse")
    ids = [httpx.get(open_site.url + path).headers["x-request-id"] for path in paths]
    ids.append(httpx.options(open_site.url + "/echo").headers["x-request-id"])
    assert all(re.fullmatch(r"req_[0-9a-f]{32}", given) for given in ids)
    assert len(set(ids)) == len(ids)


def test_id_of_the_client_is_kept_and_logged(open_site: Site) -> None:
    response = httpx.get(open_site.url + "/echo", headers={"X-Request-ID": "abc-1.2:3_4"})
    assert response.headers["x-request-id"] == "abc-1.2:3_4"
    assert open_site.line()["request_id"] == "abc-1.2:3_4"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, '"}{', "ä", "a\tb"])
def test_id_that_is_not_plain_is_replaced(open_site: Site, given: str) -> None:
    response = httpx.get(open_site.url + "/echo", headers=[(b"x-request-id", given.encode("latin-1"))])
    assert response.headers["x-request-id"].startswith("req_")


def test_openai_headers_are_there(open_site: Site) -> None:
    headers = httpx.get(open_site.url + "/echo").headers
    assert headers["openai-version"] == "2020-10-01"
    assert 0 <= int(headers["openai-processing-ms"]) < DEADLINE_S * 1000


def test_server_timing_tells_the_phases_that_are_known(open_site: Site) -> None:
    headers = httpx.get(open_site.url + "/timed").headers
    assert headers["server-timing"] == "queue;dur=1.2, inference;dur=20.0"
    assert headers["x-cache"] == "miss"


def test_request_is_one_line_that_holds_only_documented_fields(open_site: Site) -> None:
    httpx.post(open_site.url + "/echo", content=b"text that nobody may log")
    line = open_site.line()
    assert line["method"] == "POST"
    assert line["path"] == "/echo"
    assert line["status"] == 200
    assert line["outcome"] == "ok"
    assert line["total_ms"] > 0
    assert set(line) - {"event", "level", "logger", "timestamp"} <= set(request_fields())
    assert "nobody" not in open_site.log.getvalue()
    assert len(open_site.lines()) == 1


@pytest.mark.parametrize(
    ("path", "status", "outcome", "level"),
    [
        ("/echo", 200, "ok", "info"),
        ("/health", 200, "ok", "debug"),
        ("/nowhere", 404, "not_found", "info"),
        ("/refuse", 503, "refused_queue", "warning"),
        ("/fail", 500, "failed", "error"),
    ],
)
def test_outcome_and_level_tell_how_it_ended(
    open_site: Site, path: str, status: int, outcome: str, level: str
) -> None:
    assert httpx.get(open_site.url + path).status_code == status
    line = open_site.line()
    assert (line["status"], line["outcome"], line["level"]) == (status, outcome, level)


def test_strings_of_strangers_do_not_reach_the_request_line(open_site: Site) -> None:
    exchange(open_site.port, b"BREW /pot-of-gold HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    line = open_site.line()
    assert line["method"] == "OTHER"
    assert "path" not in line
    assert "gold" not in open_site.log.getvalue()
