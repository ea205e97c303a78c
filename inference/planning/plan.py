"""Where a text is cut: into sentences for the phonemizer, and its phonemes into segments for the model.

Pure: no clocks, no I/O, and the same text is always cut the same way. Knows no language and no voice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MODEL_TOKENS: Final = 510
"""Most tokens the model speaks at once."""

LINE_END: Final = "\n"
"""Ends a sentence that a line break ends, whatever its last character."""

PARAGRAPH_END: Final = "\n\n"
"""Ends the last sentence of a paragraph."""

SENTENCE_CHARS: Final = 300
"""Longest piece of text handed out as one sentence, characters."""

_FIRST_BATCH_CHARS: Final = 100
"""A little more than the first segment needs to be cut: it should not wait for the rest to be phonemised."""

_LONGEST_BATCH_CHARS: Final = 3200

_PARAGRAPH_PAUSE_S: Final = 0.5
_SENTENCE_PAUSE_S: Final = 0.25
_CLAUSE_PAUSE_S: Final = 0.1


# --- Text to sentences


def batches(text: str) -> Iterator[tuple[str, ...]]:
    """The sentences of `text` in groups: a small one first, then larger ones."""
    batch: list[str] = []
    wanted = _FIRST_BATCH_CHARS
    for sentence in sentences(text):
        batch.append(sentence)
        if sum(map(len, batch)) >= wanted:
            yield tuple(batch)
            batch, wanted = [], min(2 * wanted, _LONGEST_BATCH_CHARS)
    if batch:
        yield tuple(batch)


def sentences(text: str) -> list[str]:
    """`text` in pieces of at most SENTENCE_CHARS (and an ending), every non-space character kept in order.

    A piece that ends a line or a paragraph keeps that as LINE_END or PARAGRAPH_END. Where a full stop may belong to
    an abbreviation the text is not cut: who knows the language decides, and packing looks at the phonemes only.
    """
    pieces: list[str] = []
    for paragraph in _paragraphs(text):
        for block in _blocks(paragraph):
            pieces += [part for sentence in _split(block) for part in _shortened(sentence)]
            pieces[-1] += LINE_END
        pieces[-1] = pieces[-1].removesuffix(LINE_END) + PARAGRAPH_END
    if pieces:
        pieces[-1] = pieces[-1].rstrip(LINE_END)
    return pieces


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
    breaks = [(before, line) for before, line in pairwise(lines) if not _ITEM.match(line)]
    return (
        width in _WRAP_COLUMNS
        and any(line[0].islower() for _, line in breaks)
        and all(len(before) + 1 + len(line.split(maxsplit=1)[0]) > width for before, line in breaks)
    )


_STOP: Final = re.compile(r"(?:[.!?…؟।॥]+[\"'”’»)\]]*\s+|[。！？｡．]+[”’」』）)\]]*\s*)")
_MAYBE_ABBREVIATION: Final = re.compile(r"(?:\b[A-Z]\w{0,3}|\w\.\w+|\b\w|^\d+)\.\s+$")
"""`Dr.`, `Capt.`, `e.g.`, `J.`, and the number of a list item."""

_LONGEST_ABBREVIATION: Final = 16


def _split(block: str) -> Iterator[str]:
    start = 0
    for stop in _STOP.finditer(block):
        # not from `start`: that is quadratic for a text full of abbreviations
        if not _MAYBE_ABBREVIATION.search(
            block, max(start, stop.start() - _LONGEST_ABBREVIATION), stop.end()
        ):
            yield block[start : stop.end()].rstrip()
            start = stop.end()
    if start < len(block):
        yield block[start:]


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


# --- Phonemes to segments


_LEAST_GROWTH: Final = 1.2
_MOST_GROWTH: Final = 3.0


@dataclass(frozen=True)
class Limits:
    """How long segments are, in tokens; Kokoro speaks about 15 a second."""

    first: int = 28
    """Of the first segment. 1.9 s of speech: it decides when sound starts, and how long the second may take."""

    growth: float = 1.5
    """How much longer each segment may be than all before it: playback must not catch up."""

    most: int = 100
    """Of any segment. 7 s: longer ones hold a worker longer and grow its memory, for 3 % less CPU."""

    least: int = 12
    """Shorter segments sound clipped: they are avoided where the text allows, and a cut may slip by this much."""

    @classmethod
    def for_cost(cls, cost: float) -> Limits:
        """Limits for a machine where a second of audio takes `cost` CPU seconds of one thread.

        The second segment is started when the first begins to be played and has to be ready when that ends, so it may
        be 1 / cost times as long. Two thirds of that are kept for the silence that is spoken and cut and for other
        listeners: with half, 20 of 32 replies to four clients had a gap, with this 5, at the same CPU.
        """
        return cls(growth=min(max(1 / 3 / cost, _LEAST_GROWTH), _MOST_GROWTH))

    def __post_init__(self) -> None:
        if not (0 < self.least <= self.first <= self.most <= MODEL_TOKENS - self.least and self.growth >= 1):
            raise ValueError(
                f"not 0 < least <= first <= most <= {MODEL_TOKENS} - least, or growth < 1: {self}"
            )


@dataclass(frozen=True)
class Segment:
    """What the model speaks at once."""

    index: int
    phonemes: str
    """One character for each token."""

    pause_s: float
    """Silence that follows, seconds."""


def segments(pieces: Iterable[str], limits: Limits | None = None) -> Iterator[Segment]:
    """The segments of a text whose phonemes come in `pieces`, each as soon as enough of them has come."""
    packer = Packer(limits)
    for phonemes in pieces:
        yield from packer.feed(phonemes)
    yield from packer.finish()


class Packer:
    """Packs the phonemes of one text into segments. Lives as long as the text is being planned.

    A segment depends only on the phonemes that follow the one before it, never on how they were fed.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._index = 0
        self._taken = 0
        self._waiting = ""

    def feed(self, phonemes: str, *, ends_paragraph: bool = False) -> Iterator[Segment]:
        """The segments that `phonemes`, the next words of the text, settle; none for a text not yet long enough."""
        if words := " ".join(phonemes.split()):
            self._waiting += f"{words} "
        if ends_paragraph and self._waiting:
            self._waiting = self._waiting[:-1] + "\n"
        while cut := _cut(self._waiting.rstrip(), self._target, self._limits):
            yield self._take(cut)

    def finish(self) -> Iterator[Segment]:
        """The rest: no more will be fed."""
        self._waiting = self._waiting.rstrip()
        while self._waiting:
            yield self._take(_cut(self._waiting, self._target, self._limits, is_all=True))

    def _take(self, cut: int) -> Segment:
        phonemes, gap, rest = self._waiting[:cut], self._waiting[cut : cut + 1], self._waiting[cut:].lstrip()
        segment = Segment(self._index, phonemes.replace("\n", " "), _pause_s(phonemes, gap) if rest else 0.0)
        self._waiting = rest
        self._index += 1
        self._taken += len(phonemes)
        return segment

    @property
    def _target(self) -> int:
        """Tokens wanted of the next segment: as many as can be spoken while all before it is played."""
        limits = self._limits
        if not self._taken:
            return limits.first
        return min(max(int(self._taken * limits.growth), limits.least), limits.most)


_PARAGRAPH: Final = re.compile(r"\S(\n)")
_SENTENCE: Final = re.compile(r"[.!?…][”\")]*(\s)")
_CLAUSE: Final = re.compile(r"[,;:—][”\")]*(\s)")
_PHRASE: Final = re.compile(r"ˈ[^\sˈ]*(\s)(?=[^\sˈ]+\s)")
"""After a stressed word and before an unstressed one, which most often opens the next phrase."""

_WORD: Final = re.compile(r"\S(\s)")
_END: Final = re.compile(r"$^")
"""No boundary: stands for the end of the text among the preferences."""


def _cut(text: str, target: int, limits: Limits, *, is_all: bool = False) -> int:
    """Where the first segment of `text` ends, as a position; 0 if text still to come may decide that.

    At the best boundary up to `target`; a sentence or clause that ends soon after it may end first. Neither the
    segment nor what is left of the text falls below the least length if there is another way.
    """
    reach = target + limits.least
    seen = reach + limits.least
    is_end = is_all and len(text) <= seen
    if len(text) <= seen and not is_end:
        return 0
    latest = len(text) - limits.least - 1 if is_end else reach
    preferences = (
        (_PARAGRAPH, limits.least, reach, 0),
        (_END, 0, target, 0),
        (_SENTENCE, limits.least, target, -1),
        (_SENTENCE, target, reach, 0),
        (_CLAUSE, max(limits.least, target // 3), reach, -1),
        (_END, 0, reach, 0),
        (_PHRASE, max(limits.least, target // 2), target, -1),
        (_WORD, limits.least, target, -1),
        (_WORD, target, reach, 0),
    )
    for boundary, low, high, nth in preferences:
        if boundary is _END:
            if is_end and len(text) <= high:
                return len(text)
            continue
        ends = [end for end in _ends(boundary, text[: seen + 1]) if low <= end <= min(high, latest)]
        if ends:
            return ends[nth]
    return _cut_long_word(text, limits, is_all=is_all)


def _cut_long_word(text: str, limits: Limits, *, is_all: bool) -> int:
    """Where a segment ends that no usable boundary is near: beside its long word, or inside one over the limit."""
    ends = _ends(_WORD, text[: limits.most + 1])
    if after := next((end for end in ends if end >= limits.least), 0):
        return after
    if len(text) <= limits.most + limits.least and not is_all:
        return 0
    if len(text) <= limits.most:
        return len(text)
    if ends:
        return ends[-1]
    return min(limits.most, len(text) - limits.least)


def _ends(boundary: re.Pattern[str], text: str) -> list[int]:
    return [match.start(1) for match in boundary.finditer(text)]


def _pause_s(phonemes: str, gap: str) -> float:
    """Silence that the end of a segment asks for, by its last mark and the gap after it."""
    if gap == "\n":
        return _PARAGRAPH_PAUSE_S
    mark = phonemes.rstrip('”")')[-1:]
    if mark in ".!?…":
        return _SENTENCE_PAUSE_S
    return _CLAUSE_PAUSE_S if mark in ",;:—" else 0.0
