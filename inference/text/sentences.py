"""Where a text is cut into sentences. Knows no phonemes.

Pure, and the same text is always cut the same way, in whatever stretches it comes. Positions count characters of the
stretch that was given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

from inference.text import abbreviations

if TYPE_CHECKING:
    from collections.abc import Iterator

Span: TypeAlias = tuple[int, int]
"""Where something begins and ends."""

LINE_END: Final = "\n"
"""Ends a sentence that a line break ends, whatever its last character."""

PARAGRAPH_END: Final = "\n\n"
"""Ends the last sentence of a paragraph."""

SENTENCE_CHARS: Final = 300
"""Longest piece of text handed out as one sentence, characters."""


@dataclass(frozen=True)
class Cut:
    """A sentence as it is written."""

    text: str
    """With single spaces; ends in LINE_END or PARAGRAPH_END where it ends one and is not the last."""

    gap: str
    """What ends it there, or nothing."""

    start: int
    end: int


@dataclass(frozen=True)
class _Piece:
    """A sentence, or as much of it as is handed out at once. What stands before it ends the one before."""

    span: Span
    gap: str
    is_wrapped: bool
    """Its paragraph."""


class Stretch:
    """A part of a text, whose sentences are cut off one after the other. Lives while it is read."""

    def __init__(
        self,
        text: str,
        is_wrapped: bool | None = None,
        *,
        language: str = "en-us",
        is_all: bool = True,
        gap: str = "",
    ) -> None:
        """A stretch without thoughts and marks.

        Args:
            text: what is to be cut.
            is_wrapped: whether lines are only wrapped in the paragraph that it begins in the middle of, or None.
            language: code of the language that it is in.
            is_all: nothing follows. If not, a sentence is handed out once its end is certain by what follows it.
            gap: what ends its last sentence.
        """
        self.is_wrapped = is_wrapped
        """The same of where `taken` is."""

        self.taken = 0
        """Where that begins which has not been handed out: it must come again, with what follows it."""

        self._is_all = is_all
        self._gap = gap
        self._abbreviation = abbreviations.ending(language)
        self._lines = text.replace("\r\n", " \n").translate(_LINE_BREAKS)
        self._text = self._lines.replace("\n", " ")

    def sentences(self) -> Iterator[Cut]:
        """Every sentence, in order, cut as it is asked for; nothing is dropped."""
        held: _Piece | None = None
        for piece in self._pieces():
            start, _ = piece.span
            if held:
                if self._may_go_on(start):
                    return
                self.taken = start
                self.is_wrapped = None if piece.gap == PARAGRAPH_END else piece.is_wrapped
                yield self._cut(held, piece.gap)
            held = piece
        if self._is_all:
            self.taken, self.is_wrapped = len(self._text), None
            if held:
                yield self._cut(held, self._gap)

    def _cut(self, piece: _Piece, gap: str) -> Cut:
        start, end = piece.span
        return Cut(" ".join(self._text[start:end].split()) + gap, gap, start, end)

    def _may_go_on(self, start: int) -> bool:
        """True if what begins here is too short to tell whether it goes on with the sentence or is a list item."""
        is_short = not self._is_all and len(self._text) - start < _LIST_ITEM_CHARS
        return is_short and (self._text[start].isdigit() or self._text[start] in "IVXLC")

    def _pieces(self) -> Iterator[_Piece]:
        is_wrapped, gap = self.is_wrapped, ""
        for paragraph in self._paragraphs():
            if is_wrapped is None:
                is_wrapped = self._is_wrapped(paragraph)
            for block in self._blocks(paragraph, is_wrapped=is_wrapped):
                for sentence in self._split(block):
                    for span in self._shortened(sentence):
                        yield _Piece(span, gap, is_wrapped)
                        gap = ""
                gap = LINE_END
            gap, is_wrapped = PARAGRAPH_END, None

    def _paragraphs(self) -> Iterator[list[Span]]:
        """Lines between empty ones, without the space around them."""
        lines: list[Span] = []
        start = 0
        for line in (*self._lines.split("\n"), ""):
            if stripped := line.strip():
                begin = start + line.index(stripped[0])
                lines.append((begin, begin + len(stripped)))
            elif lines:
                yield lines
                lines = []
            start += len(line) + 1

    def _blocks(self, lines: list[Span], *, is_wrapped: bool) -> Iterator[Span]:
        """Lines joined where they were only wrapped."""
        begin, end = lines[0]
        for line in lines[1:]:
            if not is_wrapped or self._is_item(line):
                yield begin, end
                begin = line[0]
            end = line[1]
        yield begin, end

    def _is_wrapped(self, lines: list[Span]) -> bool:
        """True if no line could have taken the first word of the next, and some line goes on in small letters."""
        if not self._is_all and lines[-1][1] == len(self._text):
            lines = lines[:-1]  # there may be more of it
        width = max((end - start for start, end in lines), default=0)
        if width not in _WRAP_COLUMNS:
            return False
        breaks = [(before, line) for before, line in pairwise(lines) if not self._is_item(line)]
        return any(self._text[start].islower() for _, (start, _) in breaks) and all(
            end - start + 1 + len(self._text[slice(*line)].split(maxsplit=1)[0]) > width
            for (start, end), line in breaks
        )

    def _is_item(self, line: Span) -> bool:
        return _ITEM.match(self._text, *line) is not None

    def _split(self, block: Span) -> Iterator[Span]:
        start, block_end = block
        for stop in _STOP.finditer(self._text, *block):
            is_late = stop.end() - start > _LATEST_STOP
            if is_late or not (self._goes_on(stop, block_end) or self._may_abbreviate(start, stop)):
                yield start, stop.end()
                start = stop.end()
        if start < block_end:
            yield start, block_end

    def _may_abbreviate(self, start: int, stop: re.Match[str]) -> bool:
        """True if the sentence ends like an abbreviation; looked for near its end, else the cost would be quadratic."""
        near = max(start, stop.start() - abbreviations.LONGEST)
        return self._abbreviation.search(self._text[near : stop.start()] + stop[0].rstrip()) is not None

    def _goes_on(self, stop: re.Match[str], block_end: int) -> bool:
        """True for a full stop before a small letter or a figure: that of `etc. and`, `vol. III` or `apt. C,`.

        And for `5! = 120`.
        """
        after = self._text[stop.end() : min(stop.end() + 1, block_end)]
        if stop[0].strip() == "!" and after in _BEHIND_A_FACTORIAL:
            return True
        return (
            stop[0].strip() == "."
            and (
                after.islower()
                or after.isdigit()
                or after in _WITHIN_A_SENTENCE
                or _NUMERAL.match(self._text, stop.end(), block_end) is not None
            )
            and not _LIST_ITEM.match(self._text, stop.end(), block_end)
        )

    def _shortened(self, sentence: Span) -> Iterator[Span]:
        start, sentence_end = sentence
        while sentence_end - start > SENTENCE_CHARS:
            limit = start + SENTENCE_CHARS
            matches = (cut.match(self._text, start, limit) for cut in _CUTS)
            end = next((m.end() for m in matches if m and m.end() > start + SENTENCE_CHARS // 4), limit)
            yield from self._stripped(start, end)
            start = end
        yield from self._stripped(start, sentence_end)

    def _stripped(self, start: int, end: int) -> Iterator[Span]:
        if part := self._text[start:end].strip():
            begin = self._text.index(part[0], start)
            yield begin, begin + len(part)


_LINE_BREAKS: Final = dict.fromkeys(map(ord, "\x0b\x0c\r\x1c\x1d\x1e\x85\u2028\u2029"), "\n")

_ITEM: Final = re.compile(r"([-*+•>|#]|\d{1,3}[.)]|```|~~~)")
"""What a line begins with that is no continuation of the line before: list items, headings, tables, fences."""

_WRAP_COLUMNS: Final = range(40, 101)
"""Widths at which people and programs wrap lines."""


_STOP: Final = re.compile(
    r"(?<![.!?…؟।॥])[.!?…؟।॥]++[\"'”’»)\]]*+\s++|(?<![。！？｡．])[。！？｡．]++[”’」』）)\]]*+\s*+"
)
"""Possessive, and never tried inside a run of marks: 4,096 full stops cost 0.2 s, and twice as many four times that."""

_LATEST_STOP: Final = 10 * SENTENCE_CHARS
"""What goes on for so many characters is no abbreviation any more: to look for the end of 40,960 characters of `a. a. `
held the event loop for 50 ms."""


_BEHIND_A_FACTORIAL: Final = frozenset("=×*/+≥≤≠≈")
_WITHIN_A_SENTENCE: Final = frozenset("$£€¥₹&%+=<~@:")
_LIST_ITEM: Final = re.compile(r"\d{1,3}[.)]\s")
_NUMERAL: Final = re.compile(
    r"(?:[IVXLC]{2,}|[VX](?=[,;:)]|\sd[aeo]))\b(?!['’])|[A-Z]{1,2}[/-]?\d|[A-Z](?:[,;)]|\s[–—]\s)|R\$"
)
_LIST_ITEM_CHARS: Final = len("100) ")

_CUTS: Final = (
    re.compile(r".*(?:[^\W\d_]{5}\.|[!?…؟।])[\"'”’»)\]]*\s"),
    re.compile(r".*(?:[,;:—–،؛]\s|[、，；：])"),
    re.compile(r".*\s"),
)
"""Where a sentence that is too long is cut, best first."""
