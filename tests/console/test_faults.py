"""What a visitor sees when something goes wrong, and that it comes right again."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from tests.console.conftest import KEY_REQUESTS
from tests.console.steps import GUARD_MS, speak, text_of, wait_until
from tests.deploy.tools import free_port, nginx_configuration, running, tool
from tests.support.gateway import Gateway
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.console.conftest import Visit

KEY = {"x-api-key": "a-key"}

NOTE_OFFERS = """
window.offers = [];
new MutationObserver(() => {
  for (const button of document.querySelectorAll(".alert button")) offers.push(button.innerText);
}).observe(document, { subtree: true, childList: true, characterData: true });
"""
"""`offers` is what the button beside an error ever said: a wait of a second may be over before it is looked at."""


def test_speech_that_is_cut_is_an_error_and_no_success(player: Visit) -> None:
    page = player.open()
    page.evaluate("localStorage.setItem('kokoro.voice', '\"af_fail\"')")
    player.open()
    text_of(page, "This is said as it should be. " * 40 + "This is not!")
    speak(page)
    page.get_by_text("The connection was cut before all had come").wait_for(timeout=GUARD_MS)
    assert page.get_by_role("button", name="Try again").is_enabled()
    assert page.locator(".player").count() == 0
    player.forgive("ERR_INCOMPLETE_CHUNKED_ENCODING")


def test_refusal_is_shown_with_the_wait_it_asks_for(visit: Callable[..., Visit], locked: Gateway) -> None:
    visited = visit(locked)
    visited.page.add_init_script(NOTE_OFFERS)
    page = visited.page
    page.add_init_script("sessionStorage.setItem('kokoro.key', 'a-key')")
    visited.open()
    with ExitStack() as busy:
        for _ in range(KEY_REQUESTS):
            events = httpx.stream("GET", f"{locked.root}/status/events", headers=KEY, timeout=DEADLINE_S)
            next(busy.enter_context(events).iter_raw())
        speak(page)
        said = page.get_by_role("alert")
        wait_for(
            lambda: said.inner_text().startswith(f"You have {KEY_REQUESTS} requests running."), "the refusal"
        )
        wait_until(page, "offers.includes('Try again in 1 s')")
    wait_for(lambda: locked.get("/status", headers=KEY).is_success, "room for one more")
    page.get_by_role("button", name="Try again", exact=True).click(timeout=GUARD_MS)
    page.get_by_text("First sound after").wait_for(timeout=GUARD_MS)
    visited.forgive("429")


def test_browser_without_a_network_says_so_and_goes_on_when_it_is_back(visit: Callable[..., Visit]) -> None:
    visited = visit()
    page = visited.open()
    page.context.set_offline(True)
    speak(page)
    page.get_by_text("The gateway cannot be reached. Is it running?").wait_for()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("First sound after").wait_for(timeout=GUARD_MS)
    visited.forgive("ERR_INTERNET_DISCONNECTED")


def test_page_works_where_the_browser_keeps_nothing(visit: Callable[..., Visit], locked: Gateway) -> None:
    visited = visit(locked)
    for storage in ("localStorage", "sessionStorage"):
        refused = "{ get() { throw new DOMException('switched off', 'SecurityError'); } }"
        visited.page.add_init_script(f"Object.defineProperty(window, '{storage}', {refused})")
    page = visited.open()
    speak(page)
    page.get_by_label("API key").fill("a-key")
    page.get_by_role("button", name="Use this key").click()
    page.get_by_text("First sound after").wait_for(timeout=GUARD_MS)
    visited.forgive("401")


def test_what_another_version_has_stored_does_no_harm(visit: Callable[..., Visit]) -> None:
    visited = visit()
    written = {
        "history": '{"a": 1}',
        "favourites": '"x"',
        "speed": '"fast"',
        "voice": "7",
        "format": "not JSON",
    }
    page = visited.open()
    page.evaluate(
        "all => Object.entries(all).forEach(([k, v]) => localStorage.setItem('kokoro.' + k, v))", written
    )
    visited.open()
    speak(page)
    page.get_by_text("First sound after").wait_for(timeout=GUARD_MS)


def test_entries_that_another_version_has_stored_are_left_out(visit: Callable[..., Visit]) -> None:
    visited = visit()
    page = visited.open()
    kept: dict[str, Any] = {"input": "A text of long ago.", "voice": "af_heart", "speed": 1}
    others: list[object] = [
        None,
        5,
        "x",
        [],
        {},
        {"input": {}, "voice": {}, "speed": 1},
        {"input": "no more"},
    ]
    for name, entries in {"history": [*others, kept], "favourites": [None, {}, "af_heart"]}.items():
        page.evaluate("([k, v]) => localStorage.setItem('kokoro.' + k, v)", [name, json.dumps(entries)])
    visited.open()
    page.get_by_role("heading", name="History").wait_for(timeout=GUARD_MS)
    assert page.locator(".history li").count() == 1
    page.get_by_role("button", name=kept["input"]).wait_for(timeout=GUARD_MS)


@contextmanager
def nginx(directory: Path, first: int, second: int) -> Iterator[str]:
    """As it comes, in front of two gateways: the second is asked when the first is gone. Yields its URL."""
    port = free_port()
    nginx_configuration(
        directory,
        f"upstream gateways {{ server 127.0.0.1:{first}; server 127.0.0.1:{second} backup; }}"
        f"server {{ listen 127.0.0.1:{port}; location /speech/ {{ proxy_pass http://gateways/; }} }}",
    )
    command = (tool("nginx"), "-e", "stderr", "-p", str(directory), "-c", "nginx.conf")
    with running(*command, port=port, said=directory / "said"):
        yield f"http://127.0.0.1:{port}/speech"


def test_figures_pass_a_proxy_as_they_come_and_outlive_a_gateway(
    visit: Callable[..., Visit], humming: Gateway, tone: Path, tmp_path: Path
) -> None:
    first = Gateway.start("tests.support.tone_server", str(tone), WORKERS="1", THREADS="1")
    try:
        with nginx(tmp_path, first.port, humming.port) as root:
            visited = visit(humming, root)
            page = visited.open("/#see", ".figures")
            workers = page.get_by_role("group", name="Workers")
            assert str(first.status()["workers"][0]["pid"]) in workers.inner_text()
            up = page.locator(".head .quiet")
            before = up.inner_text()
            wait_for(lambda: up.inner_text() != before, "figures that are not held back")
            assert first.stop() == 0
            pid = str(humming.status()["workers"][0]["pid"])
            wait_for(lambda: pid in workers.inner_text(), "the figures of the other")
            wait_for(lambda: page.get_by_role("alert").count() == 0, "all well again")
            page.close()
    finally:
        first.stop()
    visited.complaints.clear()  # the stream of a gateway that leaves may end or be cut
