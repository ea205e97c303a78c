"""Work that several share ("single flight"): who comes while it is under way gets all that it has given and will give.

Knows nothing of the work itself.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from contextvars import Context
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

T = TypeVar("T")


class _Work(Generic[T]):
    """One piece of work. Lives until it is done or nobody waits for it any more."""

    def __init__(self, work: AsyncGenerator[T, None]) -> None:
        self.waiting = 0
        self._given: list[T] = []
        self._news = asyncio.Event()
        # In a context of its own: what it logs is not only about the request that came first.
        self.task = asyncio.create_task(self._collect(work), context=Context())
        self.task.add_done_callback(lambda _: self._news.set())

    async def _collect(self, work: AsyncGenerator[T, None]) -> None:
        async with aclosing(work):
            async for item in work:
                self._given.append(item)
                self._news.set()

    async def items(self) -> AsyncGenerator[T, None]:
        """All that the work gives, from its beginning; what it raises is raised to each who waits."""
        taken = 0
        while True:
            while taken < len(self._given):
                yield self._given[taken]
                taken += 1
            if self.task.done():
                self.task.result()
                return
            self._news.clear()
            await self._news.wait()


class SharedWork(Generic[T]):
    """The work under way, by key. Lives as long as the application; only its event loop may use it."""

    def __init__(self) -> None:
        self._under_way: dict[bytes, _Work[T]] = {}

    def __contains__(self, key: bytes) -> bool:
        return key in self._under_way

    def __len__(self) -> int:
        return len(self._under_way)

    async def join(self, key: bytes, start: Callable[[], AsyncGenerator[T, None]]) -> AsyncGenerator[T, None]:
        """What the work under way for `key` gives, or else that of `start`.

        The work belongs to all who wait for it: it goes on when one of them leaves, the first included, and is
        cancelled with the last. What it raises is raised to each.
        """
        work = self._under_way.get(key) or self._start(key, start)
        work.waiting += 1
        try:
            async with aclosing(work.items()) as items:
                async for item in items:
                    yield item
        finally:
            work.waiting -= 1
            if not work.waiting:
                self._forget(key, work)
                work.task.cancel()

    def _start(self, key: bytes, start: Callable[[], AsyncGenerator[T, None]]) -> _Work[T]:
        work = self._under_way[key] = _Work(start())

        def forget(task: asyncio.Task[None]) -> None:
            self._forget(key, work)
            if not task.cancelled():
                task.exception()  # those who wait may all have left in the moment it failed

        work.task.add_done_callback(forget)
        return work

    def _forget(self, key: bytes, work: _Work[T]) -> None:
        if self._under_way.get(key) is work:
            del self._under_way[key]
