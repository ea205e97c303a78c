"""Units of measure in English, glued to their figures or not. Knows no money."""

from __future__ import annotations

import re
from typing import Final

from inference.text import english_data as data
from inference.text.english_arithmetic import IN_FORMULA
from inference.text.english_data import stands_for_one
from inference.text.rules import any_of, rule

_NUMBER: Final = r"\d+(?:,\d{3})*(?:\.\d+)?(?:[⁻⁺]?[⁰¹²³⁴-⁹]+(?=\s))?"
_WORDY: Final = "m|g|l|L|h|s|V|W|J|mo|pt|mi|ha|cal|temp|MP"
"""Units that are also letters and words: only beside their figures, or before the end of a clause."""


def _unit(match: re.Match[str]) -> str:
    number, noun = match["number"], match["noun"] or ""
    one, many = data.UNITS.get(match["unit"]) or data.GLUED_UNITS[match["unit"]]
    is_one = stands_for_one(match) or _IS_ONE.fullmatch(number) or match.groupdict().get("dash")
    unit = one if is_one else many
    ends = match["stop"] and not noun and not _GOES_ON.match(match.string, match.end())
    return f"{match['one'] or ''}{number} {unit}{'.' if ends else ''}{noun}"


def _inches(match: re.Match[str]) -> str:
    is_quoted = match[0].endswith('"') and len(_QUOTE.findall(match.string, 0, match.start())) % 2
    if is_quoted:
        return match[0]
    after = _NOUN_AFTER.match(match.string, match.end())
    is_one = (
        match["number"] == "1"
        or "-" in match[0]
        or bool(match["one"] and after and after[1] not in data.NOT_NOUNS)
    )
    return f"{match['one'] or ''}{match['number']} {'inch' if is_one else 'inches'}"


def _feet_and_inches(match: re.Match[str]) -> str:
    """`six foot two` of people, and feet and inches of what is larger."""
    return f"{match[1]} foot {match[2]}" if len(match[1]) == 1 else f"{match[1]} feet {match[2]} inches"


_QUOTE: Final = re.compile(r'(?<!\d)"')
_NOUN_AFTER: Final = re.compile(rf"\s({data.NOUN})")
_IS_ONE: Final = re.compile(r"1|(?:one|two|three|five|seven)\s\w+")
_GOES_ON: Final = re.compile(r"\s+[a-z(]|[,;:)]")
"""After a full stop that ends no sentence."""

_PART: Final = r"(?:one|two|three|five|seven|a)\s(?:half|halves|quarters?|thirds?|eighths?)\b"
_PER: Final = rf"{any_of(data.PER)}(?!\w)"
_COUNT: Final = rf"""
    (?P<one>{data.ONE_THING})? (?<![\w.,])
    (?P<number> {_NUMBER} (?:\s(?:hundred|thousand|million|billion|trillion))? (?:\sand\s{_PART})? | {_PART} )"""
_END: Final = (
    rf"(?![\w²³°-]|'\w|/(?!\d|{_PER})) (?P<stop>\.(?!\w))? (?P<noun>\s(?:{data.NOUN}|[A-Z]{{2,5}}\b))?"
)

UNITS: Final = (
    rule(
        "minutes and seconds by their signs",
        r"""(?<![\w.]) (\d{1,3})'\s?(1[2-9]|[2-5]\d)(?:"|\'\') (?![\w"'])""",
        r"\1 minutes \2 seconds",
        "in 22'30\"",
        "in 22 minutes 30 seconds",
    ),
    rule(
        "feet and inches",
        r"""(?<![\w.]) (\d{1,3}) (?: ' | \s?ft\.? ) \s?
        (\d{1,2} (?: \.\d | \sand\s(?:a\shalf|[a-z]+\s(?:quarters?|eighths?)) )?)
        (?: "|\'\'|” | \s?in\b(?:\.(?!\s*$))? )""",
        _feet_and_inches,
        "5'10\" or 195 ft 8 in",
        "5 foot 10 or 195 feet 8 inches",
    ),
    rule(
        "hundredths of a second",
        r"""(?<![\w'.]) (?:(\d{1,2})')? (\d{1,2})(?:"|\'\')(\d{1,2}) (?![\w"'])""",
        lambda match: f"{match[1] or ''} {match[2]}.{match[3]}".strip(),
        '9"58 and 3\'26"00',
        "9.58 and 3 26.00",
    ),
    rule(
        "part of an inch",
        r"""(\d\sand\s[a-z]{1,5}\s)? \b (hal(?:f|ves) | quarters? | thirds? | eighths? | sixteenths? | thirty\sseconds?)
        \" (?: (\s(?=[A-Za-z])) | (?= [.,;)] | $ ) )""",
        lambda match: (
            f"{match[1] or ''}{match[2]} {'inches' if match[1] and not match[3] else 'inch'}{match[3] or ''}"
        ),
        'three eighths" bolts, 20 and a half"',
        "three eighths inch bolts, 20 and a half inches",
    ),
    rule(
        "unit within a word",
        rf"(\d)-({any_of(data.UNITS)})-(?=[a-z])",
        lambda match: f"{match[1]} {data.UNITS[match[2]][0]} ",
        "a 45-yr-old man",
        "a 45 year old man",
    ),
    rule(
        "times as much",
        r"(\d)x\b (?= \s[a-z]{2} | [.,;:!?)] | $ )",
        lambda match: (
            match[0]
            if IN_FORMULA.search(match.string, max(match.start() - 8, 0), match.end() + 8)
            else f"{match[1]} times"
        ),
        "2x last year",
        "2 times last year",
    ),
    rule("so many points", r"(\d)-pt\b (?:\.(?=\s[a-z]))?", r"\1 point", "a 3-pt lead", "a 3 point lead"),
    rule("hour of the sky", r"(?<![\w.,])0(\d)(?=[hms]\b)", r"\1", "00h 05m", "0h 5m"),
    rule(
        "hours and minutes",
        r"(?<![\w.])(\d{1,3})\s?h(?:rs?)?\s?(\d{1,2})\s?m\b",
        r"\1 h \2 min",
        "7h 45m",
        "7 h 45 min",
    ),
    rule(
        "degrees and minutes on Earth",
        r"""(\d{1,3})°\s?(\d{1,2})'\s?(?:(\d{1,2}(?:\.\d+)?)(?:"|\'\')\s?)?([NSEW])\b""",
        lambda match: (
            f"{match[1]} degrees {match[2]} minutes "
            f"{f'{match[3]} seconds ' if match[3] else ''}{data.COMPASS[match[4]]}"
        ),
        "27°59'N",
        "27 degrees 59 minutes north",
    ),
    rule(
        "place on Earth",
        r"(\d)°\s?([NSEW])\b(?!\w)",
        lambda match: f"{match[1]} degrees {data.COMPASS[match[2]]}",
        "40.7° N",
        "40.7 degrees north",
    ),
    rule("stone", r"(?<![\w.])(\d*11|\d*[02-9])\s?st\b", r"\1 stone", "12st 4lb", "12 stone 4lb"),
    rule("so many inches", r"(\d)-inch\b", r"\1 inch", "a 15-inch screen", "a 15 inch screen"),
    rule(
        "inches",
        rf"""(?P<one>{data.ONE_THING})? (?<![\w.]) (?P<number>\d+(?:\.\d+)?)
        (?: " (?=[\s.,;)]|$) | [\s-]?in\. (?=\s[a-z]|,) | -in\.(?=\s|$) | in (?=[,;)]|\s[x×]\s) )""",
        _inches,
        '12 in. long, 6" wide, a 14" screen',
        "12 inches long, 6 inches wide, a 14 inch screen",
    ),
    rule(
        "feet by feet",
        r"(?<![\w.])(\d{1,4})'\s?[x×]\s?(\d{1,4})'(?![\d'])",
        r"\1 feet by \2 feet",
        "60' × 120'",
        "60 feet by 120 feet",
    ),
    rule(
        "side of a thing",
        rf"(\d\s?(?:{any_of(data.UNITS)}|\")|\b(?:inch(?:es)?|foot|feet))\s?[x×]\s?(?=\d+(?:\.\d+)?\s?(?:\"|'|inch|feet|{any_of(data.UNITS)}\b))",
        r"\1 by ",
        "3 m × 4 m",
        "3 m by 4 m",
    ),
    rule(
        "power of ten",
        r"(?<=\d)\s?[x×]\s?(?=10(?:\^|[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]))",
        " times ",
        "3×10^8",
        "3 times 10^8",
    ),
    rule(
        "size",
        r"""(?<=\d) (?: (?: \s?x\s? | × ) (?=\d) (?! [\d.,]{1,12}\s?= )
        | \s×\s (?= (?:[\d,.]{1,9}\s×\s)?[\d,.]{1,9}\s?(?:px|pixels|cm|mm|ft|feet|in|inches)\b ) )""",
        " by ",
        "1920x1080, 3 x 4 or 5 × 7 cm",
        "1920 by 1080, 3 by 4 or 5 by 7 cm",
    ),
    rule(
        "unit",
        rf"{_COUNT} (?:\s|(?P<dash>-))? (?P<unit> (?!(?:{_WORDY})(?![\w/²³])){any_of(data.UNITS)} ) {_END}",
        _unit,
        "5 km/h, 1 km, a 10 km run, 10 min. to go",
        "5 kilometers per hour, 1 kilometer, a 10 kilometer run, 10 minutes to go",
    ),
    rule(
        "unit beside its figures",
        rf"{_COUNT} (?P<unit> {_WORDY} | {any_of(data.GLUED_UNITS)} ) {_END}",
        _unit,
        "50g at 190C",
        "50 grams at 190 degrees Celsius",
    ),
    rule(
        "unit that is a letter",
        rf"{_COUNT} \s (?P<unit> {_WORDY} ) {_END}",
        _unit,
        "10 m of rope",
        "10 meters of rope",
    ),
    rule(
        "per unit",
        rf"(?<=[a-z])((?<=s)|(?<=\bm)|(?<=horsepower))((?:/{_PER})+)",
        lambda match: "".join(f" per {data.PER[unit]}" for unit in match[2][1:].split("/")),
        "5 grams/L, 2 milligrams/kg/day",
        "5 grams per liter, 2 milligrams per kilogram per day",
    ),
)

BRITISH: Final = (rule("percent in letters", r"(?<=\d)\s?pc\b", " percent", "up 1.2pc", "up 1.2 percent"),)
