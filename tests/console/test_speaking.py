"""Sound, from opening the page to the first sample that can be heard, by both players."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.console.hearing import CLOSE_MS, sound_after
from tests.console.steps import GUARD_MS, LONG, speak, text_of, wait_for_silence, wait_for_sound, wait_until
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.console.conftest import Visit
    from tests.support.gateway import Gateway


def test_one_click_on_a_page_just_opened_makes_sound(player: Visit) -> None:
    page = player.open()
    speak(page)
    wait_for_sound(page)


def test_sound_is_heard_while_it_is_still_being_made(player: Visit) -> None:
    page = player.open()
    text_of(page, LONG[:4000])
    speak(page)
    wait_for_sound(page)
    wait_for(
        lambda: page.locator(".player [role=status]").inner_text() == "Speaking while it is being made",
        "it to be shown",
    )


def test_stop_is_heard_at_once_and_frees_the_worker(player: Visit) -> None:
    page = player.open()
    text_of(page, LONG[:4000])
    speak(page)
    wait_for_sound(page)
    page.evaluate("addEventListener('click', () => (window.clicked = performance.now()), true)")
    page.get_by_role("button", name="Stop", exact=True).click()
    wait_until(page, "heard.filter(([at]) => at > clicked).length > 50")
    still = sound_after(*page.evaluate("[heard, clicked]"))
    assert still is None or still < CLOSE_MS
    wait_for_silence(page)
    page.get_by_role("button", name="Speak", exact=True).wait_for()


def test_whole_speech_can_be_heard_again_from_any_place(player: Visit) -> None:
    page = player.open()
    # Long enough for a browser that is starved of time to notice what is left of it.
    text_of(page, "Once more, from a place that is not the first, and for as long as a breath lasts.")
    speak(page)
    page.get_by_text("First sound after").wait_for(timeout=GUARD_MS)
    wait_until(page, "!document.querySelector('.player .round .pause')")  # it has ended
    wait_for_silence(page)
    page.evaluate("heard.length = 0")
    page.get_by_role("slider", name="Position in the speech").press("ArrowRight")
    page.get_by_role("button", name="Play", exact=True).click()
    wait_for_sound(page)


def test_a_text_full_of_markup_is_shown_as_text(visit: Callable[..., Visit]) -> None:
    page = visit().open()
    taken = "document.title = 'taken'"
    text = f'<script>{taken}</script><img src=x onerror="{taken}"> It\'s $(all) \\ text.'
    text_of(page, text)
    speak(page)
    page.get_by_text("First sound after").wait_for(timeout=GUARD_MS)
    assert page.title() == "Kokoro Gateway"
    wait_for(lambda: page.locator(".history .again").inner_text().strip() == text, "it to be shown")
    wait_for(lambda: page.locator("pre").inner_text().count("script") == 2, "it to be shown")


def test_longest_text_is_spoken_and_a_longer_one_refused_in_the_words_of_the_api(
    visit: Callable[..., Visit],
) -> None:
    visited = visit()
    page = visited.open()
    text_of(page, LONG[:4096])
    wait_for(lambda: page.get_by_text("4,096 / 4,096").is_visible(), "it to be shown")
    speak(page)
    page.locator(".player").wait_for()
    page.get_by_text("Speaking while").wait_for(timeout=GUARD_MS)
    page.get_by_role("button", name="Stop", exact=True).click()
    text_of(page, LONG[:4097])
    speak(page)
    said = page.get_by_role("alert").inner_text()
    body = {"model": "tts-1", "input": LONG[:4097], "voice": "af_heart"}
    answer = httpx.post(f"{visited.gateway.base_url}/audio/speech", json=body)
    assert said == answer.json()["error"]["message"]
    visited.complaints.remove("Failed to load resource: the server responded with a status of 400 ()")


@pytest.mark.parametrize("kind", ["mp3", "flac"])
def test_speech_can_be_downloaded(visit: Callable[..., Visit], kind: str) -> None:
    page = visit().open()
    speak(page)
    page.get_by_role("combobox", name="Format").select_option(kind)
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Download {kind}", exact=True).click()
    assert download.value.suggested_filename == f"speech.{kind}"
    assert download.value.path().stat().st_size > 1000


def test_history_is_in_the_browser_and_survives_a_new_visit(visit: Callable[..., Visit]) -> None:
    visited = visit()
    page = visited.open()
    text_of(page, "Remember this.")
    speak(page)
    wait_until(page, "localStorage.getItem('kokoro.history')?.includes('Remember this.')")
    visited.open()
    page.locator(".history .again").click()
    wait_for(
        lambda: page.get_by_role("textbox", name="What shall I say?").input_value() == "Remember this.",
        "it to be shown",
    )
    page.get_by_role("button", name="Clear", exact=True).click()
    wait_until(page, "localStorage.getItem('kokoro.history') === '[]'")


def test_key_is_asked_for_once_and_kept_for_the_session_only(
    visit: Callable[..., Visit], locked: Gateway
) -> None:
    visited = visit(locked)
    page = visited.open()
    speak(page)
    page.get_by_label("API key").fill("wrong")
    page.get_by_role("button", name="Use this key").click()
    page.get_by_text("Incorrect API key provided.").wait_for()
    page.get_by_label("API key").fill("a-key")
    page.get_by_role("button", name="Use this key").click()
    page.get_by_text("First sound after").wait_for(timeout=GUARD_MS)
    visited.open()
    speak(page)
    page.get_by_text("First sound after").wait_for(timeout=GUARD_MS)
    assert page.evaluate("JSON.stringify(localStorage)").count("a-key") == 0
    assert page.evaluate("sessionStorage.getItem('kokoro.key')") == "a-key"
    assert "a-key" not in page.locator("pre").inner_text()
    visited.complaints[:] = [said for said in visited.complaints if "401" not in said]
