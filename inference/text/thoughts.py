"""What a model writes for itself, between tags of its own: nobody wants to hear it. Knows no sentences and no marks.

A tag in the middle of a sentence, or before words such as `tags` and `is`, is what somebody writes about, unless what
follows is soon closed; so is one in code. A thought that begins and never ends is that of a model that was cut off. One
that ends and never began is all that stands before: the templates of some models write the opening tag themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from inference.text.code import CODE, code_end

_TAG_OR_CODE: Final = re.compile(
    rf"{CODE} | (?P<tag> (?<!`)<think(?:ing)?> )", re.VERBOSE | re.MULTILINE | re.IGNORECASE
)
_THOUGHT_END: Final = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_LONGEST_TAG: Final = len("</thinking>")

_BEGINS: Final = re.compile(
    r"(?:\A|\n|\[\s{0,2}pause[^\[\]]{0,20}\]|[.!?…:。！？>][\"'”’)\]*_]{0,2})\s*\Z", re.IGNORECASE
)
"""What stands before a thought: nothing of its line, or the end of a sentence, which a pause is too."""

_LOOKED_BACK: Final = 32
_MENTIONED: Final = re.compile(
    r"[^\S\n]+(?:tags?|tokens?|blocks?|elements?|sections?|and|or|is|are|was|means|marks|opens|starts|begins)\b"
)
_MENTIONED_CHARS: Final = 16
"""Characters behind a tag that tell."""

_BOTH_MENTIONED: Final = re.compile(r"[\s\"'“”.…,/–-]*(?:and|or|to)?[\s\"'“”.…,/–-]*", re.IGNORECASE)
"""Between two tags that are mentioned."""

_SHORT_CHARS: Final = 160
"""Within which a thought in the middle of a sentence ends; a growing text is held up for so long there."""


@dataclass(frozen=True)
class Thoughtless:
    """A text without its thoughts."""

    text: str
    """As long as before: line breaks stand where there were thoughts."""

    open_at: int | None
    """Where a thought begins that has not ended; None if there is none. Nothing is left of the text behind it."""

    is_inside: bool
    """That one began before the text did."""

    settled: int
    """Up to here more text changes nothing."""

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


def without_thoughts(text: str, *, is_inside: bool, code: str = "", is_all: bool = True) -> Thoughtless:
    """`text` without them.

    Args:
        text: a text, or part of one.
        is_inside: it begins inside a thought.
        code: it begins inside code with that delimiter.
        is_all: nothing follows.
    """
    at = 0
    if is_inside:
        if not (end := _THOUGHT_END.search(text)):
            return Thoughtless("\n" * len(text), 0, is_inside=True, settled=len(text))
        at = end.end()
    elif code:
        at = code_end(text, code) or len(text)
        return _thoughtless(text, at, is_all=is_all)
    else:
        at = _end_without_beginning(text)
    text = "\n" * at + text[at:]
    return _thoughtless(text, at, is_all=is_all)


def _end_without_beginning(text: str) -> int:
    """Where the last thought ends whose opening tag nobody has seen; 0 if there is none."""
    if "</" not in text or not _THOUGHT_END.search(text):
        return 0
    code = [found.span() for found in _TAG_OR_CODE.finditer(text) if not found["tag"]]
    tag = next((found for found in _TAG_OR_CODE.finditer(text) if found["tag"]), None)
    ends = [
        end.end()
        for end in _THOUGHT_END.finditer(text, 0, tag.start() if tag else len(text))
        if _BEGINS.search(text[max(end.start() - _LOOKED_BACK, 0) : end.start()])
        and not _MENTIONED.match(text, end.end())
        and not any(start < end.start() < stop for start, stop in code)
    ]
    return ends[-1] if ends else 0


def _thoughtless(text: str, at: int, *, is_all: bool) -> Thoughtless:
    """`text` without the thoughts that begin from `at` on."""
    kept: list[str] = []
    done = 0
    while "<" in text and (found := _TAG_OR_CODE.search(text, at)):
        at = found.end()
        if found["tag"] is None:
            continue
        end = _thought_end(text, found, is_all=is_all)
        if end is None:
            return Thoughtless("".join((*kept, text[done:])), None, is_inside=False, settled=found.start())
        if end > at:
            kept += (text[done : found.start()], "\n" * (min(end, len(text)) - found.start()))
            done = at = end
        if end > len(text):
            return Thoughtless("".join(kept), found.start(), is_inside=False, settled=len(text))
    return Thoughtless("".join((*kept, text[done:])), None, is_inside=False, settled=len(text))


def _thought_end(text: str, tag: re.Match[str], *, is_all: bool) -> int | None:
    """Where the thought ends that a tag begins: behind the text if it goes on; None if only more text will tell.

    It ends with the tag itself if that is only mentioned.
    """
    start = tag.end()
    before = text[max(tag.start() - _LOOKED_BACK, 0) : tag.start()]
    is_likely = bool(_BEGINS.search(before)) or re.match(r"\s*\n", text[start : start + _LOOKED_BACK])
    end = _THOUGHT_END.search(text, start, len(text) if is_likely else start + _SHORT_CHARS)
    is_mentioned = _MENTIONED.match(text, start) is not None
    if end is not None:
        is_mentioned &= not is_likely
        return start if is_mentioned or _BOTH_MENTIONED.fullmatch(text, start, end.start()) else end.end()
    if not is_all and len(text) - start < (_MENTIONED_CHARS if is_likely else _SHORT_CHARS):
        return None
    return len(text) + 1 if is_likely and not is_mentioned else start
