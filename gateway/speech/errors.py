"""What can be wrong with a request, whichever door it came through. Knows no status and no envelope."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from inference import PoolSaturated

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_ECHO: Final = 80
"""Characters of a name that are said back to the client that sent it."""


class RequestError(Exception):
    """The client asked for something it cannot have; the message is written for it."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(message)
        self.param = param
        self.code = code
        self.headers = headers


class InvalidField(RequestError):
    """A field is missing, of the wrong type or out of range."""


class TextTooLong(InvalidField):
    """The text has more characters than are taken."""

    def __init__(self, message: str) -> None:
        super().__init__(message, param="input", code="string_above_max_length")


class ReplyTooLarge(InvalidField):
    """The audio, in one piece, would take more memory than there is for all replies: waiting is of no use."""

    def __init__(self) -> None:
        super().__init__(
            "Invalid 'text': its audio is too long to be sent in one piece. Ask for it as a stream, in a smaller "
            "format, or in parts.",
            param="text",
            code="invalid_value",
        )


class RepliesFull(PoolSaturated):
    """The replies in flight take all the memory that they may."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(wait_s)
        self.args = ("the replies in flight take all the memory there is for them",)


def shortened(name: str) -> str:
    """`name`, cut to a length that may be said back to whoever sent it."""
    return name if len(name) <= LONGEST_ECHO else name[: LONGEST_ECHO - 1] + "…"
