"""Reply memory: how much the replies that are being made or sent may take together, and how many they are.

Knows no worker and no format: what a reply may take is for whoever admits it to say.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from gateway.speech.errors import RepliesFull

if TYPE_CHECKING:
    from types import TracebackType

_WAIT_S: Final = 5.0
"""What a client is told to wait where memory is short: a reply that is sent whole is made and gone in about that."""


class RepliesInFlight:
    """The replies in flight, within a number of bytes. Lives as long as the application, in its event loop."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes: Final = most_bytes
        self.closing: Final = asyncio.Event()
        """Set once the application is about to leave: whoever keeps a place for more to say says goodbye."""

        self.held_bytes = 0
        """What all of them together may take, or take."""

        self._places: set[Place] = set()

    def __len__(self) -> int:
        return len(self._places)

    def admit(self, held_bytes: int) -> Place:
        """A place for a reply that will hold so many bytes at once; whoever gets it closes it.

        A reply that would be alone always has one, or it would be refused for ever.

        Raises:
            RepliesFull: there is no room for it now.
        """
        if self._places:
            self._check(held_bytes)
        place = Place(self, held_bytes)
        self._places.add(place)
        self.held_bytes += held_bytes
        return place

    async def drained(self) -> None:
        """Wait until the replies have ended that are in flight now; what comes later is not waited for."""
        await asyncio.gather(*(place.closed.wait() for place in self._places))

    def _check(self, more_bytes: int) -> None:
        if self.held_bytes + more_bytes > self.most_bytes:
            raise RepliesFull(_WAIT_S)

    def _grow(self, place: Place, held_bytes: int) -> None:
        more_bytes = held_bytes - place.held_bytes
        self._check(more_bytes)
        place.held_bytes = held_bytes
        self.held_bytes += more_bytes

    def _leave(self, place: Place) -> None:
        if place in self._places:
            self._places.remove(place)
            self.held_bytes -= place.held_bytes


class Place:
    """A reply's place among those in flight. Lives as long as the reply, and is closed however that ends."""

    def __init__(self, in_flight: RepliesInFlight, held_bytes: int) -> None:
        self.held_bytes = held_bytes
        """What the reply may hold, or holds when that has become more."""

        self.most_bytes: Final = in_flight.most_bytes
        """What it might hold if it were alone."""

        self.closed = asyncio.Event()
        self._in_flight = in_flight

    def hold(self, held_bytes: int) -> None:
        """The reply now holds so many bytes.

        Raises:
            RepliesFull: that is more than it was admitted for, and there is no room for the rest.
        """
        if held_bytes > self.held_bytes:
            self._in_flight._grow(self, held_bytes)

    def close(self) -> None:
        """Leave the place to others."""
        self._in_flight._leave(self)
        self.closed.set()

    def __enter__(self) -> Place:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
