"""What people write in notes, messages and charts: ages, doses, days by their letters, `w/in`, `~20`, `>5`.

Knows no amounts.
"""

from __future__ import annotations

import re
from typing import Final

from inference.text import english_data as data
from inference.text.english_numbers import cardinal, in_pairs, ordinal
from inference.text.rules import any_of, rule

_AGE: Final = r"(?:y/o\b|y\.o\.(?!\w)|yo\b)"
_DAYS: Final = data.DAY_LETTERS
_LONG_DAY: Final = any_of(letters for letters in _DAYS if len(letters) > 1)
_DAY: Final = any_of(_DAYS)
_DOSES: Final = data.DOSES
_COMPARED: Final = {"<": "less than", ">": "more than", "≤": "at most", "≥": "at least"}


def _age(match: re.Match[str]) -> str:
    """`a 6 y/o boy` is a six year old boy, and someone who is 6 y/o six years old."""
    is_noun = match["noun"] is not None and match["noun"].strip() not in data.NOT_NOUNS
    said = "year old" if match["one"] or is_noun else "years old"
    return f"{match['one'] or ''}{match['age']} {said}{match['noun'] or ''}"


def _days(match: re.Match[str]) -> str:
    *first, last = (_DAYS[letters] for letters in match[0].split("/"))
    return f"{', '.join(first)} and {last}"


def _many(match: re.Match[str]) -> str:
    return {"10": "tens", "100": "hundreds"}.get(match[1], "thousands")


def _cups(match: re.Match[str]) -> str:
    if match["bare"] and not _OF_KITCHENS.search(match.string):
        return match[0]
    unit = {"T": "tablespoon", "t": "teaspoon", None: "cup"}[match["spoon"] or match["bare"]]
    return (
        f"{match['count'].strip()} {unit}{'' if _NO_MORE_THAN_ONE.fullmatch(match['count'].strip()) else 's'}"
    )


def _grade(match: re.Match[str]) -> str:
    """A grade, or a type of blood; not the first half of `A-, B- and C-class`."""
    if _COMPOUND_OF_LETTER.search(match.string, match.end()):
        return match[0]
    is_blood = match[1] in {"AB", "O"} or _OF_BLOOD.search(match.string)
    return f"{match[1]} {'negative' if is_blood else 'minus'}"


_COMPOUND_OF_LETTER: Final = re.compile(r"\b[A-Z]-[a-z]")
_OF_BLOOD: Final = re.compile(r"\b(?i:blood|donors?|transfusions?|rh)\b")

_OF_HEAT: Final = re.compile(
    r"(?i:temperature|kelvin|heat|cool|boil|melt|freez|cryo|superconduct|thermal|plasma)|°|Δ\s?T"
)
"""Beside one of these `4 K` is a temperature."""


def _turn(match: re.Match[str]) -> str:
    return "left" if "L" in match.groups() else "right"


_OF_KITCHENS: Final = re.compile(rf"\b(?:{any_of(data.words('kitchen'))})\b", re.VERBOSE)

_NO_MORE_THAN_ONE: Final = re.compile(r"1|\d/\d|[½⅓⅔¼¾]|half")

NOTES: Final = (
    rule(
        "age",
        rf"""(?P<one>{data.ONE_THING})? (?<![\w.,]) (?P<age>\d{{1,3}}) [\s-]? {_AGE}
        (?P<noun>\s{data.NOUN}|(?=\s[MF]\b))?""",
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
        "days of a dose",
        r"(?<!\S)[x×]\s?(\d{1,3})\s?(d(?=\b|ays?\b)|w(?=(?:ee)?ks?\b)|h(?=(?:ou)?rs?\b))[a-z]{0,5}",
        lambda match: f"for {match[1]} { {'d': 'days', 'w': 'weeks', 'h': 'hours'}[match[2]] }",
        "twice a day x 10d",
        "twice a day for 10 days",
    ),
    rule(
        "so many days",
        r"\b((?i:for|in|every|last|past|next|over|after|within)\s)(\d{1,3})d\b",
        lambda match: f"{match[1]}{match[2]} day{'' if match[2] == '1' else 's'}",
        "in the last 30d",
        "in the last 30 days",
    ),
    rule("each", r"(?<=\d)/ea(?:ch\b|\b\.?)", " each", "$5/ea., 5", "$5 each, 5"),
    rule(
        "kelvin",
        r"(?<=\d)\sK\b(?!\s?[&/-])",
        lambda match: " kelvin" if _OF_HEAT.search(match.string) else match[0],
        "cooled to 4 K",
        "cooled to 4 kelvin",
    ),
    rule(
        "race",
        r"\b((?:[Rr]an|[Rr]un|runs|running|raced|finish(?:ed)?)\s(?:(?:an?|the|my|his|her|first|weekly)\s){0,2})(\d{1,2})[kK]\b",
        r"\1\2 K",
        "ran a 5k",
        "ran a 5 K",
    ),
    rule(
        "average of a batter",
        r"""\b ((?:bat(?:s|ted|ting)?|hit(?:s|ting)?|slash(?:es|ed|ing)|average)\s(?:(?:of|an?|at|just|only)\s){0,2})
        \.(\d{3})\b
        | (?<![\w.]) \.(\d{3}) (?=\s(?:avg|average|hitter|batting|slugging|OBP|OPS|SLG)\b)""",
        lambda match: f"{match[1] or ''}{in_pairs(match[2] or match[3])}",
        "hit .300 and a .322 average",
        "hit three hundred and a three twenty two average",
    ),
    rule(
        "times of a dose",
        rf"(?<![\w.]) ({any_of(_DOSES)}) (?!\w|\.\w)",
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
        r"""\b (?: Pt \.? (?= \s (?: c/o | w/ | (?:is|was|has|had|denies|reports|presents|with)\b ) )
        | (?<=\b[Tt]he\s) pt (?=\s[a-z]|'s|[,.]) )""",
        "Patient",
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
    rule(
        "another name",
        r"(?<!\S)(?:a/k/a|A/K/A)(?!\w)",
        "also known as",
        "Doe, a/k/a Roe",
        "Doe, also known as Roe",
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
        r"""(?P<count>(?:\d\s)?\d+(?:[./]\d+)?\s?[½⅓⅔¼¾]?|[½⅓⅔¼¾]|half) \s?
        (?: c\. | (?P<spoon>[Tt])\. | (?P<bare>T) ) (?= \s[a-z] )""",
        _cups,
        "1.5 c. rice, 1 c. oil, 2 T. butter, 1/4 t. salt",
        "1.5 cups rice, 1 cup oil, 2 tablespoons butter, 1/4 teaspoon salt",
    ),
    rule(
        "karats",
        r"\b(9|1[048]|2[24])[kK](?=\s(?:(?:white|yellow|rose|solid)\s)?gold\b)",
        r"\1 karat",
        "18k gold",
        "18 karat gold",
    ),
    rule(
        "moles in a liter",
        r"(?<=\d)\sM(?=\s(?:solution\b|[A-Z][a-z]?\d?[A-Z](?=[A-Za-z\d₀-₉]*[a-z\d₀-₉])))",
        " molar",
        "0.1 M HCl, 5 M US users",
        "0.1 molar HCl, 5 M US users",
    ),
    rule(
        "exposure",
        r"(?<![\w/.,])1/([1-9]\d{1,3})\s?(?:s|sec|second)\b",
        lambda match: f"1 {ordinal(match[1])} of a second",
        "at 1/250 s",
        "at 1 two hundred fiftieth of a second",
    ),
    rule(
        "sizes from and to",
        r"(?<![\w–-])(X{0,3}S|M|L)[–-]([SML]|\d?X{1,3}L)(?![\w–-])",
        r"\1 to \2",
        "S–XXL",
        "S to XXL",
    ),
    rule("so many for a sum", r"(?<![\w/.,])(\d{1,2})/(?=[$£€]\d)", r"\1 for ", "2/$25", "2 for $25"),
    rule(
        "letter of a place",
        r"""\b((?i:apt|apartment|unit|suite|room|gate|seat|flat|bay|exit|platform|terminal|block|door|number)\.?\s\#?
        |\#)(\d{1,4})([CF])(?!\w)""",
        lambda match: f"{match[1]}{match[2]} {match[3]}",
        "Apt 4C",
        "Apt 4 C",
    ),
    rule(
        "tens, hundreds",
        r"(?<![\w.,])(10|100|1,?000)[sS]\b(?=\s(?:of\b|[A-Z]{2}))",
        _many,
        "100s of it",
        "hundreds of it",
    ),
    rule("so many stars", r"(\d)\s?[★⭐](?![★☆])", r"\1 star", "a 4★ hotel", "a 4 star hotel"),
    rule(
        "stars",
        r"([★⭐]{2,5})(☆{0,4})",
        lambda match: f"{len(match[1])} {f'out of {len(match[0])} ' if match[2] else ''}stars",
        "★★★☆☆",
        "3 out of 5 stars",
    ),
    rule("stars of grades", r"⋆s\b", "stars", "two A ⋆s", "two A stars"),
    rule(
        "one or more",
        r"(?<=[a-z]{2})\((e?s)\)(?!\w)",
        r"\1",
        "each affiliate(s)",
        "each affiliates",
    ),
    rule(
        "so many of a size",
        r"""(?<![\w.])(\d{1,2})
        (?: [x×] \s (?=\d{1,4}[A-Z]\b) | \s?[x×]\s (?=\d{1,4}\s?(?:k?g|m?l|cl|oz)\b(?!\s?[x×])) )""",
        r"\1 ",
        "3x 9V, 1 x 400g",
        "3 9V, 1 400g",
    ),
    rule(
        "more than, at first",
        r"(?: (?<=[:(\[]) \s? | ^\s* ) ([<>≤≥]) \s? (?= [$£€]?\d ) (?! [\w.-][\w\s.-]{0,30}> )",
        lambda match: f" {_COMPARED[match[1]]} ",
        "Delay: <200 ms",
        "Delay: less than 200 ms",
    ),
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
        r"(?: (?<!\w)~\s? | (?<![^\s(])≈ ) (?= [$£€]?\d | half\b )",
        "about ",
        "~5, ~half, ≈$20",
        "about 5, about half, about $20",
    ),
    rule(
        "grade",
        r"\b ([A-DF]|AB|O) [-−] (?= [,.;!?)] | \s(?:in|on|for|average)\b | \s?$ )",
        _grade,
        "an A- in art, or B-. Eve is A-.",
        "an A minus in art, or B minus. Eve is A minus.",
    ),
    rule("tempo of a score", r"♩\s?=\s?(?=\d)", "quarter note equals ", "♩ = 72", "quarter note equals 72"),
    rule(
        "age and sex",
        rf"\b ({any_of(data.words('persons'))}) (\s?[(\[]) (\d\d) \s? ([FMfm]) (?=[)\]])",
        lambda match: f"{match[1]}{match[2]}{cardinal(match[3])} {match[4].upper()}",
        "I (28F)",
        "I (twenty eight F)",
    ),
    rule(
        "prime end",
        r"\b([35])'(?=[ -](?:end|ends|UTR|UTRs|cap|to)\b)",
        r"\1 prime",
        "the 5' end",
        "the 5 prime end",
    ),
    rule(
        "turn",
        r"(?:(?<=[a-z,]\s)([LR])(?=\s(?:on|onto|at)\s[A-Z\d])|(?<=\b(?i:turn|bear|keep|veer)\s)([LR])\b)",
        _turn,
        "turn L, then R on Lombard",
        "turn left, then right on Lombard",
    ),
    rule("love", r"\b (I|[Ww]e|[Yy]ou|[Tt]hey) \s <3+ \s (?=\w)", r"\1 love ", "I <3 NY", "I love NY"),
    rule("heart", r"\s <3+ \s* $", "", "Thanks <3", "Thanks"),
    rule(
        "more than",
        r"(?:(?<=[a-z]{2})|(?<=[a-z][\"”,])) \s ([<>≤≥]) \s? (?= [$£€−-]?\d )",
        lambda match: f" {_COMPARED[match[1]]} ",
        "scores >5 and <= 3, people ≥18",
        "scores more than 5 and <= 3, people at least 18",
    ),
)
