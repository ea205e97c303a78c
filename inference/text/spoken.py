"""Written text to words as they are spoken: markup, emoji and invisible characters away, figures in words.

Knows no phonemes. Works on one sentence at a time; nothing that can be spoken is dropped but markup, emoji, and the
scheme and query of a URL.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Rules: TypeAlias = "tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]"


def plain(text: str) -> str:
    """`text` without what nobody would read aloud: HTML, SSML, Markdown, emoji, control characters."""
    text = _apply(_MARKUP, _CONTROL.sub(" ", text))
    return text if text.isascii() else _simplified(text)


def english(text: str) -> str:
    """`text` with abbreviations, times, money, years and units in words. Plain numbers are left to espeak."""
    return _apply(_ENGLISH, text)


def _apply(rules: Rules, text: str) -> str:
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text


# --- Any language

_BREAKS: Final = "break|br|p|s|div|li|tr|h[1-6]"
_NAMES: Final = (
    f"{_BREAKS}|speak|voice|prosody|emphasis|say-as|sub|sup|phoneme|audio|mark|lang|w|token|span|b|i|u|em|strong|small"
    "|del|ins|font|center|a|img|code|pre|ul|ol|table|thead|tbody|td|th|hr|blockquote|(?:mstts|amazon):[a-z-]+"
)
_ATTRIBUTES: Final = r"(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))*\s*/?"


def _character(match: re.Match[str]) -> str:
    return html.unescape(match[0])


_MARKUP: Final[Rules] = (
    (re.compile(r"^\s*(?:```|~~~)[^`]*$"), ""),  # a code fence with its language
    (re.compile(rf"</?(?:{_BREAKS}){_ATTRIBUTES}>", re.IGNORECASE), ", "),
    (re.compile(rf"</?(?:{_NAMES}){_ATTRIBUTES}>|<!--.*?-->|<[!?][^<>]*>", re.IGNORECASE), ""),
    (re.compile(r"!(?=\[)"), ""),  # of an image
    (re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{1,7}|#x[\da-fA-F]{1,6});"), _character),
    (
        re.compile(r"\]\((?=[^)\s]*[/.:#@])[^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)"),
        " ",
    ),  # of a link
    (
        re.compile(
            r"\b(?:https?|ftp)://(?:www\.)?([^\s?#<>\"]*[^\s?#<>\".,:;!)\]'])(?:[?#][^\s<>\"]*[\w/=])?"
        ),
        r"\1",
    ),
    (re.compile(r"^\s*(?:#{1,6}|>+|[-+*•])\s+(?:\[[ xX]\]\s+)?"), ""),  # heading, quotation, list item
    (re.compile(r"^[\s|:+=_*-]*-[\s|:+=_*-]*$"), ""),  # rule between the rows of a table
    (re.compile(r"(?<=\d)\s?\*\s?(?=\d)"), " × "),
    (re.compile(r"(?<=\w)\*(?=\w)|[_\[\]{}]|[=#~-]{3,}"), " "),
    (re.compile(r"\*|`|~~|\\(?=[^\w\s])|(?<!\w)#(?=[^\W\d])|<(?=\S+[@.])"), ""),
    (re.compile(r"\|"), ", "),
    (
        re.compile(r"\b((?:Dra?|Mr?s?|Sra?|Srta|Mme|Mlle|Sig|Dott)|D)\.(?=\s[^\W\d_a-z])"),
        r"\1",
    ),  # titles
    (re.compile(r"\d{13,}"), lambda match: " ".join(match[0])),  # nobody reads septillions
)

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""With espeak's own: NUL ends its text, \\x01 begins a command to it."""

_SILENT: Final = re.compile("[\U0001f000-\U0001faff\U000e0000-\U000e0fff☀-➿⬀-⯿⌚⌛⏏-⏳⏸-⏺︀-️\u20e3]")
"""Emoji and dingbats with what modifies them: a listener wants no `grinning face`."""

_COMPATIBLE: Final = re.compile(r"<(?:font|wide|narrow|circle|compat|square|initial|medial|final|isolated)>")
"""Kinds of look-alikes (`Ｈ`, `𝐇`, `ﬁ`, `①`, `㎏`) that espeak would spell out as character codes."""


_PLAINER: Final = str.maketrans({**dict.fromkeys("’‘ʼʻ′", "'"), "ı": "i", "ŉ": "n", "ſ": "s", "\xad": ""})


def _simplified(text: str) -> str:
    text = unicodedata.normalize("NFC", _SILENT.sub(" ", text.translate(_PLAINER)))
    return "".join(map(_simplified_character, text))


def _simplified_character(character: str) -> str:
    if character < "\u0180":
        return character
    category = unicodedata.category(character)
    if category == "Cf" or "\u02b0" <= character <= "\u036f":
        return ""
    if category[0] == "C":
        return " "
    if _COMPATIBLE.match(unicodedata.decomposition(character)):
        letters = unicodedata.normalize("NFKC", character)
        return letters if letters.isalnum() else character
    if "LATIN" in unicodedata.name(character, ""):
        letters = unicodedata.normalize("NFKD", character)
        return "".join(letter for letter in letters if not unicodedata.combining(letter))
    return character


# --- English

_CURRENCIES: Final = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
}
_MULTIPLES: Final = {
    "k": "thousand",
    "m": "million",
    "mn": "million",
    "bn": "billion",
    "b": "billion",
    "t": "trillion",
}


def _money(match: re.Match[str]) -> str:
    sign, whole, fraction, multiple = match.groups()
    one, many, one_hundredth, hundredths = _CURRENCIES[sign]
    if multiple:
        return (
            f"{whole}{'.' + fraction if fraction else ''} {_MULTIPLES.get(multiple.lower(), multiple)} {many}"
        )
    if not fraction or len(fraction) != 2:  # noqa: PLR2004 - cents have two digits
        return f"{whole}.{fraction} {many}" if fraction else f"{whole} {one if whole == '1' else many}"
    units = f"{whole} {one if whole == '1' else many}"
    parts = f"{int(fraction)} {one_hundredth if fraction == '01' else hundredths}"
    if fraction == "00":
        return units
    return parts if whole == "0" else f"{units} and {parts}"


def _time(match: re.Match[str]) -> str:
    hour, minute, half = match.groups()
    said = {"00": "" if half else " o'clock"}.get(
        minute, f" oh {minute[1]}" if minute[0] == "0" else f" {minute}"
    )
    return f"{int(hour)}{said}{half or ''}"


def _year(match: re.Match[str]) -> str:
    century, rest = match.groups()
    if century == "20" and rest[0] == "0":
        return match[0]
    return f"{century} {'hundred' if rest == '00' else 'oh ' + rest[1] if rest[0] == '0' else rest}"


_DECADES: Final = {
    "0": "hundreds",
    "1": "tens",
    "2": "twenties",
    "3": "thirties",
    "4": "forties",
    "5": "fifties",
    "6": "sixties",
    "7": "seventies",
    "8": "eighties",
    "9": "nineties",
}


def _decade(match: re.Match[str]) -> str:
    century, tens = match.groups()
    if not century:
        return _DECADES[tens]
    return "two thousands" if century + tens == "200" else f"{century} {_DECADES[tens]}"


_ROMAN: Final = {"I": 1, "V": 5, "X": 10}


def _roman(match: re.Match[str]) -> str:
    values = [_ROMAN[letter] for letter in match[0]]
    return str(sum(-v if v < after else v for v, after in zip(values, [*values[1:], 0], strict=True)))


_WORDS: Final = {
    "Prof": "Professor",
    "Mt": "Mount",
    "Gen": "General",
    "Sen": "Senator",
    "Rep": "Representative",
    "Gov": "Governor",
    "Capt": "Captain",
    "Lt": "Lieutenant",
    "Col": "Colonel",
    "Sgt": "Sergeant",
    "Rev": "Reverend",
    "vs": "versus",
    "approx": "approximately",
    "e.g": "for example",
    "E.g": "For example",
    "i.e": "that is",
    "I.e": "That is",
}
"""Abbreviations without the full stop that they lose with it."""

_MONTHS: Final = {
    "Jan": "January",
    "Feb": "February",
    "Mar": "March",
    "Apr": "April",
    "Jun": "June",
    "Jul": "July",
    "Aug": "August",
    "Sep": "September",
    "Sept": "September",
    "Oct": "October",
    "Nov": "November",
    "Dec": "December",
}
_UNITS: Final = {
    "km/h": "kilometers per hour",
    "mph": "miles per hour",
    "km": "kilometers",
    "cm": "centimeters",
    "mm": "millimeters",
    "kg": "kilograms",
    "mg": "milligrams",
    "ml": "milliliters",
    "lbs": "pounds",
    "lb": "pounds",
    "oz": "ounces",
    "ft": "feet",
    "kWh": "kilowatt hours",
    "kHz": "kilohertz",
    "MHz": "megahertz",
    "GHz": "gigahertz",
    "Hz": "hertz",
    "KB": "kilobytes",
    "MB": "megabytes",
    "GB": "gigabytes",
    "TB": "terabytes",
    "°C": "degrees Celsius",
    "°F": "degrees Fahrenheit",
    "ms": "milliseconds",
}


def _unit(match: re.Match[str]) -> str:
    number, unit = match.groups()
    words = _UNITS[unit]
    if number == "1":
        first, *others = words.split(" ")
        words = " ".join(
            (
                {"feet": "foot"}.get(first, first if first.endswith("hertz") else first.removesuffix("s")),
                *others,
            )
        )
    return f"{number} {words}"


def _any(words: dict[str, str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_NUMBER: Final = r"\d+(?:,\d{3})*"

_ENGLISH: Final[Rules] = (
    (re.compile(rf"\b({_any(_WORDS)})\.(?!\w)"), lambda match: _WORDS[match[1]]),
    (re.compile(r"\bvs\b"), "versus"),
    (re.compile(r"\bSt\.?(?=\s[A-Z])"), "Saint"),
    (re.compile(r"\b([JS]r)\b"), lambda match: {"Jr": "Junior", "Sr": "Senior"}[match[1]]),
    (re.compile(r"\b([CF])#"), r"\1 sharp"),
    (re.compile(r"(?:\bNo\.|#|№)\s?(?=\d)"), "number "),
    (re.compile(rf"\b({_any(_MONTHS)})\.?(?=\s\d)"), lambda match: _MONTHS[match[1]]),
    (re.compile(r"\b([AaPp])\.\s?[Mm]\b\.?(?!\s+[A-Z]|\s*$)"), r"\1m"),
    (re.compile(r"\b(?:[A-Za-z]\.){2,}(?=\s+[a-z]|[,;:)'])"), lambda match: match[0].replace(".", "")),
    (re.compile(r"\b([A-Z])\.(?=\s?[A-Z])"), r"\1"),  # initials
    (re.compile(r"(?<![\w-])(?!\d{3}-\d{4}\b)(\d{1,4})\s?[–-]\s?(\d{1,4})(?![\w-])"), r"\1 to \2"),
    (re.compile(r"(?<!\w)'?(1[1-9](?=\d)|20(?=\d)|(?=[2-9]))(\d)0'?s\b"), _decade),
    (
        re.compile(rf"(?<![\w$£€¥₹#.,:/-])(1[1-9]|20)(\d\d)(?![\w%°/:-]|[.,]\d|\s(?:{_any(_UNITS)})(?!\w))"),
        _year,
    ),
    (
        re.compile(
            rf"([{''.join(_CURRENCIES)}])\s?({_NUMBER})(?:\.(\d+))?"
            r"(?:\s?((?:hundred|thousand|[mb]illion|trillion|[kKmM]|[bm]n|[BT])\b))?"
        ),
        _money,
    ),
    (re.compile(r"(?<![\d:.])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])(\s?[ap]\.?m\b)?", re.IGNORECASE), _time),
    (re.compile(rf"(?<![\w.])({_NUMBER}(?:\.\d+)?)\s?({_any(_UNITS)})(?![\w/])"), _unit),
    (re.compile(r"\b(?!XX)X{0,3}(?:IX|IV|V?I{1,3}|V)(?<=[IVX]{2})\b"), _roman),
    (re.compile(r"~(?=\d)"), "about "),
)
