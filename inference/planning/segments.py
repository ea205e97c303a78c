"""Where speech is cut: phonemes into segments that the model speaks at once.

Pure: no clocks, no I/O, and the same phonemes are always cut the same way. Knows no language and no voice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from inference.protocol import Word

MODEL_TOKENS: Final = 510
"""Most tokens the model speaks at once."""

_PARAGRAPH_PAUSE_S: Final = 0.5
_SENTENCE_PAUSE_S: Final = 0.25
_CLAUSE_PAUSE_S: Final = 0.1


@dataclass(frozen=True)
class Limits:
    """How long segments are, in tokens; Kokoro speaks about 15 a second."""

    first: int = 40
    """Wanted of the first segment, whose score must be there before the first sound: a short sentence or two."""

    first_most: int = 120
    """Of a first sentence that is spoken whole: 8 s, whose score costs a sixth of a first window more for each."""

    wanted: int = 100
    """Of the others, 7 s: sentences are spoken together as long as they fit."""

    most: int = 220
    """Of a sentence that is spoken whole."""

    least: int = 12
    """Shorter segments sound clipped: they are avoided where the text allows, and a cut may slip by this much."""

    def __post_init__(self) -> None:
        if not (
            0 < self.least <= self.first <= self.first_most <= self.most <= MODEL_TOKENS - self.least
            and self.first <= self.wanted <= self.most
        ):
            raise ValueError(f"limits that contradict each other or the model: {self}")


@dataclass(frozen=True)
class Segment:
    """What the model speaks at once."""

    index: int
    phonemes: str
    """One character for each token."""

    pause_s: float
    """Silence that follows, seconds."""

    is_last: bool
    """It ends the text."""

    speed: float = 1.0
    """How many times as fast as the rest the writer wants it."""

    asked_s: float = 0.0
    """Silence that follows instead where the writer asked for it, in seconds on the clock, at whatever speed."""

    words: tuple[Word, ...] = ()
    """Those that begin in it, where they are known."""


def segments(pieces: Iterable[str], limits: Limits | None = None) -> Iterator[Segment]:
    """The segments of a text whose phonemes come in `pieces`, each as soon as enough of them has come."""
    packer = Packer(limits)
    for phonemes in pieces:
        yield from packer.feed(phonemes)
    yield from packer.finish()


_MARKED: Final = re.compile(r"[.!?…,;:—][”\")]*$")
"""Phonemes that end with a mark by which the model hears how to end them."""


class Packer:
    """Packs the phonemes of one text into segments. Lives as long as the text is being planned.

    A segment depends only on the phonemes that follow the one before it, never on how they were fed.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._index = 0
        self._waiting = ""
        self._words: list[Word] = []
        self._speed = 1.0
        """Of what is waiting, as the words are."""

        self._ended: Segment | None = None
        """One that the writer ended: it waits for what follows, or to be the last."""

    def feed(
        self,
        phonemes: str,
        *,
        ends_paragraph: bool = False,
        speed: float = 1.0,
        asked_s: float = 0.0,
        words: Iterable[Word] = (),
    ) -> Iterator[Segment]:
        """The segments that `phonemes`, the next words of the text, settle; none for a text not yet long enough.

        A segment ends where the speed changes, and where the writer asked for silence. None of them is the last:
        something is always left for `finish`.
        """
        spoken = " ".join(phonemes.split())
        if spoken:
            if speed != self._speed:
                yield from self._end()
            self._speed = speed
            yield from self._release()
            self._words += [word.moved(tokens=len(self._waiting)) for word in words]
            self._waiting += f"{spoken} "
        if ends_paragraph and self._waiting:
            self._waiting = self._waiting[:-1] + "\n"
        while cut := _cut(self._waiting.rstrip(), self._reach, self._limits):
            yield self._take(cut)
        if asked_s:
            yield from self._end()
            ended = self._ended or self._segment("", 0.0)
            self._ended = replace(ended, asked_s=ended.asked_s + asked_s)

    @property
    def is_holding(self) -> bool:
        """Something waits for what follows."""
        return bool(self._waiting or self._ended)

    def flush(self) -> Iterator[Segment]:
        """All that waits, though more will be fed."""
        yield from self._end(".")
        yield from self._release()

    def finish(self) -> Iterator[Segment]:
        """The rest: no more will be fed."""
        yield from self._end(".")
        if self._ended:
            self._ended = replace(self._ended, pause_s=0.0, is_last=True)
        yield from self._release()

    def _end(self, mark: str = ",") -> Iterator[Segment]:
        """All that waits; its last segment, which gets the mark if it has none, is held as the ended one."""
        while waiting := self._waiting.rstrip():
            yield from self._release()
            cut = _cut(waiting, self._reach, self._limits, is_all=True)
            self._ended = self._take(cut, mark if cut == len(waiting) else "")

    def _release(self) -> Iterator[Segment]:
        if self._ended:
            yield self._ended
        self._ended = None

    def _take(self, cut: int, mark: str = "") -> Segment:
        phonemes, gap, rest = self._waiting[:cut], self._waiting[cut : cut + 1], self._waiting[cut:].lstrip()
        if gap == "\n":
            mark = "."
        if mark and not _MARKED.search(phonemes):
            # Else the last word loses its end: "ready to change" is heard as "ready to chain".
            phonemes += mark
        words = tuple(word for word in self._words if word.token < cut)
        gone = len(self._waiting) - len(rest)
        self._words = [word.moved(tokens=-gone) for word in self._words[len(words) :]]
        self._waiting = rest
        return self._segment(phonemes.replace("\n", " "), _pause_s(phonemes, gap), words)

    def _segment(self, phonemes: str, pause_s: float, words: tuple[Word, ...] = ()) -> Segment:
        self._index += 1
        return Segment(self._index - 1, phonemes, pause_s, False, self._speed, words=words)

    @property
    def _reach(self) -> Reach:
        limits = self._limits
        if self._index:
            return Reach(limits.wanted, limits.most)
        return Reach(limits.first, limits.first_most)


@dataclass(frozen=True)
class Reach:
    """How far a segment may reach, in tokens."""

    wanted: int
    most: int
    """For a sentence that is spoken whole."""


class Boundary(Enum):
    """Where speech may be cut; the group of each pattern is the gap after the segment."""

    PARAGRAPH = re.compile(r"\S(\n)")
    SENTENCE = re.compile(r"[.!?…][”\")]*(\s)")
    CLAUSE = re.compile(r"[,;:—][”\")]*(\s)")
    PHRASE = re.compile(r"ˈ[^\sˈ]*(\s)(?=[^\sˈ]+\s)")
    """After a stressed word and before an unstressed one, which most often opens the next phrase."""
    WORD = re.compile(r"\S(\s)")

    def ends(self, text: str) -> list[int]:
        """Every position in `text` where a segment that ends here would end."""
        return [gap.start(1) for gap in self.value.finditer(text)]


@dataclass(frozen=True)
class Preference:
    """A boundary that would be a good end for a segment, if there is one from `low` to `high`."""

    boundary: Boundary | None
    """None: the end of the text, wherever it is up to `high`."""

    low: int
    high: int
    takes: Literal["first", "last"] = "first"
    """Which of the boundaries found."""


def _preferences(reach: Reach, least: int) -> tuple[Preference, ...]:
    """Where a segment may end, best first."""
    wanted, most = reach.wanted, reach.most
    return (
        Preference(Boundary.PARAGRAPH, least, wanted + least),
        Preference(None, 0, wanted),
        Preference(Boundary.SENTENCE, least, wanted, takes="last"),
        Preference(Boundary.SENTENCE, wanted, most),
        Preference(None, 0, most),
        Preference(Boundary.CLAUSE, max(least, wanted // 3), wanted + least, takes="last"),
        Preference(Boundary.CLAUSE, wanted, most),
        Preference(Boundary.PHRASE, max(least, wanted // 2), most, takes="last"),
        Preference(Boundary.WORD, least, most, takes="last"),
    )


def _cut(text: str, reach: Reach, limits: Limits, *, is_all: bool = False) -> int:
    """Where the first segment of `text` ends, as a position; 0 if text still to come may decide that.

    At the best boundary there is. Neither the segment nor what is left of the text falls below the least length if
    there is another way.
    """
    least = limits.least
    for preference in _preferences(reach, least):
        seen = preference.high + least
        is_end = len(text) <= seen
        if is_end and not is_all:
            return 0
        if preference.boundary is None:
            if is_end and len(text) <= preference.high:
                return len(text)
            continue
        high = min(preference.high, len(text) - least - 1) if is_end else preference.high
        ends = [end for end in preference.boundary.ends(text[: seen + 1]) if preference.low <= end <= high]
        if ends:
            return ends[0] if preference.takes == "first" else ends[-1]
    return _cut_long_word(text, limits, is_all=is_all)


def _cut_long_word(text: str, limits: Limits, *, is_all: bool) -> int:
    """Where a segment ends that no usable boundary is near: beside its long word, or inside one over the limit."""
    ends = Boundary.WORD.ends(text[: limits.most + 1])
    if after := next((end for end in ends if end >= limits.least), 0):
        return after
    if len(text) <= limits.most + limits.least and not is_all:
        return 0
    if len(text) <= limits.most:
        return len(text)
    if ends:
        return ends[-1]
    return min(limits.most, len(text) - limits.least)


def _pause_s(phonemes: str, gap: str) -> float:
    """Silence that the end of a segment asks for, by its last mark and the gap after it."""
    if gap == "\n":
        return _PARAGRAPH_PAUSE_S
    mark = phonemes.rstrip('”")')[-1:]
    if mark in ".!?…":
        return _SENTENCE_PAUSE_S
    return _CLAUSE_PAUSE_S if mark in ",;:—" else 0.0
