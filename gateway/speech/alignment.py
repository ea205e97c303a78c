"""Alignment: when each character of a text is heard, made of when its words are. Knows no message and no format.

Clients of a voice play captions by it, and some keep their clock by it: the alignments of a text follow each other
without a gap and cover its sound to the millisecond, pauses included, and each piece of speech ends with a space.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inference import HeardWord


def delayed(words: Iterable[HeardWord], by_s: float) -> list[HeardWord]:
    """The same words, heard so much later."""
    return [replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s) for word in words]


@dataclass(frozen=True)
class Alignment:
    """When each character of a part of a text is heard."""

    characters: list[str]
    starts_ms: list[int]
    """From the beginning of the sound of the text; a character is heard until the next one is."""

    end_ms: int
    """Until when the last one is heard."""

    def __add__(self, after: Alignment) -> Alignment:
        return Alignment(self.characters + after.characters, self.starts_ms + after.starts_ms, after.end_ms)

    @property
    def ends_ms(self) -> list[int]:
        """Until when each is heard."""
        return [*self.starts_ms[1:], self.end_ms]


class Aligner:
    """Aligns one text as its sound is made. Lives as long as that."""

    def __init__(self) -> None:
        self._told = 0
        """Characters that are in an alignment."""

        self._until_s = 0.0
        """How far into the sound the alignments reach."""

        self._is_open = False
        """The last one ended without a space."""

    def align(
        self, text: str, words: Sequence[HeardWord], end_s: float, *, ends_speech: bool, until: int = 0
    ) -> Alignment | None:
        """The alignment of the sound from the last one's end to `end_s`, in which these words of `text` begin.

        None where no word does: the next one is of that sound too. With `ends_speech` a pause follows, or the end.
        No word follows `until` there: what is left, such as an emoji, is told with the last one.
        """
        if not words and not (ends_speech and self._is_open):
            return None
        line = _Line(self._until_s)
        for word in words:
            gap = text[self._told : word.start]
            line.put(gap if self._is_open else gap.lstrip(), word.start_s)
            line.put(text[word.start : word.end], min(word.end_s, end_s))
            self._told, self._is_open = word.end, True
        if ends_speech:
            unspoken = text[self._told : until].rstrip()
            line.put(unspoken, line.until_s)
            self._told += len(unspoken)
            self._told += text[self._told : self._told + 1].isspace()
            line.put(" ", end_s)
            self._is_open = False
        self._until_s = end_s
        return Alignment(
            line.characters, [round(start_s * 1000) for start_s in line.starts_s], round(end_s * 1000)
        )


class _Line:
    """Characters one after the other, without a gap in time. Lives as long as one alignment is made."""

    def __init__(self, until_s: float) -> None:
        self.characters: list[str] = []
        self.starts_s: list[float] = []
        self.until_s = until_s

    def put(self, text: str, until_s: float) -> None:
        """These characters are heard from where the last ones end until then, each for as long as the others."""
        lasts_s = max(until_s - self.until_s, 0.0)
        self.characters += text
        self.starts_s += [self.until_s + lasts_s * i / len(text) for i in range(len(text))]
        if text:
            self.until_s += lasts_s
