"""How much CPU something takes, on a machine that does other things too, and has slow days."""

from __future__ import annotations

import gc
import re
from contextlib import contextmanager
from time import thread_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOLDS_THE_LOOP_S = 0.020
"""No work on the event loop may take longer than this, seconds of CPU where nothing is slow."""

_YARDSTICK_S = 0.0004
"""What the yardstick takes there."""


def cpu_s(work: Callable[[], object], tries: int = 5) -> float:
    """Seconds of this thread's CPU that `work` takes at best: what disturbs a try only makes it longer."""
    best = float("inf")
    with _no_collection():
        for _ in range(tries):
            began = thread_time()
            work()
            best = min(best, thread_time() - began)
    return best


def slowness() -> float:
    """How many times longer than there everything takes here and now; 1 if not longer."""
    return max(1.0, cpu_s(_yardstick, tries=20) / _YARDSTICK_S)


def _yardstick() -> None:
    """What the work that is measured does: to look through text, and to make objects of it."""
    words = re.findall(r"\w+", "A yardstick is as long as the day is. " * 200)
    sorted({f"{word}{number}": number for number, word in enumerate(words)})


@contextmanager
def _no_collection() -> Iterator[None]:
    """A garbage collection takes up to 0.17 s with all tests in memory, and falls on whoever allocates next."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
