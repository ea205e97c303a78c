"""Chinese words to phonemes: misaki's letters, with the tones that 一 and 不 take from what follows them.

Knows neither figures nor marks.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inference.text.readings import Readings

_ONES: Final = frozenset("零〇一二三四五六七八九十")
_FIGURES: Final = _ONES | frozenset("百千万亿点")
_COUNTED: Final = frozenset("年天步个层次")
"""Not said twice with 一 between, as `看一看` is: `去年一年`."""
_NO_COUNT: Final = frozenset("月号日楼班")
"""After one of these 一 is a first: 一月 is January, 一楼 the first floor."""

_ENDS_IN_ONE: Final = frozenset(
    ("统一", "唯一", "万一", "专一", "单一", "周一", "星期一", "礼拜一", "第一", "之一")
)
_KEPT: Final = 4096
"""Words and syllables that are read once: there are 1,600 syllables, and either takes 50 µs."""

_RUN: Final = re.compile(r"[\u4e00-\u9fff]+|[^\u4e00-\u9fff]+")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")


class ChineseReader:
    """Reads Han. Lives as long as its worker process."""

    def __init__(
        self,
        misaki: Any,
        cut: Callable[[str], list[str]],
        pinyin: Callable[[str], list[str]],
        readings: Readings,
    ) -> None:
        """`misaki` is its ZHG2P, `cut` makes words of a text, `pinyin` syllables with their tones of a word.

        `readings` are syllables of single characters that are said otherwise where they stand.
        """
        self._sound: Final = lru_cache(_KEPT)(misaki.py2ipa)
        self._cut: Final = cut
        self._pinyin: Final = lru_cache(_KEPT)(pinyin)
        self._readings: Final = readings
        self._read_otherwise: Final = re.compile(readings.pattern)

    def phonemes(self, text: str) -> str:
        """Han become phonemes, everything else stays."""
        return "".join(self._han(run) if _HAN.match(run) else run for run in _RUN.findall(text)).replace(
            "\u032f", ""
        )

    def _han(self, run: str) -> str:
        words = self._cut(run)
        syllables = [self._pinyin(word) for word in words]
        flat = [syllable for word in syllables for syllable in word]
        if len(flat) == len(run):
            for match in self._read_otherwise.finditer(run):
                flat[match.start()] = self._readings.said(match)
            ends = {end for end in _ends(words) if run[:end].endswith(tuple(_ENDS_IN_ONE))}
            flat = [
                _toned(run, flat, index) if run[index] in "一不" and index + 1 not in ends else syllable
                for index, syllable in enumerate(flat)
            ]
        said = iter(flat)
        return " ".join("".join(self._sound(next(said)) for _ in word) for word in syllables)


def _ends(words: Sequence[str]) -> list[int]:
    ends, end = [], 0
    for word in words:
        end += len(word)
        ends.append(end)
    return ends


def _toned(run: str, syllables: Sequence[str], index: int) -> str:
    """The syllable of a 一 or 不 with its tone: rising before a falling one, 一 falling before others."""
    here, before = run[index], run[index - 1 : index]
    after, next_syllable = run[index + 1 : index + 2], "".join(syllables[index + 1 : index + 2])
    is_decimal = after == "点" and run[index + 2 : index + 3] in _FIGURES
    is_figure = (before and before in _FIGURES) or (after and after in _ONES) or is_decimal
    if before and before == after and not is_figure and before not in _COUNTED:
        return syllables[index][:-1] + "5"  # 看一看, 好不好
    is_falling = next_syllable.endswith("4") or after == "个"
    if here == "不":
        return "bu2" if is_falling else "bu4"
    if not after or is_figure or before == "第" or after in _NO_COUNT:
        return "yi1"
    return "yi2" if is_falling else "yi4"
