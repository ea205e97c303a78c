"""IdleWorkers: ends the speech workers of a pool that nobody uses, and starts them when somebody does."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from inference.pool.slot import Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inference.pool.slot import Slot

logger = logging.getLogger(__name__)


class IdleWorkers:
    """All workers but the text worker, which is small, while nobody needs them. Lives as long as its pool."""

    def __init__(self, slots: Sequence[Slot], after_s: float) -> None:
        self._slots = [slot for slot in slots if slot.spec.role != "text"]
        self._after_s = after_s
        self._bedtime: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """From now on nobody uses the pool."""
        self.end()
        if self._after_s:
            self._bedtime = asyncio.get_running_loop().call_later(self._after_s, self._rest)

    def end(self) -> None:
        """Somebody uses the pool, or it is being closed."""
        if self._bedtime is not None:
            self._bedtime.cancel()

    def wake(self) -> None:
        """Start what rests: one worker at first, which is ready the sooner for it; the others when it is."""
        resting = [slot for slot in self._slots if slot.phase is Phase.RESTING]
        if not resting:
            return
        if len(resting) == len(self._slots):
            logger.info("workers_wake")
            resting[-1].wake()
        elif any(slot.worker for slot in self._slots):
            for slot in resting:
                slot.wake()

    def _rest(self) -> None:
        """End the workers that can be; one that is being replaced or started just now is asked again later."""
        were_awake = any(slot.phase is not Phase.RESTING for slot in self._slots)
        for slot in self._slots:
            slot.rest()
        if any(slot.phase is not Phase.RESTING for slot in self._slots):
            self.begin()
        elif were_awake:
            logger.info("workers_rest")
