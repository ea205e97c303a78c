"""Figures before what they count in Japanese, whose sounds change each other: `3本` is `サンボン`.

Knows no other figures. The counters are in the phrase book, with what is said for one to ten and for a hundred of
each; `-` leaves it to the dictionary. A number with a name of its own follows them: `20=ハツカ`. A single word changes
as its first sound has it: `シャ` is `イッシャ`, `ロクシャ`.
"""

from __future__ import annotations

import re
from typing import Any, Final

_FIGURES: Final = ("-", "イチ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュー")
_HUNDREDS: Final = tuple(
    f"{hundred}ャク"
    for hundred in ("-", "ヒ", "ニヒ", "サンビ", "ヨンヒ", "ゴヒ", "ロッピ", "ナナヒ", "ハッピ", "キューヒ")
)
_THOUSANDS: Final = tuple(
    f"{thousand}ン"
    for thousand in ("-", "セ", "ニセ", "サンゼ", "ヨンセ", "ゴセ", "ロクセ", "ナナセ", "ハッセ", "キューセ")
)
_SUFFIXES: Final = {"間": "カン", "目": "メ", None: ""}
_DOUBLED: Final = {
    **dict.fromkeys("カキクケコ", (1, 6, 8, 10, 11)),
    **dict.fromkeys("サシスセソタチツテト", (1, 8, 10)),
    **dict.fromkeys("ハヒフヘホ", (1, 6, 8, 10, 11)),
}
"""Places in a row of readings where the next sound makes a figure short: `イッ`, `ロッ`, `ハッ`, `ジュッ`, `ヒャッ`."""

_HARD: Final = dict(zip("ハヒフヘホ", "パピプペポ", strict=True))
_HAN: Final = "一二三四五六七八九"
_LEAVE: Final = "-"
_TEN: Final = 10


class Counters:
    """The counters of one language. Lives as long as its rules."""

    def __init__(self, book: dict[str, Any]) -> None:
        counters: dict[str, str] = book.get("counters", {})
        each_said = [readings.split() for readings in counters.values()]
        self._readings: Final = [_row([said for said in each if "=" not in said]) for each in each_said]
        self._names: Final = [dict(said.split("=") for said in each if "=" in said) for each in each_said]
        self._kept: Final = re.compile(book.get("not_counted", "(?!)"))
        each = "|".join(f"({counter})" for counter in counters) or "(?!)"
        self.pattern: Final = (
            rf"(?:(?<![\d.,/:-])(?P<figures>[1-9]\d{{0,3}}|[1-9],\d{{3}})"
            rf"|(?<![{_HAN}十百千万億〇数何幾半])(?P<han>[{_HAN}十百千]{{1,7}}))(?:{each})(?P<suffix>間(?!隔)|目)?"
        )

    def said(self, match: re.Match[str]) -> str:
        """The figures and their counter in kana, or what stands there where the dictionary knows better."""
        number = int(match["figures"].replace(",", "")) if match["figures"] else _of_han(match["han"])
        counter = next(index for index, found in enumerate(match.groups()[2:-1]) if found)
        said = self._names[counter].get(str(number)) or _counted(number, self._readings[counter])
        if said in {None, _LEAVE} or self._kept.match(match[0]):
            return match[0]
        return f"{said}{_SUFFIXES[match['suffix']]}"


def _row(said: list[str]) -> list[str]:
    """What is said for one to ten and for a hundred; of a single word by its first sound."""
    if len(said) != 1:
        return said
    word = said[0]
    hard = _HARD.get(word[0], word[0]) + word[1:]
    row = [f"{figure}{word}" for figure in (*_FIGURES[1:], "ジュー", "ヒャク")]
    for place in _DOUBLED.get(word[0], ()):
        row[place - 1] = f"{row[place - 1].removesuffix(word)[:-1]}ッ{hard}"
    if word != hard:
        row[2] = f"サン{hard}"
    return row


def _counted(number: int, readings: list[str]) -> str | None:
    """In kana; None where the book leaves it to the dictionary."""
    thousands, hundreds, tens, ones = (number // size % 10 for size in (1000, 100, 10, 1))
    words = _THOUSANDS[thousands] if thousands else ""
    if ones or tens:
        words += _HUNDREDS[hundreds] if hundreds else ""
    if ones:
        last = readings[ones - 1]
        words += (_FIGURES[tens] if tens > 1 else "") + "ジュー" if tens else ""
    elif tens:
        last = readings[_TEN - 1]
        words += _FIGURES[tens] if tens > 1 else ""
    elif hundreds:
        last = _of_hundreds(hundreds, readings[_TEN])
    else:
        last = readings[1].removeprefix("ニ")
    return None if last == _LEAVE else words + last


def _of_hundreds(hundreds: int, one: str) -> str:
    """`サンビャッポン` after `ヒャッポン`."""
    return one if one == _LEAVE else _HUNDREDS[hundreds][:-1] + one.removeprefix("ヒャ")


def _of_han(written: str) -> int:
    """`千二十三` as 1023."""
    number = 0
    for part in re.findall(rf"([{_HAN}]?)([十百千]?)", written):
        figure = _HAN.index(part[0]) + 1 if part[0] else int(bool(part[1]))
        number += figure * {"千": 1000, "百": 100, "十": _TEN, "": 1}[part[1]]
    return number
