"""What a model writes for itself, between tags of its own: nobody wants to hear it. Knows no sentences and no marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_THOUGHT: Final = re.compile(r"(?<!`)<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
"""What follows a backtick is none: else an answer about `<think>` would end there."""

_THOUGHT_END: Final = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_LONGEST_TAG: Final = len("</thinking>")


@dataclass(frozen=True)
class Thoughtless:
    """A text without its thoughts."""

    text: str
    """As long as before: line breaks stand where there were thoughts."""

    open_at: int | None
    """Where a thought begins that has not ended; None if there is none. Nothing is left of the text behind it."""

    is_inside: bool
    """That one began before the text did."""

    @property
    def is_open(self) -> bool:
        """A thought has not ended."""
        return self.open_at is not None

    @property
    def taken(self) -> int:
        """Where that begins which may be the beginning of the end of the open thought."""
        return max(self.open_at or 0, len(self.text) - _LONGEST_TAG)

    @property
    def is_begun(self) -> bool:
        """The open thought begins before that place."""
        return self.is_inside or self.taken > (self.open_at or 0)


def without_thoughts(text: str, *, is_inside: bool) -> Thoughtless:
    """`text` without them; `is_inside`: it begins inside one."""
    inside = 0
    if is_inside:
        if not (end := _THOUGHT_END.search(text)):
            return Thoughtless("\n" * len(text), 0, is_inside=True)
        inside = end.end()
    open_at: int | None = None

    def blank(match: re.Match[str]) -> str:
        nonlocal open_at
        open_at = None if _THOUGHT_END.search(match[0]) else match.start() + inside
        return "\n" * len(match[0])

    return Thoughtless("\n" * inside + _THOUGHT.sub(blank, text[inside:]), open_at, is_inside=False)
