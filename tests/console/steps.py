"""What a visitor of the console does and waits for, by what is on the page and what can be heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.console.hearing import AUDIBLE
from tests.support.waiting import DEADLINE_S

if TYPE_CHECKING:
    from playwright.sync_api import Page

GUARD_MS = 1000 * DEADLINE_S

LONG = "The tide came in and the tide went out. " * 120


def text_of(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="What shall I say?").fill(text)


def speak(page: Page) -> None:
    page.get_by_role("button", name="Speak", exact=True).click()


def wait_until(page: Page, condition: str) -> None:
    """Until an expression is true in the page: Playwright's own way to wait needs `eval`, which the page forbids."""
    held = page.evaluate(
        f"""new Promise((resolve) => {{
            const end = performance.now() + {GUARD_MS};
            const timer = setInterval(() => {{
                const isTrue = Boolean({condition});
                if (!isTrue && performance.now() < end) return;
                clearInterval(timer);
                resolve(isTrue);
            }}, 10);
        }})"""
    )
    assert held, f"still not after {DEADLINE_S} s: {condition}"


def wait_for_sound(page: Page) -> None:
    wait_until(page, f"heard.some(([, level]) => level > {AUDIBLE})")


def wait_for_silence(page: Page) -> None:
    wait_until(page, f"heard.slice(-20).every(([, level]) => level < {AUDIBLE})")
