"""Where a text is cut for the phonemizer: into sentences, and those into batches.

Pure: no clocks, no I/O, and the same text is always cut the same way. Knows no language and no phonemes.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_END: Final = "\n"
"""Ends a sentence that a line break ends, whatever its last character."""

PARAGRAPH_END: Final = "\n\n"
"""Ends the last sentence of a paragraph."""

SENTENCE_CHARS: Final = 300
"""Longest piece of text handed out as one sentence, characters."""

_FIRST_BATCH_CHARS: Final = 100
"""A little more than the first segment needs to be cut: it should not wait for the rest to be phonemised."""

_LONGEST_BATCH_S: Final = 0.05
"""Work in a batch, beside its last sentence: others wait for as long, for there is one text worker."""

_SENTENCE_S: Final = 100e-6
_CHARACTER_S: Final = 15e-6
_IDEOGRAPH_S: Final = 120e-6
_SCRIPT_S: Final = 6e-3
"""What the text worker takes for a sentence, for each character, for one of Chinese, and to change to another voice."""


@dataclass(frozen=True)
class Batch:
    """Sentences that are phonemised at once."""

    sentences: tuple[str, ...]
    cost_s: float
    """Estimated seconds of work."""


def batches(text: str) -> Iterator[Batch]:
    """The sentences of `text` in groups: a small one first, then larger ones."""
    batch: list[str] = []
    length, cost_s, wanted = 0, 0.0, _FIRST_BATCH_CHARS
    for sentence in sentences(text):
        batch.append(sentence)
        length += len(sentence)
        cost_s += _cost_s(sentence)
        if length >= wanted or cost_s >= _LONGEST_BATCH_S:
            yield Batch(tuple(batch), cost_s)
            batch, length, cost_s, wanted = [], 0, 0.0, 2 * wanted
    if batch:
        yield Batch(tuple(batch), cost_s)


def _cost_s(sentence: str) -> float:
    """Estimated seconds of work; each script is read at once, so that only its first letters change the voice."""
    cost_s = _SENTENCE_S + len(sentence) * _CHARACTER_S
    if sentence.isascii():
        return cost_s
    scripts = Counter(
        unicodedata.name(letter, "").partition(" ")[0] for letter in sentence if letter.isalpha()
    )
    scripts.pop("LATIN", 0)
    return cost_s + scripts["CJK"] * _IDEOGRAPH_S + len(scripts) * _SCRIPT_S


def sentences(text: str) -> Iterator[str]:
    """`text` in pieces of at most SENTENCE_CHARS (and an ending), every non-space character kept in order but thoughts.

    A piece that ends a line or a paragraph keeps that as LINE_END or PARAGRAPH_END. Where a full stop may belong to
    an abbreviation the text is not cut: who knows the language decides, and packing looks at the phonemes only.
    Cut as they are asked for: all of 40,960 characters at once would hold the event loop for 50 ms.
    """
    piece, ending = "", ""
    for paragraph in _paragraphs(_THOUGHT.sub(PARAGRAPH_END, text)):
        for block in _blocks(paragraph):
            for part in (part for sentence in _split(block) for part in _shortened(sentence)):
                if piece:
                    yield piece + ending
                piece, ending = part, ""
            ending = LINE_END
        ending = PARAGRAPH_END
    if piece:
        yield piece


_THOUGHT: Final = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
"""What a model writes for itself: nobody wants to hear it. It goes over many lines, so it is taken out here."""

_ITEM: Final = re.compile(r"([-*+•>|#]|\d{1,3}[.)]|```|~~~)")
"""What a line begins with that is no continuation of the line before: list items, headings, tables, fences."""

_WRAP_COLUMNS: Final = range(40, 101)
"""Widths at which people and programs wrap lines."""


def _paragraphs(text: str) -> Iterator[list[str]]:
    lines: list[str] = []
    for line in (*text.splitlines(), ""):
        if stripped := line.strip():
            lines.append(stripped)
        elif lines:
            yield lines
            lines = []


def _blocks(lines: list[str]) -> Iterator[str]:
    """Lines joined where they were only wrapped."""
    is_wrapped = _is_wrapped(lines)
    block = lines[0]
    for line in lines[1:]:
        if is_wrapped and not _ITEM.match(line):
            block += f" {line}"
        else:
            yield block
            block = line
    yield block


def _is_wrapped(lines: list[str]) -> bool:
    """True if no line could have taken the first word of the next, and some line goes on in small letters."""
    width = max(map(len, lines))
    if width not in _WRAP_COLUMNS:
        return False
    breaks = [(before, line) for before, line in pairwise(lines) if not _ITEM.match(line)]
    return any(line[0].islower() for _, line in breaks) and all(
        len(before) + 1 + len(line.split(maxsplit=1)[0]) > width for before, line in breaks
    )


_STOP: Final = re.compile(
    r"(?<![.!?…؟।॥])[.!?…؟।॥]++[\"'”’»)\]]*+\s++|(?<![。！？｡．])[。！？｡．]++[”’」』）)\]]*+\s*+"
)
"""Possessive, and never tried inside a run of marks: 4,096 full stops cost 0.2 s, and twice as many four times that."""

_MAYBE_ABBREVIATION: Final = re.compile(
    r"(?:\b[A-Z]\w{0,3}|\w\.\w+|\b\w|^\d+"
    r"|\b(?:sigg?|dott|prof|avv|ing|arch|av|avda|bd|dr|mr|mrs|st|lic|gral|vol|vs|pp|cap|art)|डॉ|डा|प्रो|श्री)\.\s+$"
)
"""`Dr.`, `Capt.`, `e.g.`, `J.`, the number of a list item, and titles that some languages write small."""

_LONGEST_ABBREVIATION: Final = 16

_LATEST_STOP: Final = 10 * SENTENCE_CHARS
"""What goes on for so many characters is no abbreviation any more: to look for the end of 40,960 characters of `a. a. `
held the event loop for 50 ms."""


def _split(block: str) -> Iterator[str]:
    start = 0
    for stop in _STOP.finditer(block):
        # not from `start`: that is quadratic for a text full of abbreviations
        near = max(start, stop.start() - _LONGEST_ABBREVIATION)
        is_late = stop.end() - start > _LATEST_STOP
        if is_late or not (_goes_on(block, stop) or _MAYBE_ABBREVIATION.search(block, near, stop.end())):
            yield block[start : stop.end()].rstrip()
            start = stop.end()
    if start < len(block):
        yield block[start:]


_WITHIN_A_SENTENCE: Final = frozenset("$£€¥₹&%+=<~@")
_LIST_ITEM: Final = re.compile(r"\d{1,3}[.)]\s")


def _goes_on(block: str, stop: re.Match[str]) -> bool:
    """True for a full stop before a small letter or a figure: that of `etc. and`, `Main St. near` or `vol. 3`."""
    after = block[stop.end() : stop.end() + 1]
    return (
        stop[0].strip() == "."
        and (after.islower() or after.isdigit() or after in _WITHIN_A_SENTENCE)
        and not _LIST_ITEM.match(block, stop.end())
    )


_CUTS: Final = (
    re.compile(r".*(?:[^\W\d_]{5}\.|[!?…؟।])[\"'”’»)\]]*\s"),
    re.compile(r".*(?:[,;:—–،؛]\s|[、，；：])"),
    re.compile(r".*\s"),
)
"""Where a sentence that is too long is cut, best first."""


def _shortened(sentence: str) -> Iterator[str]:
    start = 0
    while len(sentence) - start > SENTENCE_CHARS:
        limit = start + SENTENCE_CHARS
        matches = (cut.match(sentence, start, limit) for cut in _CUTS)
        end = next((m.end() for m in matches if m and m.end() > start + SENTENCE_CHARS // 4), limit)
        if part := sentence[start:end].strip():
            yield part
        start = end
    if part := sentence[start:].strip():
        yield part
