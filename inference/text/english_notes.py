"""What people write in notes, messages and charts: ages, doses, days by their letters, `w/in`, `~20`, `>5`.

Knows no amounts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inference.text import english_data as data
from inference.text.rules import any_of, rule

if TYPE_CHECKING:
    import re

_AGE: Final = r"(?:y/o\b|y\.o\.(?!\w)|yo\b)"
_DAYS: Final = data.DAY_LETTERS
_LONG_DAY: Final = any_of(letters for letters in _DAYS if len(letters) > 1)
_DAY: Final = any_of(_DAYS)
_DOSES: Final = data.DOSES
_COMPARED: Final = {"<": "less than", ">": "more than", "≤": "at most", "≥": "at least"}


def _age(match: re.Match[str]) -> str:
    """`a 6 y/o boy` is a six year old boy, and someone who is 6 y/o six years old."""
    is_noun = match["noun"] and match["noun"].strip() not in data.NOT_NOUNS
    said = "year old" if match["one"] or is_noun else "years old"
    return f"{match['one'] or ''}{match['age']} {said}{match['noun'] or ''}"


def _days(match: re.Match[str]) -> str:
    *first, last = (_DAYS[letters] for letters in match[0].split("/"))
    return f"{', '.join(first)} and {last}"


NOTES: Final = (
    rule(
        "age",
        rf"(?P<one>{data.ONE_THING})? (?<![\w.,]) (?P<age>\d{{1,3}}) \s? {_AGE} (?P<noun>\s{data.NOUN})?",
        _age,
        "a 45 y/o man, who is 72 y/o and has a 2 yo",
        "a 45 year old man, who is 72 years old and has a 2 year old",
    ),
    rule(
        "hours between doses",
        r"(?<!\w) q \s? (\d{1,2}) (?: [–-] (\d{1,2}) )? \s? h(?:rs?|ours?)? \b",
        lambda match: f"every {f'{match[1]} to {match[2]}' if match[2] else match[1]} hours",
        "q6h, q4-6h",
        "every 6 hours, every 4 to 6 hours",
    ),
    rule(
        "times of a dose",
        rf"(?<![\w.]) ({any_of(_DOSES)}) (?![\w.]\w)",
        lambda match: _DOSES[match[1]],
        "500 mg tid prn",
        "500 mg three times a day as needed",
    ),
    rule(
        "times of a dose, in letters that mean more",
        rf"(\b{any_of(data.words('doses'))}s?) \s ({any_of(('bid', *map(str.upper, ('bid', *_DOSES))))}) \b",
        lambda match: f"{match[1]} {_DOSES.get(match[2].lower(), 'twice a day')}",
        "2 tablets bid, one capsule TID",
        "2 tablets twice a day, one capsule three times a day",
    ),
    rule(
        "days from and to by their letters",
        rf"""(?<![\w/-]) (?: (?P<from>M|W|T)[–-](?P<to>F|W) | (?P<first>{_DAY})[–-](?P<last>{_LONG_DAY}) )
        (?! [\w/-] | \sratio )""",
        lambda match: f"{_DAYS[match['from'] or match['first']]} to {_DAYS[match['to'] or match['last']]}",
        "M-F, M-Th",
        "Monday to Friday, Monday to Thursday",
    ),
    rule(
        "days by their letters",
        rf"(?<![\w/-]) (?: M/W | W/F | (?:{_DAY}/){{1,3}}{_LONG_DAY} | (?:{_DAY}/){{2,4}}F ) (?![\w/-])",
        _days,
        "M/W/F or T/Th",
        "Monday, Wednesday and Friday or Tuesday and Thursday",
    ),
    rule(
        "patient",
        r"\b Pt \.? \s (?= c/o | w/ | (?:is|was|has|had|denies|reports|presents|with)\b )",
        "Patient ",
        "Pt. c/o pain",
        "Patient c/o pain",
    ),
    rule(
        "complaint",
        r"\b ((?:[Pp]atient|[Hh]e|[Ss]he|[Tt]hey|[Ww]ho)\s) c/o (?=\s)",
        r"\1complains of",
        "She c/o pain",
        "She complains of pain",
    ),
    rule("care of", r"(?<!\S) (?:c/o|C/O) (?=\s)", "care of", "Bob, c/o Ann", "Bob, care of Ann"),
    rule("so many times a day", r"(?<=\d)\s?[x×] (?=\san?\b)", " times", "2x a day", "2 times a day"),
    rule(
        "at least so many",
        rf"(?<=\d)\+ \s ({any_of(data.UNITS)}) (?![\w.]\w)",
        lambda match: f" plus {data.UNITS[match[1]][1]}",
        "25+ min",
        "25 plus minutes",
    ),
    rule(
        "cups",
        r"(?<=\d)\s?c\. (?=\s[a-z]) | (?<=half)\sc\. (?=\s[a-z])",
        " cups",
        "1.5 c. rice",
        "1.5 cups rice",
    ),
    rule("so many of a size", r"(?<![\w.])(\d{1,2}) [x×] \s (?=\d{1,4}[A-Z]\b)", r"\1 ", "3x 9V", "3 9V"),
    rule("within, without", r"(?<!\S) w/(in|out) (?!\w)", r"with\1", "w/in a day", "within a day"),
    rule("more or less", r"\s? \+/[-−–] \s?", " ± ", "5 +/- 2", "5 ± 2"),
    rule(
        "about, after about",
        r"\b ((?i:about|around|roughly)\s) [~≈] \s? (?=[$£€]?\d)",
        r"\1",
        "about ~5",
        "about 5",
    ),
    rule(
        "about",
        r"(?: ~\s? | (?<!\S)≈ ) (?= [$£€]?\d | half\b )",
        "about ",
        "~5, ~half, ≈$20",
        "about 5, about half, about $20",
    ),
    rule("love", r"\b (I|[Ww]e|[Yy]ou|[Tt]hey) \s <3+ \s (?=\w)", r"\1 love ", "I <3 NY", "I love NY"),
    rule("heart", r"\s <3+ \s* $", "", "Thanks <3", "Thanks"),
    rule(
        "more than",
        r"(?<=[a-z]{2}) \s ([<>≤≥]) \s? (?= [$£€−-]?\d )",
        lambda match: f" {_COMPARED[match[1]]} ",
        "scores >5 and <= 3, people ≥18",
        "scores more than 5 and <= 3, people at least 18",
    ),
)
