"""Captions: the words of a text, and when they are heard, for people to read along. Knows no route and no file.

SubRip and WebVTT as players take them; cues of two lines at most, cut where sentences or clauses end.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inference import HeardWord

CaptionFormat = Literal["srt", "vtt", "json"]
CAPTION_FORMATS: Final[tuple[str, ...]] = get_args(CaptionFormat)

_LINE: Final = 42
"""Columns of a line; subtitles for television have 37 to 42. Chinese and Japanese characters take two."""

_SHORTEST_S, _LONGEST_S = 1.0, 7.0
"""How long a cue is shown, where there is time for the one and more to say than the other."""

_LONGEST_GAP: Final = 3
"""Characters between two words that are shown, such as a dash; more is something that was left unspoken."""

_MARKUP: Final = re.compile(
    r"""
    \[ (?= [^\[\]]*+ (?: \]\( | \Z ) )        # of a link, whose words may be several
    | \]\( [^()\s]*+ (?: \([^()\s]*+\) )?+ [^()]*+ \)
    | (?<!`) </? [a-zA-Z!] [^<>]*+ >           # but not of one that is written about
    | (?<!\w) [*_`~]++ (?=\S) | (?<=\S) [*_`~]++ (?!\w) | ^\#++ (?=\w)
    """,
    re.VERBOSE,
)
_SENTENCE_END: Final = re.compile(r"[.!?…。！？।][\"'”’»)\]」』）]*\Z")
_CLAUSE_END: Final = re.compile(r"[,;:—，、；：،][\"'”’»)\]」』）]*\Z")


def timestamps(text: str, words: Iterable[HeardWord]) -> list[dict[str, Any]]:
    """The words as Kokoro-FastAPI's clients read them, in seconds, with where they stand in the text, in characters."""
    return [
        {
            "word": _shown(text, word),
            "start_time": round(word.start_s, 3),
            "end_time": round(word.end_s, 3),
            "start_index": word.start,
            "end_index": word.end,
        }
        for word in words
    ]


def written(name: str, text: str, words: Sequence[HeardWord]) -> str:
    """Captions in the format of that name."""
    match name:
        case "srt":
            return "".join(_srt(number, cue) for number, cue in enumerate(cues(text, words), 1))
        case "vtt":
            return "WEBVTT\n\n" + "".join(map(_vtt, cues(text, words)))
        case _:
            return json.dumps({"timestamps": timestamps(text, words)}, ensure_ascii=False)


@dataclass(frozen=True)
class Cue:
    """What is shown at once."""

    start_s: float
    end_s: float
    lines: tuple[str, ...]


def cues(text: str, words: Sequence[HeardWord]) -> list[Cue]:
    """The words in cues, each shown while its words are heard, and for a second where there is time."""
    cut = [0]
    while cut[-1] < len(words):
        cut.append(_end(text, words, cut[-1]))
    shown = []
    for first, after in pairwise(cut):
        start_s, end_s = words[first].start_s, words[after - 1].end_s
        next_s = words[after].start_s if after < len(words) else end_s
        end_s = max(end_s, min(start_s + _SHORTEST_S, next_s))
        shown.append(Cue(start_s, end_s, _lines(_joined(text, words[first:after]))))
    return shown


def _end(text: str, words: Sequence[HeardWord], first: int) -> int:
    """Where the cue ends that begins with the `first` word: at the best place among as many words as fit."""
    most = first + 1
    while most < len(words) and _fits(text, words[first : most + 1]):
        most += 1
    is_all = most == len(words) or _parts_paragraphs(text, words, most)
    if is_all:
        return most
    ends = range(first + 1, most + 1)
    for mark, least in ((_SENTENCE_END, first), (_CLAUSE_END, first + (most - first) // 3)):
        marked = [end for end in ends if end > least and mark.search(_shown(text, words[end - 1]))]
        if marked:
            return marked[-1]
    return most


def _fits(text: str, words: Sequence[HeardWord]) -> bool:
    """Words that may be shown at once."""
    lines = _lines(_joined(text, words))
    return (
        words[-1].end_s - words[0].start_s <= _LONGEST_S
        and all(_columns(line) <= _LINE for line in lines)
        and not _parts_paragraphs(text, words, len(words) - 1)
    )


def _parts_paragraphs(text: str, words: Sequence[HeardWord], index: int) -> bool:
    """An empty line is between this word and the one before."""
    return text.count("\n", words[index - 1].end, words[index].start) > 1


def _joined(text: str, words: Sequence[HeardWord]) -> str:
    """Words as they are shown, with what stands between them in the text."""
    shown = _shown(text, words[0])
    for before, word in pairwise(words):
        gap = text[before.end : word.start]
        shown += (gap if len(gap.strip()) <= _LONGEST_GAP else " ") + _shown(text, word)
    return " ".join(shown.split())


def _shown(text: str, word: HeardWord) -> str:
    """A word without its markup; all of it where that is what was spoken, as in `git commit -m <message>`."""
    written = text[word.start : word.end]
    shown = _MARKUP.sub("", written)
    return " ".join((shown if any(map(str.isalnum, shown)) else written).split())


def _lines(text: str) -> tuple[str, ...]:
    """One line if it is short enough, else two about as long as each other."""
    if _columns(text) <= _LINE:
        return (text,)
    spaces = [index for index, character in enumerate(text) if character == " "]
    places = spaces or range(1, len(text))
    before = [0, *accumulate(map(_columns, text))]
    middle = min(places, key=lambda place: abs(2 * before[place] - before[-1]))
    return text[:middle].rstrip(), text[middle:].lstrip()


def _columns(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)


def _srt(number: int, cue: Cue) -> str:
    lines = "\n".join(cue.lines)
    return f"{number}\n{_clock(cue.start_s, ',')} --> {_clock(cue.end_s, ',')}\n{lines}\n\n"


def _vtt(cue: Cue) -> str:
    lines = html.escape("\n".join(cue.lines), quote=False)
    return f"{_clock(cue.start_s, '.')} --> {_clock(cue.end_s, '.')}\n{lines}\n\n"


def _clock(seconds: float, point: str) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    whole, milliseconds = divmod(milliseconds, 1000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{whole:02}{point}{milliseconds:03}"
