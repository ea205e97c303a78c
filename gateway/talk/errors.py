"""What can be wrong on a socket, and the code that it is closed with (RFC 6455, 7.4). Knows no message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.speech.errors import RequestError
from inference import InvalidPronunciation, PoolClosed, PoolSaturated, UnsupportedLanguage

if TYPE_CHECKING:
    from collections.abc import Mapping

NORMAL: Final = 1000
GOING_AWAY: Final = 1001


class BadMessage(RequestError):
    """A message is no JSON object, or a field of it is of the wrong type, or means nothing here."""


class MessageTooLong(BadMessage):
    """A message has more bytes than are taken."""


class TooManyContexts(RequestError):
    """The socket has as many contexts as it may."""


class InputTimeout(RequestError):
    """Nothing has come for as long as the client may be silent."""


CLOSE_CODES: Final[Mapping[type[Exception], int]] = {
    MessageTooLong: 1009,
    RequestError: 1008,
    UnsupportedLanguage: 1008,
    InvalidPronunciation: 1008,
    PoolSaturated: 1013,
    PoolClosed: 1012,
    Exception: 1011,
}
"""By class; the nearest ancestor of an exception's class speaks for it."""


def close_code(error: Exception) -> int:
    """What a socket is closed with that this error ended."""
    return next(CLOSE_CODES[kind] for kind in type(error).__mro__ if kind in CLOSE_CODES)
