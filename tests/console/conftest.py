"""A browser, a gateway that hums, and pages whose every complaint fails their test."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

PLAYERS = {"MediaSource": ";", "PCM": "delete window.MediaSource;"}
"""What is done to the browser so that the page plays through this."""

ELSEWHERE = "speech.example"
"""A name of another machine: browsers trust pages without TLS less than those of 127.0.0.1."""

KEY_REQUESTS = 4
"""Most requests that a key has running, where one is asked for."""

LISTEN = Path(__file__).with_name("listen.js")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, to which `ELSEWHERE` is this machine."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium here: tests/console/setup.sh brings it, as root")
    with sync_playwright() as playwright:
        options = [
            "--no-sandbox",
            "--disable-dev-shm-usage",
            f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1",
        ]
        launched = playwright.chromium.launch(executable_path=chromium, args=options)
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def humming(tone: Path) -> Iterator[Gateway]:
    """A gateway on the tone model, with a cache."""
    gateway = Gateway.start("tests.support.tone_server", str(tone), WORKERS="1", THREADS="1")
    yield gateway
    assert gateway.stop() == 0


@pytest.fixture(scope="package")
def locked(tone: Path) -> Iterator[Gateway]:
    """One that asks for a key."""
    options = {"WORKERS": "1", "THREADS": "1", "API_KEYS": "a-key", "KEY_REQUESTS": str(KEY_REQUESTS)}
    gateway = Gateway.start("tests.support.tone_server", str(tone), **options)
    yield gateway
    assert gateway.stop() == 0


@dataclass
class Visit:
    """One page of one gateway, in a browser without a past. Lives as long as a test."""

    page: Page
    gateway: Gateway
    root: str
    """Where the browser finds it."""

    complaints: list[str] = field(default_factory=list)
    """What the page wrote to its console as a warning or an error, and what it threw."""

    elsewhere: list[str] = field(default_factory=list)
    """What it asked other places for."""

    def open(self, path: str = "/", shows: str = ".editor") -> Page:
        self.page.goto(self.root + path)
        self.page.wait_for_selector(shows)
        return self.page

    def listen(self) -> None:
        """From now on `heard` of the page tells what is heard."""
        self.page.add_init_script(path=LISTEN)

    def note(self, url: str) -> None:
        if not url.startswith((self.root, "blob:" + self.root, "data:")):
            self.elsewhere.append(url)

    def forgive(self, reason: str) -> None:
        """Browsers note every request that fails; this one was to."""
        kept = [said for said in self.complaints if reason not in said]
        assert kept != self.complaints, f"nothing said {reason}"
        self.complaints[:] = kept


@pytest.fixture
def visit(browser: Browser, humming: Gateway) -> Iterator[Callable[..., Visit]]:
    """Visits a gateway; options are those of a browser context. At its end no page may have complained."""
    visits: list[Visit] = []

    def visit_one(gateway: Gateway = humming, root: str = "", **options: Any) -> Visit:
        context = browser.new_context(**options)
        visit = Visit(context.new_page(), gateway, root or gateway.root)
        page = visit.page
        page.on("request", lambda request: visit.note(request.url))
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: visit.complaints.append(said.text) if said.type in {"error", "warning"} else None,
        )
        visits.append(visit)
        return visit

    yield visit_one
    for each in visits:
        each.page.context.close()
        assert each.complaints == []
        assert each.elsewhere == []


@pytest.fixture(params=PLAYERS)
def player(request: pytest.FixtureRequest, visit: Callable[..., Visit]) -> Visit:
    """A visit that is listened to, with each player of the page."""
    visited = visit()
    visited.page.add_init_script(PLAYERS[request.param])
    visited.listen()
    return visited
