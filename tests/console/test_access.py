"""Who uses no mouse, a small screen or a screen reader can do everything too."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.console.steps import GUARD_MS, LONG

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import ViewportSize

    from tests.console.conftest import Visit

AXE = Path(sys.prefix) / "console/node_modules/axe-core/axe.min.js"
PAGES = {"/": ".editor", "/#see": ".figures", "/docs": ".operation"}
DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
MOST_TABS = 400


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_a_phone(
    visit: Callable[..., Visit], path: str, scheme: str
) -> None:
    if not AXE.exists():
        pytest.skip("no axe-core here: tests/console/setup.sh brings it")
    # Without motion: half-way between two colours no contrast is enough.
    look = {"color_scheme": scheme, "reduced_motion": "reduce"}
    page = visit(**look, bypass_csp=True).open(path, PAGES[path])
    if path == "/":
        page.get_by_role("button", name="Add Bella to the mix").click()
        page.get_by_role("button", name="Speak", exact=True).click()
        page.get_by_text("First sound after").wait_for(timeout=GUARD_MS)
        page.get_by_text("Pauses and pronunciation").click()
    assert page.evaluate("document.getAnimations().length") == 0
    page.add_script_tag(path=AXE)
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        found = page.evaluate("axe.run().then(({ violations }) => violations)")
        serious = [each for each in found if each["impact"] in {"serious", "critical"}]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in serious] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_everything_is_reached_by_the_keyboard(visit: Callable[..., Visit]) -> None:
    page = visit().open()
    page.get_by_text("Pauses and pronunciation").click()
    wanted = page.locator(
        "button:enabled:visible, input:enabled:visible, select:visible, textarea, a:visible, summary"
    )
    all_ids = wanted.evaluate_all("all => all.map((each, index) => (each.dataset.test = index))")
    reached = set()
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("Number(document.activeElement.dataset.test ?? -1)"))
        if reached.issuperset(all_ids):
            break
    assert set(all_ids) - reached == set()


def test_keyboard_alone_speaks_and_stops(visit: Callable[..., Visit]) -> None:
    page = visit().open()
    page.get_by_role("textbox", name="What shall I say?").focus()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(LONG[:2000])
    page.keyboard.press("Control+Enter")
    stop, speak = (page.get_by_role("button", name=name, exact=True) for name in ("Stop", "Speak"))
    stop.wait_for()
    page.keyboard.press("Escape")
    speak.focus()
    page.keyboard.press("Control+Enter")  # it does not press the button besides, which would be Stop
    page.locator(".spoken").wait_for(timeout=GUARD_MS)
    stop.wait_for()
    page.keyboard.press("Escape")
    speak.wait_for()
