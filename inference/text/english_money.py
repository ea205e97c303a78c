"""Sums of money in English: their currencies, hundredths and multiples. Knows no units of measure."""

from __future__ import annotations

import re
from typing import Final

from inference.text import english_data as data
from inference.text.english_data import stands_for_one
from inference.text.rules import any_of, rule

_NUMBER: Final = r"\d+(?:,\d{3})*(?:\.\d+)?"
_DASH: Final = r"(?:\s?[–-]\s?|—)"
_SIGN: Final = any_of(data.CURRENCIES)
_CODE: Final = any_of(data.CURRENCY_CODES)
_MULTIPLE: Final = (
    r"(?:\s?(?:hundred|thousand|[mbtMBT]r?illion)\b|\s?(?:[kKMBT]|mm|MM|[bm]n|tn|m|b|[mb]il)\b)"
)


def _money(match: re.Match[str]) -> str:
    sign, whole, cents, multiple = match["sign"], match["whole"], match["cents"], match["multiple"]
    one, many, *hundredth = data.CURRENCIES[data.CURRENCY_CODES.get(sign, sign)]
    is_adjective = stands_for_one(match)
    before, after = match["one"] or "", match["noun"] or ""
    if multiple:
        said = f"{whole}{f'.{cents}' if cents else ''} {_multiple(multiple)} {one if is_adjective else many}"
    elif is_adjective and cents and cents != "00":
        said = f"{whole} {one} {int(cents)} {hundredth[0]}" if len(cents) == 2 else f"{whole}.{cents} {one}"  # noqa: PLR2004
    elif is_adjective:
        said = f"{whole} {one}"
    else:
        said = _sum(whole, cents, (one, many), hundredth)
    return f"{before}{(match['minus'] and 'minus ') or ''}{said}{after}"


def _multiple(written: str) -> str:
    return data.MULTIPLES.get(written.strip(), written.strip())


def _sum(whole: str, cents: str | None, unit: tuple[str, str], hundredth: list[str]) -> str:
    units = f"{whole} {unit[whole != '1']}"
    if not cents or set(cents) == {"0"}:
        return units
    if len(cents) != 2:  # noqa: PLR2004 - no cents
        return f"{whole}.{cents} {unit[1]}"
    parts = f"{int(cents)} {hundredth[cents != '01']}"
    return parts if whole == "0" else f"{units} and {parts}"


_RATED: Final = re.compile(
    r"(?:\d%?|\b(?:req|tok|op|it|iter|img|rev)|\d\s?[a-zA-Z²³]+|[a-z]s|[²³¢]|\b(?:m[gl]|[kcm]?m|k?g|[mk]cg|m?L|[kM]Wh|mol|[kKmMgG]?b(?:it|yte)?|cost|price|rate|fee|pay))$"
)
"""What stands before the slash of a rate; beside `get/set` and `parent/child` nothing does."""

_AMOUNT: Final = rf"(?P<whole>\d+(?:,\d{{2,3}})*)(?:\.(?P<cents>\d+))?(?P<multiple>{_MULTIPLE})?+(?![\d])"
_NOUN_AFTER: Final = rf"(?P<noun>[\s-]{data.NOUN})?"

MONEY: Final = (
    rule(
        "sum with a comma",
        r"(€\s?\d{1,3}|(?<![\d.,])\d{1,3}(?=,\d\d\s?€)),(\d\d)(?![\d,])",
        r"\1.\2",
        "€8,50",
        "€8.50",
    ),
    rule(
        "amounts apart by a dash",
        rf"({_SIGN})({_NUMBER})({_MULTIPLE})?{_DASH}(?:{_SIGN})?({_NUMBER})({_MULTIPLE})?(?![\w-])",
        lambda m: f"{m[2]}{m[3] or ''} to {m[1]}{m[4]}{m[5] or ''}",
        "$10-$15 or £5–6m",
        "10 to $15 or 5 to £6m",
    ),
    rule(
        "loss in brackets",
        rf"({_SIGN})\(({_NUMBER})\)(?=({_MULTIPLE})?)(?(3){_MULTIPLE})",
        lambda m: f"minus {m[1]}{m[2]}{m[3] or ''}",
        "$(1.3)M, $(0.05)",
        "minus $1.3M, minus $0.05",
    ),
    rule("loss of money", rf"(?<![\w)])[-−–](?={_SIGN}\d)", "minus ", "-$5", "minus $5"),
    rule(
        "money",
        rf"(?P<one>{data.ONE_THING}|\bsub-)?(?P<minus>)(?P<sign>{_SIGN})\s?{_AMOUNT}(?P<per>)"
        rf"{_NOUN_AFTER}",
        _money,
        "$4.50, a $10 bill, £1, $1.2 million and a €5m loan",
        "4 dollars and 50 cents, a 10 dollar bill, 1 pound, 1.2 million dollars and a 5 million euro loan",
    ),
    rule(
        "money, sign or code last",
        rf"(?<![\w.,])(?P<one>{data.ONE_THING})?(?P<minus>){_AMOUNT}\s?(?P<sign>€|£|¥|₹|₽|\$(?!\d)|\b(?:{_CODE})\b){_NOUN_AFTER}",
        _money,
        "10 € or 20 USD",
        "10 euros or 20 dollars",
    ),
    rule(
        "money, code first",
        rf"(?P<one>{data.ONE_THING})?\b(?P<minus>)(?P<sign>{_CODE})\s?{_AMOUNT}{_NOUN_AFTER}",
        _money,
        "EUR 20",
        "20 euros",
    ),
    rule(
        "cents", r"(?<![\w.])(\d+)\s?¢", lambda m: f"{m[1]} cent{'' if m[1] == '1' else 's'}", "5¢", "5 cents"
    ),
    rule(
        "pence",
        r"(?<![\w.])(\d{1,2})p\b(?!\.)",
        lambda m: f"{m[1]} {'penny' if m[1] == '1' else 'pence'}",
        "50p",
        "50 pence",
    ),
    rule(
        "multiple",
        r"""(?<![\w.,]) (\d+(?:\.\d+)?) \s? (?: (k|M|bn) \b (?= \s|[,.;!?)]|$ ) | (K) (?= \s[a-z]+s\b ) )
        (?! \s(?:resolution|TVs?|videos?|monitors?|displays?|screens?|runs?|races?) )""",
        lambda m: f"{m[1]} {data.MULTIPLES[m[2] or m[3]]}",
        "10k users, 5M",
        "10 thousand users, 5 million",
    ),
    rule(
        "per",
        rf"(?<=[a-z\d%])/({any_of(data.PER)})(?![\w/])(?:\.(?=,|\s[a-z]))?",
        lambda m: (
            f" per {data.PER[m[1]]}" if _RATED.search(m.string, max(m.start() - 24, 0), m.start()) else m[0]
        ),
        "5 dollars/hr, 2 mg/kg, mbit/s; get/set, parent/child, user/s",
        "5 dollars per hour, 2 mg per kilogram, mbit per second; get/set, parent/child, user/s",
    ),
)
