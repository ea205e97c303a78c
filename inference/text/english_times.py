"""Times of day in English, and what else is written with a colon. Knows no dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inference.text import english_data as data
from inference.text.rules import any_of, of_figures, rule

if TYPE_CHECKING:
    import re

_DASH: Final = r"(?:\s?[–—-]\s?)"


def _time(match: re.Match[str]) -> str:
    hour, minute, half = int(match[1]), match[2], _half(match[3])
    if minute == "00":
        return f"{hour}{half}" if half else f"{hour} o'clock" if hour <= 12 else f"{hour} hundred"  # noqa: PLR2004
    return f"{hour} {f'oh {minute[1]}' if minute[0] == '0' else minute}{half}"


def _oh(minutes: str) -> str:
    """`04` as `oh 4`, as runners and films have it."""
    return f"oh {minutes[1]}" if minutes[0] == "0" else minutes


def _time_with_seconds(match: re.Match[str]) -> str:
    hour, minutes, seconds = match.groups()
    if seconds == "00":
        return f"{int(hour)} {'hundred' if minutes == '00' else _oh(minutes)}"
    return f"{int(hour)} {_oh(minutes)} {_oh(seconds)}"


def _half(written: str | None) -> str:
    return f" {written.strip()[0].upper()}M" if written else ""


_CLOCK: Final = r"\d{1,2}(?:[:.][0-5]\d)?"

TIMES: Final = of_figures(
    rule(
        "chapter and verse",
        rf"\b ({any_of(data.words('scriptures'))})\s (\d{{1,3}}):(\d{{1,3}}) (?: {_DASH}(\d{{1,3}}) )? (?![\d:])",
        lambda match: f"{match[1]} {match[2]} {match[3]}{f' to {match[4]}' if match[4] else ''}",
        "Psalm 23:4, Matthew 5:3-12",
        "Psalm 23 4, Matthew 5 3 to 12",
    ),
    rule(
        "times from and to",
        rf"(?<![\w.,:]) ({_CLOCK}) (\s?[AaPp][Mm])? {_DASH} (?= {_CLOCK}\s?[AaPp][Mm]\b )",
        r"\1\2 to ",
        "5pm-7 pm, 9-11am",
        "5pm to 7 pm, 9 to 11am",
    ),
    rule(
        "times on a clock of 24 hours",
        rf"(?<![\w.,:]) (\d{{1,2}}:[0-5]\d) {_DASH} (?= \d{{1,2}}:[0-5]\d\b )",
        r"\1 to ",
        "11:30-12:15",
        "11:30 to 12:15",
    ),
    rule(
        "hours from and to in letters",
        r"(?<![\w:.])(\d{1,2}(?::[0-5]\d)?)([ap])\s?[–-]\s?(\d{1,2}(?::[0-5]\d)?)([ap])(?![\w'])",
        r"\1 \2m to \3 \4m",
        "9a–4p",
        "9 am to 4 pm",
    ),
    rule(
        "half of the day in a letter",
        r"(?<![\w:.])(\d{1,2}:[0-5]\d)\s?([ap])(?![\w.'])",
        r"\1 \2m",
        "at 2:30p",
        "at 2:30 pm",
    ),
    rule(
        "time of a lap",
        r"(?<![\w:.]) (?:(\d{1,2}):(?=\d\d:))? (\d{1,2}):([0-5]\d)\.(\d{1,3}) (?![\w:]|\.\d)",
        lambda match: f"{match[1] or ''} {match[2]} {_oh(match[3])}.{match[4]}".strip(),
        "in 1:27.097",
        "in 1 27.097",
    ),
    rule(
        "time",
        r"(?<![\w:.$£€]) ([01]?\d|2[0-4]):([0-5]\d) (?![\d:]|\.\d) (\s?[AaPp][Mm]\b)?",
        _time,
        "9:30, 10:05, 12:00 and 12:00 pm",
        "9 30, 10 oh 5, 12 o'clock and 12 PM",
    ),
    rule(
        "time with a full stop",
        r"(?<![\w:.$£€]) (1?\d)\.([0-5]\d) (\s?[AaPp][Mm]\b)",
        _time,
        "at 9.30am",
        "at 9 30 AM",
    ),
    rule(
        "difference of a time zone",
        r"\b(UTC|GMT)\s?([+−–-])\s?0?(\d{1,2})(?::00|(?::([1-5]\d)))?(?![\w:])",
        lambda match: (
            f"{match[1]} {'plus' if match[2] == '+' else 'minus'} {match[3]} {match[4] or ''}".rstrip()
        ),
        "UTC-5, GMT+05:30",
        "UTC minus 5, GMT plus 5 30",
    ),
    rule(
        "time with a full stop and a zero",
        r"(?:(?<=\b(?i:at|by|to)\s)|(?<=\bfrom\s)|(?<=\bthe\s)) 0(\d)\.([0-5]\d) (?![\w:%]|[.,]\d)",
        lambda match: f"{match[1]} {_oh(match[2])}",
        "leaves at 06.23",
        "leaves at 6 23",
    ),
    rule(
        "time without a colon",
        r"(?<=\b(?i:at|by|to)\s) 0([1-9])([0-5]\d) (?![\w:-]|[.,]\d)",
        lambda match: f"zero {match[1]} {'hundred' if match[2] == '00' else match[2]}",
        "at 0615",
        "at zero 6 15",
    ),
    rule(
        "hour",
        r"(?<![\w:.]) (\d{1,2}) (\s?[AaPp][Mm]\b)",
        lambda match: f"{match[1]}{_half(match[2])}",
        "5pm",
        "5 PM",
    ),
    rule(
        "time with seconds",
        r"(?<![\w:.]) (\d{1,2}):([0-5]\d):([0-5]\d) (?![\d:])",
        _time_with_seconds,
        "9:05:15",
        "9 oh 5 15",
    ),
    rule(
        "minutes and seconds",
        r"(?<![\w:.]) ((?:2[5-9]|[3-5]\d)):(?!00)([0-5]\d) (?![\w:])",
        lambda match: f"{match[1]} {f'oh {match[2][1]}' if match[2][0] == '0' else match[2]}",
        "in 48:30 and 31:05",
        "in 48 30 and 31 oh 5",
    ),
    rule("ratio", r"(?<![\w:.]) (\d{1,4}):(\d{1,4}) (?![\w:])", r"\1 to \2", "16:90", "16 to 90"),
)
