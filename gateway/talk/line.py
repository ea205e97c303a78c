"""Line: what is said of a text waits here while the one before it, of the same name, is still being spoken.

Knows names and lengths; knows no message.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from gateway.speech.errors import TextTooLong

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Said = TypeVar("Said")


class Line(Generic[Said]):
    """What a client has said, by the name of its text and in its order. Lives as long as a conversation."""

    def __init__(
        self,
        most: int,
        do: Callable[[Said], Awaitable[None]],
        is_held: Callable[[str | None], bool],
    ) -> None:
        """At most so many messages and characters wait; what `is_held` of a name is not done yet."""
        self._most = most
        self._do = do
        self._is_held = is_held
        self._waiting: dict[str | None, deque[tuple[Said, int]]] = {}
        self._messages = self._characters = 0
        self._going_on: set[str | None] = set()

    def __contains__(self, name: str | None) -> bool:
        return name in self._waiting

    def names(self) -> tuple[str | None, ...]:
        """Of what waits."""
        return tuple(self._waiting)

    def put(self, name: str | None, said: Said, text: str = "") -> None:
        """Put a message in line, of which this is to be spoken.

        Raises:
            TextTooLong: too much waits.
        """
        waits = name in self._waiting or self._is_held(name)
        self._waiting.setdefault(name, deque()).append((said, len(text)))
        self._messages += 1
        self._characters += len(text)
        if waits and max(self._messages, self._characters) > self._most:
            raise TextTooLong(f"More than {self._most} characters wait for the end of what is being spoken.")

    def clear(self) -> None:
        """Forget all that waits."""
        self._waiting.clear()
        self._messages = self._characters = 0

    async def go_on(self, name: str | None) -> None:
        """Do what is in line under this name, until it is held. Raises what doing it does."""
        if name in self._going_on:
            return
        self._going_on.add(name)
        try:
            while name in self._waiting and not self._is_held(name):
                await self._do(self._take(name))
        finally:
            self._going_on.discard(name)

    def _take(self, name: str | None) -> Said:
        waiting = self._waiting[name]
        said, characters = waiting.popleft()
        if not waiting:
            del self._waiting[name]
        self._messages -= 1
        self._characters -= characters
        return said
