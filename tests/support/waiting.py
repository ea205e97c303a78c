"""Waits for what a test expects, with a deadline and a word for what did not come."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINE_S = 60.0
"""Longest wait for anything that is to come: no measure of how soon it does, for the machine may be busy or slow."""

_PAUSE_S = 0.01
"""Between two looks; it grows to five times that, for some looks cost more than what is waited for."""


def wait_for(condition: Callable[[], Any], what: str, seconds: float = DEADLINE_S) -> Any:
    """The first true value of `condition`; fails with `what` after `seconds`."""
    end, pause_s = time.monotonic() + seconds, _PAUSE_S
    while not (value := condition()):
        assert time.monotonic() < end, f"still not after {seconds} s: {what}"
        time.sleep(pause_s)
        pause_s = min(1.1 * pause_s, 5 * _PAUSE_S)
    return value


async def until(condition: Callable[[], Any], what: str, seconds: float = DEADLINE_S) -> Any:
    """The same, while the event loop goes on."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"still not after {seconds} s: {what}"
        await asyncio.sleep(_PAUSE_S)
    return value
