"""The page of figures, and the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from gateway.http.schema import SpeechBody
from tests.console.steps import wait_until
from tests.support.orders import spoken

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.console.conftest import Visit
    from tests.support.gateway import Gateway


def test_request_is_seen_as_it_ends_with_its_time_and_without_its_text(
    visit: Callable[..., Visit], humming: Gateway
) -> None:
    page = visit().open("/#see", ".figures")
    spoken(humming, input="Nobody shall read this here.", response_format="flac")
    row = page.locator("tr", has_text="flac").first
    row.wait_for()
    assert "inference" in (row.locator(".phases").get_attribute("aria-label") or "")
    assert "Nobody shall" not in page.content()


def test_every_worker_is_seen(visit: Callable[..., Visit], humming: Gateway) -> None:
    page = visit().open("/#see", ".figures")
    table = page.get_by_role("group", name="Workers").inner_text()
    for worker in humming.status()["workers"]:
        assert worker["role"] in table
        assert str(worker["pid"]) in table


def test_figures_are_behind_the_key(visit: Callable[..., Visit], locked: Gateway) -> None:
    visited = visit(locked)
    page = visited.open("/#see", "dialog[open]")
    assert page.locator(".figures").count() == 0
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("You didn't provide an API key.").wait_for()
    page.get_by_role("button", name="Try again").click()
    page.get_by_label("API key").fill("a-key")
    page.get_by_role("button", name="Use this key").click()
    page.locator(".figures").wait_for()
    visited.forgive("401")


def test_reference_shows_every_operation_and_every_field(
    visit: Callable[..., Visit], humming: Gateway
) -> None:
    page = visit().open("/docs#status", ".operation")
    wait_until(
        page, "Math.abs(document.getElementById('status').getBoundingClientRect().top) < innerHeight / 2"
    )
    shown = page.locator("main").inner_text()
    described = httpx.get(humming.root + "/openapi.json").json()
    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert path in shown
            assert operation["summary"] in shown
            for answer in operation["responses"].values():
                assert answer["description"] in shown
    for path, socket in described["x-websockets"].items():
        assert path in shown
        meanings = [parameter["description"] for parameter in socket["parameters"]]
        for said in (socket["summary"], socket["description"], *socket["closes"].values(), *meanings):
            assert said.replace("`", "") in shown
        for reference in (socket["takes"], *socket["sends"]):
            shape = described["components"]["schemas"][reference["$ref"].rpartition("/")[2]]
            assert shape["description"].replace("`", "") in shown
            assert all(name in shown for name in shape["properties"])
    for name, field in SpeechBody.model_fields.items():
        assert name in shown
        assert field.description
        assert field.description.replace("`", "") in shown
    assert "undefined" not in shown
