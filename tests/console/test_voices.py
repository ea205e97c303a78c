"""The gallery: samples, search, favourites and mixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.console.steps import speak, wait_for_sound
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.console.conftest import Visit


def test_voice_is_heard_when_it_is_chosen(visit: Callable[..., Visit]) -> None:
    visited = visit()
    visited.listen()
    page = visited.open()
    page.get_by_title("Choose and hear bf_emma").click()
    wait_for_sound(page)
    wait_for(lambda: page.locator(".spelled code").inner_text() == "bf_emma", "it to be shown")
    wait_for(lambda: '"voice": "bf_emma"' in page.locator("pre").inner_text(), "it to be shown")


def test_sample_is_made_once_and_then_comes_from_the_cache(visit: Callable[..., Visit]) -> None:
    visited = visit()
    for _ in range(2):  # two users, for a page of its own would not ask again
        page = visit().open()
        with page.expect_response("**/v1/audio/speech") as answer:
            page.get_by_title("Choose and hear am_adam").click()
        answer.value.finished()
    assert answer.value.headers["x-cache"] == "hit"
    assert visited.complaints == []


def test_voices_are_found_by_name_language_and_star(visit: Callable[..., Visit]) -> None:
    visited = visit()
    page = visited.open()
    shown = page.locator(".voice strong")
    page.get_by_role("searchbox").fill("british")
    assert shown.all_inner_texts() == ["Emma"]
    page.get_by_role("button", name="Emma is a favourite").click()
    page.get_by_role("searchbox").fill("")
    page.get_by_role("combobox", name="Language").select_option("es")
    assert shown.all_inner_texts() == ["Dora"]
    visited.open()
    page.get_by_role("combobox", name="Language").select_option("favourites")
    assert shown.all_inner_texts() == ["Emma"]


def test_voice_that_an_example_brings_is_in_sight(visit: Callable[..., Visit]) -> None:
    page = visit().open()
    chosen = page.locator(".voice.on")
    assert chosen.inner_text().startswith("Heart")
    page.get_by_role("button", name="Spanish", exact=True).click()
    wait_for(lambda: chosen.inner_text().startswith("Dora"), "it to be chosen")
    ends = "place => (({ top, bottom }) => [top, bottom])(place.getBoundingClientRect())"

    def is_in_sight() -> bool:
        (top, bottom), (first, last) = chosen.evaluate(ends), page.locator(".gallery").evaluate(ends)
        return bool(first <= top and bottom <= last)

    wait_for(is_in_sight, "it to be in sight")


def test_mix_is_spelled_as_requests_spell_it_and_is_spoken(visit: Callable[..., Visit]) -> None:
    page = visit().open()
    page.get_by_role("button", name="Add Bella to the mix").click()
    page.get_by_role("slider", name="Weight of Heart").press("ArrowRight")
    wait_for(lambda: page.locator(".spelled code").inner_text() == "af_heart(2)+af_bella", "it to be shown")
    wait_for(lambda: "67 %" in page.locator(".mix").inner_text(), "it to be shown")
    with page.expect_response("**/v1/audio/speech") as answer:
        speak(page)
    assert '"voice":"af_heart(2)+af_bella"' in (answer.value.request.post_data or "")
    assert answer.value.ok
    page.get_by_role("button", name="Remove Bella").click()
    wait_for(lambda: page.locator(".spelled code").inner_text() == "af_heart", "it to be shown")


def test_code_is_that_of_what_is_heard(visit: Callable[..., Visit]) -> None:
    page = visit().open()
    page.get_by_role("textbox", name="What shall I say?").fill('It\'s "so".')
    code = page.locator("pre")
    wait_for(
        lambda: (
            r"""'{"model": "tts-1", "voice": "af_heart", "input": "It'\''s \"so\"."}'""" in code.inner_text()
        ),
        "it to be shown",
    )
    page.get_by_role("button", name="Python", exact=True).click()
    compile(code.inner_text(), "snippet", "exec")
    page.get_by_role("button", name="JavaScript", exact=True).click()
    wait_for(lambda: 'input: "It\'s \\"so\\".",' in code.inner_text(), "it to be shown")
