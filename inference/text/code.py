"""Where a text holds code as Markdown marks it: what stands there is written about, and asks for nothing.

Knows neither marks nor thoughts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPAN_CHARS: Final = 160
"""Longest code in a line. A growing text is held up for so long after a backtick that nothing closes."""

_FENCES: Final = {"```": r"`{3,}+", "~~~": r"^\ {0,3}+~{3,}+"}
_ONE: Final = r"(?<![`\\]) ` (?!`)"
_TWO: Final = r"(?<![`\\]) `` (?!`)"
_IN_ONE: Final = rf"[^`\n]{{1,{_SPAN_CHARS}}}+"
_IN_TWO: Final = rf"(?: [^`\n] | `(?!`) ){{1,{_SPAN_CHARS}}}+"

CODE: Final = rf"""(?:
    (?P<ticks> {_FENCES["```"]} ) (?s:.*?) (?: {_FENCES["```"]} | (?P<unclosed>\Z) )
    | (?P<tildes> {_FENCES["~~~"]} ) (?s:.*?) (?: {_FENCES["~~~"]} | (?P<untilded>\Z) )
    | (?P<one> {_ONE} ) {_IN_ONE} `(?!`)
    | (?P<two> {_TWO} ) {_IN_TWO} ``(?!`)
    | (?P<begun> (?: {_ONE} {_IN_ONE} | {_TWO} {_IN_TWO} ) \Z )
    )"""
"""A verbose pattern of code, for all lines. `begun` is code only if more text closes it."""

_CODE: Final = re.compile(CODE, re.VERBOSE | re.MULTILINE)
_DELIMITERS: Final = {"ticks": "```", "tildes": "~~~", "one": "`", "two": "``"}
_ENDS: Final = {
    **{fence: re.compile(pattern, re.VERBOSE | re.MULTILINE) for fence, pattern in _FENCES.items()},
    "`": re.compile(r"`|\n"),
    "``": re.compile(r"``|\n"),
}


class Code(NamedTuple):
    """Code in a text."""

    start: int
    """Behind what opens it."""

    end: int
    """Behind what closes it, or where the text ends."""

    delimiter: str
    is_closed: bool


def code_in(text: str, delimiter: str = "") -> Iterator[Code]:
    """The code of a text, which begins inside some with that delimiter, or with none."""
    begin = 0
    if delimiter:
        begin = code_end(text, delimiter) or len(text)
        yield Code(0, begin, delimiter, is_closed=begin < len(text))
    if "`" in text or "~~~" in text:
        for match in _CODE.finditer(text, begin):
            if match["begun"] is None:
                yield _code(match)


def _code(match: re.Match[str]) -> Code:
    name = next(name for name in _DELIMITERS if match[name] is not None)
    is_closed = match["unclosed"] is None and match["untilded"] is None
    return Code(match.end(name), match.end(), _DELIMITERS[name], is_closed)


def code_end(text: str, delimiter: str) -> int | None:
    """Where that code ends in which the text begins; None if it goes on."""
    match = _ENDS[delimiter].search(text)
    return match.end() if match else None


def begun(text: str, delimiter: str = "") -> int:
    """Where code may begin that more text closes; the length of the text if none does."""
    if "`" not in text:
        return len(text)
    start = code_end(text, delimiter) if delimiter else 0
    matches = _CODE.finditer(text, len(text) if start is None else start)
    return next((match.start() for match in matches if match["begun"] is not None), len(text))
