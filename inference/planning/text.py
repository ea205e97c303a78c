"""Text: what is to be spoken, on its way to the text worker in stretches. Whole, or still being written.

Knows no language: where sentences end is the text worker's to say.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inference.protocol import LONGEST_READING_S, TextJob

if TYPE_CHECKING:
    from inference.pronunciations import Pronunciations

_FIRST_CHARS: Final = 100
"""Wanted of the first stretch, a little more than the first segment needs: it should not wait for the rest."""

_MOST_CHARS: Final = 6400
"""Wanted of a stretch at most; each is twice as long as the one before."""

_LOOK_CHARS: Final = 700
"""Given beyond what is wanted: two sentences at their longest, so that the last one is seen to its end."""

_CHARACTER_S: Final = 20e-6
_IDEOGRAPH_S: Final = 120e-6
_SCRIPT_S: Final = 6e-3
"""What the text worker takes for each character, for one of Chinese, and to change to another voice."""

_MAY_END: Final = re.compile(r"[.!?…؟।॥。！？｡．\n\r]")
"""What a sentence of a text that is being written may have ended with."""

_ENDED: Final = re.compile(r"[.!?…؟।॥。！？｡．][\"'”’»)\]」』）]{0,3}\s{0,3}\Z")
_ENDING_CHARS: Final = 8

_LONG: Final = 400
"""So many characters without such a mark are looked at too: they are cut at a clause."""


@dataclass(frozen=True)
class Stretch:
    """A part of a text, from where the last one was read to."""

    text: str
    most: int
    """Characters wanted: the sentence that reaches this is the last."""

    is_all: bool
    """It is read to its end: nothing follows, or what follows is no part of it."""

    context: str
    """What the text worker said of the text before it."""

    start: int
    """Where it begins in the text, characters."""

    def job(
        self, request_id: str, language: str, pronunciations: Pronunciations, *, is_timed: bool
    ) -> TextJob:
        """To have it read."""
        words = pronunciations.found_in(self.text)
        return TextJob(request_id, self.text, language, self.most, self.is_all, self.context, words, is_timed)

    @property
    def cost_s(self) -> float:
        """Estimated seconds of that work."""
        return min(_cost_s(self.text[: self.most]), LONGEST_READING_S)


class Text:
    """A text, of which one reader takes stretches. Lives as long as its utterance."""

    def __init__(self, text: str = "", *, is_whole: bool = True) -> None:
        """One that is not whole grows by `append` until `end`."""
        self.is_growing = not is_whole
        self.is_flushed = False
        """What follows begins a new sentence."""

        self._text = text
        """What has not been read."""

        self._start = 0
        self._context = ""
        self._wanted = _FIRST_CHARS
        self._look = _LOOK_CHARS
        self._flushes = deque([len(text)] if is_whole else [])
        """So much of it is read whether or not anything follows: up to each of these, one after the other."""

        self._looked_at = 0
        """So much of it is known to hold no sentence whose end is certain."""

        self._has_changed = asyncio.Event()

    def append(self, text: str) -> None:
        """It goes on: joined as it is to what came before."""
        self.is_flushed = False
        self._text += text
        self._has_changed.set()

    def flush(self) -> None:
        """All there is so far is to be spoken now: what follows begins a new sentence."""
        self.is_flushed = True
        if not self._flushes or self._flushes[-1] < len(self._text):
            self._flushes.append(len(self._text))
        self._has_changed.set()

    def rest(self) -> None:
        """The writer has paused: if the text ends like a sentence, it is one."""
        if _ENDED.search(self._text[-_ENDING_CHARS:]):
            self.flush()

    def end(self) -> None:
        """Nothing follows."""
        self.is_growing = False
        self.flush()
        self._forget_flushes()

    async def stretch(self, patience_s: float | None = None) -> Stretch | None:
        """The next part to read, as soon as it may hold a sentence; None at the end of the text.

        An empty one where a flush has nothing left to read, and when nothing has come for `patience_s`.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while not self._is_worth_reading:
                    if not self.is_growing:
                        return None
                    self._has_changed.clear()
                    await self._has_changed.wait()
        end = self._wanted + self._look
        flush = self._flushes[0] if self._flushes else end + 1
        is_all = flush <= end
        text = self._text[: min(flush, end)] if self._is_worth_reading else ""
        return Stretch(text, self._wanted, is_all, self._context, self._start)

    def read(self, stretch: Stretch, taken: int, context: str) -> None:
        """So many characters of the stretch were read: what is left comes again."""
        self._look = _LOOK_CHARS if taken else 2 * self._look
        self._wanted = min(2 * self._wanted, _MOST_CHARS) if taken else self._wanted
        self._looked_at = 0 if taken else len(stretch.text)
        self._text = self._text[taken:]
        self._start += taken
        self._flushes = deque(max(flush - taken, 0) for flush in self._flushes)
        if not self.is_growing:
            self._forget_flushes()
        self._context = context

    @property
    def characters_read(self) -> int:
        """How far it has been read."""
        return self._start

    @property
    def is_read(self) -> bool:
        """Nothing of it is left to read."""
        return not self._text.strip()

    def takes_flush(self) -> bool:
        """Whether a flush was asked for and all before it has been read; told once."""
        is_done = bool(self._flushes) and not self._flushes[0]
        if is_done:
            self._flushes.popleft()
        return is_done

    def _forget_flushes(self) -> None:
        """Those that have been read, for nobody asks any more."""
        while self._flushes and not self._flushes[0]:
            self._flushes.popleft()

    @property
    def _is_worth_reading(self) -> bool:
        if self._flushes:
            return bool(self._flushes[0]) or self.is_growing
        is_new = len(self._text) > self._looked_at
        return is_new and (len(self._text) > _LONG or _MAY_END.search(self._text) is not None)


def _cost_s(text: str) -> float:
    """Estimated seconds of work; each script is read at once, so that only its first letters change the voice."""
    cost_s = len(text) * _CHARACTER_S
    if text.isascii():
        return cost_s
    scripts = Counter(unicodedata.name(letter, "").partition(" ")[0] for letter in text if letter.isalpha())
    scripts.pop("LATIN", 0)
    return cost_s + scripts["CJK"] * _IDEOGRAPH_S + len(scripts) * _SCRIPT_S
