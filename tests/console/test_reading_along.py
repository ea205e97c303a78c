"""Words that are marked as they are heard, and captions."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.console.steps import AUDIBLE, GUARD_MS, speak, text_of, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.console.conftest import Visit

PAUSED = "One two. [pause:1.5s] Three four."
SILENCE_MS = 700
"""Shorter than the pause, and longer than any other."""

CLOSE_MS = 100
TRIES = 5
STARVED_MS = 50
"""A browser that was not let run for so long around a moment says nothing about it."""


def sound_after_the_pause(heard: list[tuple[float, float]]) -> float | None:
    """When sound begins again, milliseconds; None if the browser did not listen closely enough."""
    loud = [at for at, level in heard if level > AUDIBLE]
    before, after = max(pairwise(loud), key=lambda pair: pair[1] - pair[0])
    assert after - before > SILENCE_MS
    return after if is_close_to(heard, after) else None


def is_close_to(heard: list[tuple[float, float]], moment: float) -> bool:
    """It was listened to often enough around a moment."""
    near = [at for at, _ in heard if abs(at - moment) < 4 * STARVED_MS]
    return all(after - before < STARVED_MS for before, after in pairwise(near))


def tried(page: Page) -> float | None:
    """Milliseconds between the sound of the first word after a pause and its mark; None if this cannot be told."""
    page.evaluate("heard.length = marked.length = 0")
    speak(page)
    wait_until(page, "marked.some(([, word]) => word.startsWith('four'))")
    heard, marked = page.evaluate("[heard, marked]")
    page.keyboard.press("Escape")
    onset = sound_after_the_pause(heard)
    mark = next(at for at, word in marked if word == "Three")
    return mark - onset if onset is not None and is_close_to(heard, mark) else None


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


@pytest.mark.parametrize(("kind", "begins"), [("srt", "1\n00:00:0"), ("vtt", "WEBVTT\n\n00:00:0")])
def test_captions_can_be_downloaded(visit: Callable[..., Visit], kind: str, begins: str) -> None:
    page = visit().open()
    speak(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Download captions as {kind}").click(timeout=GUARD_MS)
    assert download.value.suggested_filename == f"speech.{kind}"
    assert download.value.path().read_text(encoding="utf-8").startswith(begins)
