"""Reply memory: how much the replies that are being made or sent may take together, and how many they are.

Knows no worker and no format: what a reply may take is for whoever admits it to say.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from gateway.speech.errors import RepliesFull

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_WAIT_S: Final = 5.0
"""What a client is told to wait where memory is short: a reply that is sent whole is made and gone in about that."""

_SILENT_S: Final = 5.0
"""A turn that has made no sound for so long gives way where memory is short: before, a language model may pause."""


class RepliesInFlight:
    """The replies in flight, within a number of bytes. Lives as long as the application, in its event loop."""

    def __init__(self, most_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most_bytes: Final = most_bytes
        self.closing: Final = asyncio.Event()
        """Set once the application is about to leave: whoever keeps a place for more to say says goodbye."""

        self.held_bytes = 0
        """What all of them together may take, or take."""

        self._places: set[Place] = set()
        self._offered: dict[Place, tuple[float, Callable[[], None]]] = {}
        """Since when, those for longest first; what to call when their room is taken."""

        self._clock = clock

    def __len__(self) -> int:
        return len(self._places)

    def admit(self, held_bytes: int) -> Place:
        """A place for a reply that will hold so many bytes at once; whoever gets it closes it.

        A reply that would be alone always has one, or it would be refused for ever.

        Raises:
            RepliesFull: there is no room for it now.
        """
        if self._places:
            self._make_room(held_bytes)
        place = Place(self, held_bytes)
        self._places.add(place)
        self.held_bytes += held_bytes
        return place

    async def drained(self) -> None:
        """Wait until the replies have ended that are in flight now; what comes later is not waited for."""
        await asyncio.gather(*(place.closed.wait() for place in self._places))

    def _make_room(self, more_bytes: int) -> None:
        short_bytes = self.held_bytes + more_bytes - self.most_bytes
        if short_bytes <= 0:
            return
        silent_since = self._clock() - _SILENT_S
        silent = [place for place, (since, _) in self._offered.items() if since <= silent_since]
        if sum(place.held_bytes for place in silent) < short_bytes:
            raise RepliesFull(_WAIT_S)
        while self.held_bytes + more_bytes > self.most_bytes:
            self._take(silent.pop(0))

    def _take(self, place: Place) -> None:
        _, give_way = self._offered.pop(place)
        self.held_bytes -= place.held_bytes
        place.held_bytes = 0
        give_way()

    def _offer(self, place: Place, give_way: Callable[[], None]) -> None:
        self._offered[place] = self._clock(), give_way

    def _keep(self, place: Place) -> None:
        self._offered.pop(place, None)

    def _grow(self, place: Place, held_bytes: int) -> None:
        more_bytes = held_bytes - place.held_bytes
        self._make_room(more_bytes)
        place.held_bytes = held_bytes
        self.held_bytes += more_bytes

    def _leave(self, place: Place) -> None:
        if place in self._places:
            self._places.remove(place)
            self._keep(place)
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
        self._in_flight._keep(self)
        if held_bytes > self.held_bytes:
            self._in_flight._grow(self, held_bytes)

    def offer(self, give_way: Callable[[], None]) -> None:
        """It is silent for now: until it holds more, others may take its room, and then `give_way` is called."""
        self._in_flight._offer(self, give_way)

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
