"""What the elements of SSML ask for, one at a time: pauses, rates, languages, readings. Knows no text around them.

Values that make no sense ask for nothing: a text is never refused for its marks.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, Final

from inference.errors import UnknownLanguage
from inference.languages import language_named
from inference.protocol import FASTEST, SLOWEST
from inference.text.tables import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

_VALUES: Final[dict[str, Any]] = tables("marks")

LONGEST_PAUSE_S: Final = 10.0

_ATTRIBUTE: Final = re.compile(r"""([\w:.-]{1,40})\s*+=\s*+(?:"([^"<]*)"|'([^'<]*)'|([^\s"'<>/]+))""")
_DURATION: Final = re.compile(r"\+?(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})\s?(ms|s|)", re.IGNORECASE)
_PERCENT: Final = re.compile(r"([+-]?)(\d{1,4}(?:\.\d{1,3})?)(%?)")


def attributes(written: str) -> dict[str, str]:
    """`time="1s"` by name, in small letters, with character references read."""
    return {
        name.lower(): html.unescape(double or single or plain)
        for name, double, single, plain in _ATTRIBUTE.findall(written)
    }


def pause_s(given: Mapping[str, str]) -> float:
    """Silence that a `break` asks for, seconds; a medium one if it does not say."""
    if "time" in given:
        return duration_s(given["time"])
    strength: float = _VALUES["strengths"].get(given.get("strength", "medium"), 0.0)
    return strength


def duration_s(written: str) -> float:
    """`1.5s` and `500ms` in seconds, no more than LONGEST_PAUSE_S; without a unit it is seconds."""
    match = _DURATION.fullmatch(written.strip())
    if match is None:
        return 0.0
    return min(float(match[1]) / (1000 if match[2].lower() == "ms" else 1), LONGEST_PAUSE_S)


def rate(written: str) -> float:
    """`slow`, `90%`, `-10%` or `0.9` as a factor, within what the model speaks well."""
    written = written.strip().lower()
    named = _VALUES["rates"].get(written)
    if named is not None:
        return float(named)
    match = _PERCENT.fullmatch(written)
    if match is None:
        return 1.0
    value = float(match[2]) / (100 if match[3] else 1)
    factor = {"": value, "+": 1 + value, "-": 1 - value}[match[1]]
    return min(max(factor, SLOWEST), FASTEST)


def language(name: str) -> str:
    """The code of the language that is meant; empty for one that nobody speaks here."""
    try:
        return language_named(name).code if name.strip() else ""
    except UnknownLanguage:
        return ""


# --- say-as


def is_spelled(interpretation: str) -> bool:
    """True for a reading character by character."""
    return interpretation in {"characters", "spell-out", "verbatim", "digits", "telephone"}


def said_as(interpretation: str, written: str, form: str, code: str) -> str:
    """The text of a `say-as` as the rules of a language read it in that way; as it is where they know no other."""
    written = html.unescape(written.strip())
    if interpretation == "ordinal" and written.isdecimal():
        return str(_VALUES["ordinals"][code]).format(written)
    if interpretation in {"cardinal", "number"} and written.isdecimal() and code.startswith("en"):
        return f"{int(written):,}"  # else 1999 would be a year
    if interpretation == "date":
        return _date(written, form)
    return written


def _date(written: str, form: str) -> str:
    """A date by the order of its parts (`mdy`, `dmy`, `ymd`) as that of ISO, which every language reads."""
    order = "".join(dict.fromkeys(form.lower()))
    figures = re.findall(r"\d+", written)
    if order == "ymd" and len(figures) == 1 and len(figures[0]) == len("20240305"):
        figures = [figures[0][:4], figures[0][4:6], figures[0][6:]]
    if sorted(order) != ["d", "m", "y"] or len(figures) != len(order):
        return written
    parts = dict(zip(order, figures, strict=True))
    year = parts["y"]
    if len(year) == 2:  # noqa: PLR2004 - without its century
        year = f"20{year}" if year < "50" else f"19{year}"
    return f"{year}-{parts['m']:0>2}-{parts['d']:0>2}"
