"""Dates in English, American or British. Knows no times of day, no years by themselves and no amounts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from inference.text import english_data as data
from inference.text.english_numbers import ordinal, year
from inference.text.rules import any_of, of_figures, rule

if TYPE_CHECKING:
    from collections.abc import Callable

_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
MONTH: Final = any_of(_MONTHS)
_SHORT_MONTH: Final = any_of(data.MONTHS)
_SHORT_DAY: Final = any_of(data.WEEKDAYS)
_NAMED: Final = any_of((*_MONTHS, *dict.fromkeys(data.WEEKDAYS.values())))
_DAY: Final = r"(?:3[01]|[12]\d|0?[1-9])"
DASH: Final = r"(?:\s?[–—-]\s?)"
NO_FIGURE: Final = r"(?![\w/:%]|[.,-]\d)"


# --- Days


def _american(day: str, month: int, figures: str) -> str:
    said = f"{_MONTHS[month - 1]} {ordinal(day.lstrip('0'))}"
    return f"{said}, {_of_figures(figures)}" if figures else said


def _british(day: str, month: int, figures: str) -> str:
    said = f"the {ordinal(day.lstrip('0'))} of {_MONTHS[month - 1]}"
    return f"{said} {_of_figures(figures)}" if figures else said


def _of_figures(figures: str) -> str:
    """A year of four figures, or of the last two."""
    if len(figures) == 2:  # noqa: PLR2004
        figures = f"20{figures}" if figures < "50" else f"19{figures}"
    return year(figures)


def _date(match: re.Match[str], said: Callable[[str, int, str], str]) -> str:
    """In the order of the country, unless the first can be no month; with full stops it is day and month everywhere."""
    day, month = match["first"], match["second"]
    if said is _american and match["sign"] != ".":
        day, month = month, day
    if int(month) > len(_MONTHS):
        day, month = month, day
    return said(day, int(month), match["year"] or "") if int(month) <= len(_MONTHS) else match[0]


_IN_FIGURES: Final = rf"""(?<![\w/.$£€-])
    (?P<first>{_DAY}) (?P<sign>[/.-]) (?P<second>{_DAY})
    (?P=sign) (?P<year> (?:1[5-9]|20)\d\d | (?<=/)\d\d ) (?![\w/]|-\d|\.\d)"""
_ISO: Final = r"""(?<![\w/.-]) ((?:1[5-9]|20)\d\d) - (0[1-9]|1[0-2]) - (0[1-9]|[12]\d|3[01])
    (?: T(?=\d\d:) | (?![\d/]|-\w) )"""
_DATED: Final = r"(?:e-?mail|letter|memo|note|message|report|meeting|invoice)\sof"
_ENDS: Final = "(?:end|start|begin|open|close|expire)s"
_HOUR: Final = r"\d{1,2}\s?(?:[AaPp]\.?[Mm]\b\.?(?:\s[A-Z]{1,3}T)?|[A-Z]{1,3}T),?\s"
_WEEKDAY: Final = rf"(?:[A-Z][a-z]{{2,5}}day|{_SHORT_DAY}\.?),?\s"
_SHORT: Final = rf"""(?: (?P<on> \b (?: (?:[Oo]n|[Dd]ue(?:\sback)?|{_ENDS}|{_DATED})\s (?:{_WEEKDAY})?
    | \b{_WEEKDAY} | {_HOUR} ) )
    | \b(?P<until>(?i:by|until|till|thru|through|before|after|since)\s)(?!(?:[1-9]|1[0-2])/[1-8]\b) )
    (?P<first>{_DAY}) (?P<sign>/) (?P<second>{_DAY}) (?P<year>(?!/)) (?!\w|\.\d)"""


def _days_of_month(match: re.Match[str]) -> str:
    month, first, last = match.groups()
    if int(first) <= len(_MONTHS) or int(last) <= int(first):
        return match[0]
    return f"{_american(first, int(month), '')} to {ordinal(last)}"


def _days_apart(match: re.Match[str]) -> str:
    """Two days in the American order, unless both may be fractions or one is no day."""
    month, day, last_month, last_day = match.groups()
    days = (int(day), int(last_day))
    if all(each in _DENOMINATORS for each in days) or not all(0 < each <= _LONGEST_MONTH for each in days):
        return match[0]
    return f"{_american(day, int(month), '')} to {_american(last_day, int(last_month), '')}"


_DENOMINATORS: Final = frozenset([2, 3, 4, 5, 6, 8, 10, 12, 16])
_LONGEST_MONTH: Final = 31


def _hours(match: re.Match[str]) -> str:
    """Opening hours, beside a day or a word that tells of them."""
    if not _OF_HOURS.search(match.string):
        return match[0]
    return f"{match[1]}:{match[2]} to {match[3]}{f':{match[4]}' if match[4] else ''}"


_OF_HOURS: Final = re.compile(
    rf"\b(?:(?i:open|opens|closed|hours|daily)|{_SHORT_DAY}|[A-Z][a-z]{{2,5}}days?)\b", re.VERBOSE
)
_OF_BIRTH: Final = rf"""(?P<on> \b (?:(?i:born|dated|d\.?o\.?b\.?):?\s (?:on\s)?) )
    (?P<first>{_DAY}) (?P<sign>\.) (?P<second>{_DAY}) \. (?P<year>\d\d) (?![\w/-]|\.\d)"""
_BEFORE_HOUR: Final = rf"""(?<![\w/.$£€-]) (?P<first>{_DAY}) (?P<sign>/) (?P<second>{_DAY}) (?P<year>(?!/))
    (?= ,?\s (?:at|@)\s\d | ,?\s \d{{1,2}}(?::[0-5]\d)?\s?[AaPp]\.?[Mm]\b )"""

AMERICAN: Final = of_figures(
    rule(
        "date of ISO",
        _ISO,
        lambda match: f"{_american(match[3], int(match[2]), match[1])}{' ' * match[0].endswith('T')}",
        "on 2024-03-05",
        "on March fifth, twenty twenty four",
    ),
    rule(
        "date in figures",
        _IN_FIGURES,
        lambda match: _date(match, _american),
        "3/5/2024, 31.12.99",
        "March fifth, twenty twenty four, 31.12.99",
    ),
    rule(
        "day in figures",
        _SHORT,
        lambda match: (match["on"] or match["until"]) + _date(match, _american),
        "on 3/5, by 12/24",
        "on March fifth, by December twenty fourth",
    ),
    rule(
        "date of birth",
        _OF_BIRTH,
        lambda match: f"{match['on']}{_date(match, _american)}",
        "born 25.4.85",
        "born April twenty fifth, nineteen eighty five",
    ),
    rule(
        "days apart",
        r"(?<![\w/.])(1[0-2]|[1-9])/(\d\d?)\s?[–-]\s?(1[0-2]|[1-9])/(\d\d?)(?![\w/]|[.,]\d)",
        _days_apart,
        "12/24–1/2, not 1/4-1/2",
        "December twenty fourth to January second, not 1/4-1/2",
    ),
    rule(
        "days in figures from and to",
        rf"(?<![\w/.$£€-]) (1[0-2]|0?[1-9])/({_DAY})[–-]({_DAY}) (?![\w/-]|[.,]\d)",
        _days_of_month,
        "meets 3/19–20, not 1/2-1",
        "meets March nineteenth to twentieth, not 1/2-1",
    ),
    rule(
        "day in figures before its hour",
        _BEFORE_HOUR,
        lambda match: _date(match, _american),
        "party 3/5 at 7",
        "party March fifth at 7",
    ),
)
BRITISH: Final = of_figures(
    rule(
        "time with a full stop and no half of the day",
        r"(?<=\b[Aa]t\s)(\d{1,2})\.([0-5]\d)(?=[.,;!?)]*(?:\s*$|\s(?:BST|GMT|CET|UTC|hours|on|in|and|for|to|from|today|tonight|tomorrow|sharp)\b))",
        r"\1:\2",
        "at 11.15 on Monday",
        "at 11:15 on Monday",
    ),
    rule(
        "date of ISO",
        _ISO,
        lambda match: f"{_british(match[3], int(match[2]), match[1])}{' ' * match[0].endswith('T')}",
        "on 2024-03-05",
        "on the fifth of March twenty twenty four",
    ),
    rule(
        "date in figures",
        _IN_FIGURES,
        lambda match: _date(match, _british),
        "31/12/2025",
        "the thirty first of December twenty twenty five",
    ),
    rule(
        "day in figures",
        _SHORT,
        lambda match: (match["on"] or match["until"]) + _date(match, _british),
        "on 3/5, by 24/12",
        "on the third of May, by the twenty fourth of December",
    ),
    rule(
        "date of birth",
        _OF_BIRTH,
        lambda match: f"{match['on']}{_date(match, _british)}",
        "born 3.4.85",
        "born the third of April nineteen eighty five",
    ),
    rule(
        "hours from and to with full stops",
        r"(?<![\w.:,$£€])(\d{1,2})\.([0-5]\d)\s?[–-]\s?(\d{1,2})(?:\.([0-5]\d))?(?![\w:%]|[.,]\d)",
        _hours,
        "open 9.30–17.30",
        "open 9:30 to 17:30",
    ),
    rule(
        "train of a time",
        r"(?<=\b[Tt]he\s)([01]\d|2[0-3])\.([0-5]\d)(?=\s(?:from|to|service|train|departure)\b)",
        r"\1:\2",
        "the 17.32 from Euston",
        "the 17:32 from Euston",
    ),
    rule(
        "day in figures before its hour",
        _BEFORE_HOUR,
        lambda match: _date(match, _british),
        "party 3/5 at 7",
        "party the third of May at 7",
    ),
)

APART: Final = of_figures(
    rule(
        "dates apart",
        r"(?<![\w/])(\d{1,2}/\d{1,2}/(?:\d\d){1,2})\s?[–-]\s?(?=\d{1,2}/\d{1,2}/\d\d)",
        r"\1 to ",
        "1/1/25–12/31/25",
        "1/1/25 to 12/31/25",
    ),
)


def _weekday(match: re.Match[str]) -> str:
    """A short name with a capital, unless a name before it makes one of it too."""
    is_name = match[1] and match.start() and match[1].strip() not in _NAMES_OF_TIME
    return match[0] if is_name else f"{match[1] or ''}{data.WEEKDAYS[match[2]]}"


_NAMES_OF_TIME: Final = frozenset((*_MONTHS, *data.WEEKDAYS.values()))

NAMES: Final = (
    rule(
        "month",
        rf"\b ({_SHORT_MONTH}) (?: \b\.?(?=\s\d) | \b(?={DASH}{_SHORT_MONTH}\b) )",
        lambda match: data.MONTHS[match[1]],
        "Jan. 5, Jan-Mar",
        "January 5, January-Mar",
    ),
    rule(
        "month before a short year",
        rf"\b ({_SHORT_MONTH}) \.? (?=\s'\d\d\b)",
        lambda match: data.MONTHS[match[1]],
        "in Sept. '69",
        "in September '69",
    ),
    rule(
        "month that is cut short",
        rf"(?<![\w.-]) ({_SHORT_MONTH}) \. (?= \s[a-z] | [,;:)] )",
        lambda match: data.MONTHS[match[1]],
        "Jan. to Aug. of that year",
        "January to August of that year",
    ),
    rule(
        "month after its day",
        rf"(\d(?:st|nd|rd|th)?\s | [a-z][–-]) ({_SHORT_MONTH}) \b (?: \. (?=\s[\da-z]|,) )?",
        lambda match: f"{match[1]}{data.MONTHS[match[2]]}",
        "5 Sept. 2024, January-Mar",
        "5 September 2024, January-March",
    ),
    rule(
        "weekday",
        rf"""\b ({_SHORT_DAY}) (?: \.(?=,|\s[a-z\d])
        | \b\.?(?=,\s(?:{MONTH}|\d) | {DASH}{_SHORT_DAY}\b
        | \s\d{{1,2}}(?:st|nd|rd|th)?\s(?:{MONTH}|{_SHORT_MONTH})\b
        | \s{MONTH}\b | \s(?:@|at\s\d)
        | \s(?:OFF|off|[Cc]losed|CLOSED)\b
        | \s\d{{1,2}}(?:[:/]\d|\s?[ap]m\b|\s?[–-]\s?\d) | \s(?:night|morning|afternoon|evening)\b ) )""",
        lambda match: data.WEEKDAYS[match[1]],
        "Mon-Fri, Wed. morning, Sun, May 5",
        "Monday-Fri, Wednesday morning, Sunday, May 5",
    ),
    rule(
        "weekday after a word",
        rf"""\b ( (?:closed|open|every)\s | (?:on|by|this|next|last|until|till)\s(?!Sun) | (?=\w+\s'til)
        | \d\s?(?i:[ap]m)\s | (?:noon|midnight)\s )
        ({_SHORT_DAY}) \b \.? (?!\w)""",
        lambda match: f"{match[1]}{data.WEEKDAYS[match[2]]}",
        "by Fri, closed Sun",
        "by Friday, closed Sunday",
    ),
    rule(
        "weekday that is no word",
        r"""(?<![\w.-]) ([A-Z][a-z]+\s)? (Tue|Thu|Tues|Thurs?|Weds|Fri) \b
        (?: \.(?=,|\s[a-z\d]) | (?! \s[A-Z] | [\w'-] ) )""",
        _weekday,
        "by noon Thu, not Anh Thu",
        "by noon Thursday, not Anh Thu",
    ),
    rule(
        "weekday after another",
        rf"(day{DASH}) ({_SHORT_DAY}) \b\.?",
        lambda match: f"{match[1]}{data.WEEKDAYS[match[2]]}",
        "Monday-Fri",
        "Monday-Friday",
    ),
    rule(
        "from one to another",
        rf"\b ({_NAMED}) {DASH} ({_NAMED}) \b",
        r"\1 to \2",
        "Monday-Friday, May–June",
        "Monday to Friday, May to June",
    ),
    rule(
        "days of a month",
        rf"\b ({MONTH}) \s ({_DAY})(?:st|nd|rd|th)? {DASH} ({_DAY})(?:st|nd|rd|th)? {NO_FIGURE}",
        lambda match: f"{match[1]} {ordinal(match[2])} to {ordinal(match[3])}",
        "May 3-5",
        "May third to fifth",
    ),
    rule(
        "days and their month",
        rf"(?<![\w.,:/$£€-]) ({_DAY})(?:st|nd|rd|th)? {DASH} ({_DAY})(?:st|nd|rd|th)? \s ({MONTH}) \b",
        lambda match: f"the {ordinal(match[1])} to the {ordinal(match[2])} of {match[3]}",
        "3-5 May",
        "the third to the fifth of May",
    ),
    rule(
        "month and day",
        rf"\b ({MONTH}) \s ({_DAY}) {NO_FIGURE}",
        lambda match: f"{match[1]} {ordinal(match[2])}",
        "May 5",
        "May fifth",
    ),
    rule(
        "day and month",
        rf"(?<![\w.,:/$£€-]) (the\s)? ({_DAY})(?:st|nd|rd|th)? \s (?:of\s)? (?!(?-i:may)\b) ({MONTH}) \b",
        lambda match: f"the {ordinal(match[2])} of {match[3]}",
        "5 May, the 3rd of June",
        "the fifth of May, the third of June",
        re.IGNORECASE,
    ),
)
