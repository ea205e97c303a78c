"""How much CPU something takes, on a machine that does other things too."""

from __future__ import annotations

from time import thread_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HOLDS_THE_LOOP_S = 0.020
"""No work on the event loop may take longer than this, seconds of CPU."""


def cpu_s(work: Callable[[], object], tries: int = 5) -> float:
    """Seconds of this thread's CPU that `work` takes at best: what disturbs a try only makes it longer."""
    best = float("inf")
    for _ in range(tries):
        began = thread_time()
        work()
        best = min(best, thread_time() - began)
    return best
