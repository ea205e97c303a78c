"""Words that are marked as they are heard, and captions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.console.hearing import CLOSE_MS, PAUSED, lateness
from tests.console.steps import speak, text_of, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.console.conftest import Visit

TRIES = 5


def tried(page: Page) -> float | None:
    """Milliseconds between the sound of the first word after a pause and its mark; None if this cannot be told."""
    page.evaluate("heard.length = marked.length = 0")
    speak(page)
    wait_until(page, "marked.some(([, word]) => word.startsWith('four'))")
    heard, marked = page.evaluate("[heard, marked]")
    page.keyboard.press("Escape")
    return lateness(heard, marked)


def test_word_is_marked_while_it_is_heard(player: Visit) -> None:
    page = player.open()
    text_of(page, PAUSED)
    late = next((each for each in (tried(page) for _ in range(TRIES)) if each is not None), None)
    if late is None:
        pytest.skip("this machine is too busy for a browser to tell moments apart")
    assert abs(late) < CLOSE_MS


def test_every_word_is_marked_in_its_turn(visit: Callable[..., Visit]) -> None:
    visited = visit()
    visited.listen()
    page = visited.open()
    text_of(page, "😀 Six <b>seven</b> eight.")
    speak(page)
    wait_until(page, "marked.some(([, word]) => word.startsWith('eight'))")
    words = [word for _, word in page.evaluate("marked")]
    assert [word.strip("<>/b.") for word in words][-3:] == ["Six", "seven", "eight"]
    assert page.locator(".spoken").inner_text() == "😀 Six <b>seven</b> eight."
