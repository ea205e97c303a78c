"""Sound, from opening the page to the first sample that can be heard, by both players."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from tests.console.conftest import ELSEWHERE, PLAYERS
from tests.console.hearing import CLOSE_MS, sound_after
from tests.console.steps import GUARD_MS, LONG, speak, text_of, wait_for_silence, wait_for_sound, wait_until
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Download

    from tests.console.conftest import Visit
    from tests.support.gateway import Gateway

NOTE_ACTIONS = """
window.actions = {};
const set = MediaSession.prototype.setActionHandler;
MediaSession.prototype.setActionHandler = function (name, act) {
  actions[name] = act;
  set.call(this, name, act);
};
"""
"""`actions` is what media keys may do: no test can press them."""


def test_one_click_on_a_page_just_opened_makes_sound(player: Visit) -> None:
    page = player.open()
    speak(page)
    wait_for_sound(page)


def test_sound_is_heard_while_it_is_made_until_it_is_stopped(player: Visit) -> None:
    page = player.open()
    text_of(page, LONG[:4000])
    speak(page)
    wait_for_sound(page)
    page.get_by_text("Speaking while it is being made").wait_for()
    slider = page.get_by_role("slider", name="Position in the speech")
    assert slider.evaluate("slider => getComputedStyle(slider).opacity") == "0", "it hides the outline"
    page.evaluate("addEventListener('click', () => (window.clicked = performance.now()), true)")
    page.get_by_role("button", name="Stop", exact=True).click()
    wait_until(page, "heard.filter(([at]) => at > clicked).length > 50")
    still = sound_after(*page.evaluate("[heard, clicked]"))
    assert still is None or still < CLOSE_MS
    wait_for_silence(page)
    page.get_by_role("button", name="Speak", exact=True).wait_for()


def test_stop_before_the_first_sound_takes_the_request_back(
    visit: Callable[..., Visit], humming: Gateway
) -> None:
    visited = visit()
    visited.listen()
    page = visited.open()
    page.evaluate("localStorage.setItem('kokoro.voice', '\"af_slow\"')")
    visited.open()
    before = humming.known(outcome="client_gone")
    text_of(page, "[pause:5s] " + "Wait for this! " * 100)
    speak(page)
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Speak", exact=True).wait_for()
    wait_for(lambda: humming.requests(outcome="client_gone")[before:], "the gateway noticing")
    assert page.locator(".player").count() == 0
    assert max((level for _, level in page.evaluate("heard")), default=0.0) == 0.0


def test_page_of_another_machine_is_heard_without_tls(visit: Callable[..., Visit], humming: Gateway) -> None:
    visited = visit(root=f"http://{ELSEWHERE}:{humming.port}")
    visited.page.add_init_script(PLAYERS["PCM"])
    visited.listen()
    page = visited.open()
    assert not page.evaluate("isSecureContext")
    speak(page)
    wait_for_sound(page)


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
    visited.forgive("400")


def test_speech_and_captions_can_be_downloaded_each_alone_and_together(visit: Callable[..., Visit]) -> None:
    page = visit().open()
    speak(page)
    begins = {"mp3": b"", "flac": b"fLaC", "srt": b"1\n00:00:0", "vtt": b"WEBVTT\n\n00:00:0"}

    def downloaded(button: str, files: int = 1) -> list[str]:
        came: list[Download] = []

        def note(download: Download) -> None:
            came.append(download)

        page.on("download", note)
        page.get_by_role("button", name=button, exact=True).click(timeout=GUARD_MS)
        wait_for(
            lambda: page.evaluate("1") and len(came) == files, button
        )  # events come while the browser is asked
        page.remove_listener("download", note)
        kinds = []
        for download in came:
            kinds.append(download.suggested_filename.removeprefix("speech."))
            content = download.path().read_bytes()
            assert content.startswith(begins[kinds[-1]])
            assert len(content) > (1000 if kinds[-1] in {"mp3", "flac"} else 20)
        return kinds

    assert downloaded("Download mp3") == ["mp3"]
    assert downloaded("Download captions as srt") == ["srt"]
    assert downloaded("Download captions as vtt") == ["vtt"]
    page.get_by_role("combobox", name="Format").select_option("flac")
    assert sorted(downloaded("Download flac + srt", 2)) == ["flac", "srt"]


def test_history_is_in_the_browser_and_survives_a_new_visit(visit: Callable[..., Visit]) -> None:
    visited = visit()
    page = visited.open()
    text_of(page, "Remember this.")
    speak(page)
    wait_until(page, "localStorage.getItem('kokoro.history')?.includes('Remember this.')")
    visited.open()
    text_of(page, "Forget this.")
    speak(page)
    wait_for(lambda: page.locator(".history li").count() == 2, "both to be shown")
    page.locator(".history li", has_text="Forget this.").get_by_label("Forget it").click()
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
    visited.forgive("401")


def test_lock_screen_shows_the_speech_and_controls_it(visit: Callable[..., Visit]) -> None:
    visited = visit()
    visited.page.add_init_script(NOTE_ACTIONS)
    page = visited.open()
    text_of(page, LONG[:400])
    speak(page)
    page.get_by_text("First sound after").wait_for(timeout=GUARD_MS)
    title, artist = page.evaluate(
        "[navigator.mediaSession.metadata.title, navigator.mediaSession.metadata.artist]"
    )
    assert title == LONG[:80] + "…"
    assert artist == "Heart"
    page.evaluate("actions.pause()")
    wait_until(page, "navigator.mediaSession.playbackState === 'paused'")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    page.evaluate("actions.seekto({ seekTime: 5.5 })")
    wait_for(lambda: page.locator(".clock").inner_text().startswith("0:05"), "the place")
    page.evaluate("actions.seekbackward({ seekOffset: 2 })")
    wait_for(lambda: page.locator(".clock").inner_text().startswith("0:03"), "the place before")
    page.evaluate("actions.play()")
    wait_until(page, "navigator.mediaSession.playbackState === 'playing'")
    page.evaluate("actions.stop()")
    wait_until(page, "navigator.mediaSession.playbackState === 'none'")
    page.get_by_role("button", name="Speak", exact=True).wait_for()
