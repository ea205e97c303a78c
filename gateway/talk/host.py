"""What conversations need of the application, and what they need of the wire. Knows neither."""

from __future__ import annotations

from asyncio import Event, Lock
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.settings import Settings
    from gateway.speech.record import Outcome, RequestRecord
    from gateway.speech.synthesis import Synthesis
    from gateway.speech.voices import Catalogue


Received_co = TypeVar("Received_co", covariant=True)
Sent_contra = TypeVar("Sent_contra", contravariant=True)


class Wire(Protocol[Received_co, Sent_contra]):
    """One socket. Lives as long as it is open."""

    async def receive(self) -> Received_co | None:
        """The next message; None when the client has left.

        Raises:
            BadMessage: it is none, or too long.
        """

    async def send(self, message: Sent_contra) -> None:
        """Send a message.

        Raises:
            ConnectionError: the client has left, or reads nothing.
        """


class Counted(Protocol):
    """A conversation, to whoever counts contexts."""

    @property
    def contexts(self) -> int:
        """How many are open."""


@dataclass(frozen=True)
class Told:
    """How an error is told."""

    word: str
    """Cause, for programs."""

    message: str
    """For people."""

    outcome: Outcome


@dataclass(frozen=True)
class Host:
    """What all conversations share. Lives as long as the application."""

    synthesis: Synthesis
    catalogue: Catalogue
    settings: Settings
    closing: Event
    """Set once the application is about to leave."""

    tell: Callable[[Exception], Told]
    write: Callable[[RequestRecord, str], None]
    """Take the record of a turn that has ended, to the log and the metrics; with the template of its path."""

    opening: Lock = field(default_factory=Lock)
    """Held to begin a text, through a turn of the loop: of a thousand that begin at once none keeps others waiting."""

    conversations: set[Counted] = field(default_factory=set)
    """Those that are open."""

    def contexts(self) -> int:
        """How many are open on all of them."""
        return sum(conversation.contexts for conversation in self.conversations)
