"""Texts that are unlike others, and how their words are said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.console.steps import GUARD_MS, speak, text_of
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.console.conftest import Visit

TEXT = "What shall I say?"
PRONUNCIATIONS = "Pronunciations, a line each"


def test_unusual_texts_are_shown_as_they_are(visit: Callable[..., Visit]) -> None:
    page = visit().open()
    text_of(page, "😀")
    speak(page)
    page.get_by_text("There is nothing in this text that can be said.").wait_for(timeout=GUARD_MS)

    marked = '<speak>One <break time="0.3s"/> two [pause:0.5s] <b>three</b></speak>'
    text_of(page, marked)
    speak(page)
    page.get_by_text("First sound after").wait_for(timeout=GUARD_MS)
    assert page.locator(".spoken").inner_text() == marked

    arabic = "مرحبا بالعالم."
    text_of(page, arabic)
    speak(page)
    wait_for(lambda: page.locator(".history .again").first.inner_text() == arabic, "it to be shown")
    page.get_by_text("First sound after").wait_for(timeout=GUARD_MS)
    for place in (".editor textarea", ".spoken", ".history li:first-child span"):
        assert page.locator(place).first.evaluate("place => getComputedStyle(place).direction") == "rtl"


def test_pause_is_put_where_one_writes_and_can_be_undone(visit: Callable[..., Visit]) -> None:
    page = visit().open()
    text_of(page, "Wait. Now.")
    area = page.get_by_role("textbox", name=TEXT)
    area.evaluate("area => area.setSelectionRange(6, 6)")
    page.get_by_role("button", name="Insert pause").click()
    wait_for(lambda: area.input_value() == "Wait. [pause:0.5s]Now.", "the pause")
    wait_for(lambda: "[pause:0.5s]" in page.locator("pre").inner_text(), "it in the code")
    page.keyboard.press("Control+z")
    wait_for(lambda: area.input_value() == "Wait. Now.", "the pause taken back")


def test_pronunciations_are_sent_shown_in_code_and_kept(visit: Callable[..., Visit]) -> None:
    visited = visit()
    page = visited.open()
    page.get_by_text("Pauses and pronunciation").click()
    field = page.get_by_label(PRONUNCIATIONS)
    field.fill("# mine\nSiobhan = /ʃɪvˈɔn/\n\nghcr=G H C R")
    text_of(page, "Siobhan uses ghcr.")
    said = {"Siobhan": "/ʃɪvˈɔn/", "ghcr": "G H C R"}
    with page.expect_response("**/v1/audio/speech") as answer:
        speak(page)
    assert answer.value.ok
    assert json.loads(answer.value.request.post_data or "")["pronunciations"] == said
    code = page.locator("pre")
    wait_for(
        lambda: '"pronunciations": {"Siobhan":"/ʃɪvˈɔn/"' in code.inner_text(), "it in the code for curl"
    )
    page.get_by_role("button", name="Python", exact=True).click()
    wait_for(lambda: 'extra_body={"pronunciations":{' in code.inner_text(), "it in the code for Python")
    compile(code.inner_text(), "snippet", "exec")
    visited.open()
    page.get_by_text("Pauses and pronunciation").click()
    assert field.input_value().endswith("ghcr=G H C R")


def test_pronunciation_that_cannot_be_used_is_told_in_the_words_of_the_api(
    visit: Callable[..., Visit],
) -> None:
    visited = visit()
    page = visited.open()
    page.get_by_text("Pauses and pronunciation").click()
    field = page.get_by_label(PRONUNCIATIONS)
    field.fill("one\n")
    page.get_by_text("Line 1 is not: word = how it is said").wait_for()
    assert page.get_by_role("button", name="Speak", exact=True).is_disabled()
    field.fill("one = /1/")
    speak(page)
    said = "Invalid 'pronunciations': entry 1: '1' is no phoneme that Kokoro knows."
    wait_for(lambda: page.get_by_role("alert").inner_text() == said, "the error")
    wait_for(lambda: field.get_attribute("aria-invalid") == "true", "its field marked")
    assert page.locator("#pronunciations-note").inner_text() == said
    assert page.get_by_role("button", name="Try again").count() == 0
    visited.forgive("400")
