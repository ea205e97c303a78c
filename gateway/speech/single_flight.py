"""Work that several wait for: whoever comes while it is under way gets its result. Knows nothing of the work itself."""

from __future__ import annotations

import asyncio
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")


@dataclass(eq=False)
class _Flight(Generic[T]):
    """One piece of work. Lives until it is done or nobody waits for it any more."""

    work: asyncio.Task[T]
    waiting: int = 0


class Flights(Generic[T]):
    """The work under way, by key. Lives as long as the application; only its event loop may use it."""

    def __init__(self) -> None:
        self._under_way: dict[bytes, _Flight[T]] = {}

    def __contains__(self, key: bytes) -> bool:
        return key in self._under_way

    def __len__(self) -> int:
        return len(self._under_way)

    async def join(self, key: bytes, start: Callable[[], Coroutine[None, None, T]]) -> T:
        """The result of the work under way for `key`, or else of `start`.

        The work belongs to all who wait for it: it goes on when one of them is cancelled, the first included,
        and is cancelled with the last. What it raises is raised to each.
        """
        flight = self._under_way.get(key) or self._start(key, start)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.work)
        finally:
            flight.waiting -= 1
            if not flight.waiting:
                self._land(key, flight)
                flight.work.cancel()

    def _start(self, key: bytes, start: Callable[[], Coroutine[None, None, T]]) -> _Flight[T]:
        # In a context of its own: what it logs is not only about the request that came first.
        flight = _Flight(asyncio.create_task(start(), context=Context()))
        self._under_way[key] = flight

        def land(work: asyncio.Task[T]) -> None:
            self._land(key, flight)
            if not work.cancelled():
                work.exception()  # those who wait may all have left in the moment it failed

        flight.work.add_done_callback(land)
        return flight

    def _land(self, key: bytes, flight: _Flight[T]) -> None:
        if self._under_way.get(key) is flight:
            del self._under_way[key]
