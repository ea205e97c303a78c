"""The lexicon that Kokoro was trained with, looked up where it lies. Knows no rules of any language.

It is misaki's (Apache-2.0): JSON, sorted, a word a line. Mapped and searched by halves it takes nothing to open and
20 µs a word; read whole it would take 0.2 s and 60 MB.
"""

from __future__ import annotations

import importlib.util
import json
import mmap
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

from inference.errors import EngineFailed

Entry: TypeAlias = "str | dict[str, str | None]"
"""Phonemes, or phonemes by part of speech: `DEFAULT`, `NOUN`, `VERB`, `ADJ`, ..., and `None` before a mark."""

_KEPT_WORDS: Final = 4096
"""Looked up once as long as so many others are not: most words of a text are a few hundred, again and again."""

_KEY: Final = b'\n  "'
"""What a word begins with; parts of speech stand further in."""


class Lexicon:
    """One mapped file of words. Lives as long as its worker process."""

    def __init__(self, name: str) -> None:
        """Map `us_gold`, `us_silver`, `gb_gold` or `gb_silver` of the installed misaki; nothing of it is imported.

        Raises:
            EngineFailed: misaki is not installed.
        """
        package = importlib.util.find_spec("misaki")
        if package is None or not package.submodule_search_locations:
            raise EngineFailed("misaki is not installed")
        path = Path(package.submodule_search_locations[0]) / "data" / f"{name}.json"
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

        self.get: Final = lru_cache(_KEPT_WORDS)(self._look_up)
        """What is known of a word in exactly this spelling."""

    def _look_up(self, word: str) -> Entry | None:
        wanted = json.dumps(word, ensure_ascii=False).encode(errors="replace")[1:-1]
        low, high = 0, len(self._map)
        while low < high:
            middle = (low + high) // 2
            start = self._map.find(_KEY, middle, high + len(_KEY) - 1)
            if start < 0:
                high = middle
                continue
            begin = start + len(_KEY)
            found = self._map[begin : self._map.find(b'":', begin)]
            if found == wanted:
                return self._entry(begin + len(found) + 2)
            if found < wanted:
                low = begin
            else:
                high = middle
        return None

    def _entry(self, start: int) -> Entry:
        end = self._map.find(_KEY, start)
        value = self._map[start : end if end >= 0 else self._map.rfind(b"}")].decode()
        entry: Entry = json.loads(value.rstrip().rstrip(","))
        return entry
