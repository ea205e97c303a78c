"""Endpoint: what there is to know of one thing that clients may ask for. Knows no path of ours and no handler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gateway.http.error_replies import ErrorEnvelope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pydantic import BaseModel
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.websockets import WebSocket

    from gateway.http.parameters import Json


@dataclass(frozen=True)
class Endpoint:
    """What clients may ask for at one path or several. Lives as long as the process."""

    handler: Callable[[Request], Awaitable[Response]] | Callable[[WebSocket], Awaitable[None]]
    paths: tuple[str, ...]
    """The first is the documented one."""

    summary: str = ""
    """For the document; empty: not in it, for it is there for clients that read none."""

    about: str = ""
    """The same in a few sentences, where a summary is not enough."""

    method: Literal["GET", "POST"] = "GET"
    is_socket: bool = False
    """What is asked for is a WebSocket."""

    needs_key: bool = False
    """Only who has a key is let in, when there are any."""

    key_may_follow: bool = False
    """The key may be in the first message on the socket."""

    takes: type[BaseModel] | None = None
    """Shape of its body, or of each message that a client sends on the socket."""

    replies: tuple[type[BaseModel], ...] = ()
    """Shapes of the JSON it may reply with, or send on the socket; none: audio."""

    texts: tuple[str, ...] = ()
    """Media types of texts that it may reply with besides."""

    errors: tuple[int, ...] = ()
    """Statuses of its errors, besides those of a missing key."""

    envelope: type[BaseModel] = ErrorEnvelope
    """Shape of the errors."""

    has_events: bool = False
    """The audio may be had as server-sent events."""

    parameters: tuple[Json, ...] = ()
    is_counted: bool = False
    """The metrics are about its requests."""

    is_quiet: bool = False
    """Asked all the time: logged at DEBUG when all is well."""

    is_for_pages: bool = True
    """Web pages of any origin may read what it replies."""

    is_page: bool = False
    """A page for people or a part of one; not there without KOKORO_CONSOLE."""

    @property
    def name(self) -> str:
        """Of the operation in the document."""
        return self.handler.__name__
