"""Figures in English that are read one by one or in pairs: telephone numbers, rooms, flights. Knows no amounts."""

from __future__ import annotations

import re
from typing import Final

from inference.text import english_data as data
from inference.text.characters import voiced
from inference.text.english_numbers import in_pairs, one_by_one
from inference.text.rules import any_of, of_figures, rule


def _telephone(match: re.Match[str]) -> str:
    return _in_groups(match[0])


def _in_groups(number: str) -> str:
    groups = re.findall(r"[+]|\d+|[A-Za-z]+", number.replace("(0)", " "))
    said = [{"+": "plus"}.get(group) or (one_by_one(group) if group.isdigit() else group) for group in groups]
    return ", ".join(said).replace("plus,", "plus")


_DIALLED: Final = any_of(data.words("dialled"))

TELEPHONES: Final = of_figures(
    rule(
        "telephone number",
        r"(?<![\w.,$£€-])(?:\+\d{1,3}[\s.-]?(?:\(0\))?)?(?:1[\s.-])?(?:\(\d{2,5}\)\s?|\d{3}[.-]|(?<!\d\s)[2-9]\d\d\s(?=\d{3}\s))\d{3}[\s.-]\d{4}(?![\w-]|[.,]\d|\s\d)",
        _telephone,
        "(555) 123-4567, 1-800-555-0199",
        "five five five, one two three, four five six seven, "
        "one, eight zero zero, five five five, zero one nine nine",
    ),
    rule(
        "extension",
        r"(?<=[a-z]\s)x\.?\s?(\d{2,5})(?!\w)",
        lambda m: f"extension {one_by_one(m[1])}",
        "zero one four seven x203",
        "zero one four seven extension two zero three",
    ),
    rule(
        "international number",
        r"(?<![\w.,])\+(?=(?:[\s.()-]{0,2}\d){7})\d{1,3}(?:[\s.-]?\(?\d{1,5}\)?){2,6}(?![\w-])",
        _telephone,
        "+44 20 7946 0958",
        "plus four four, two zero, seven nine four six, zero nine five eight",
    ),
    rule(
        "free number",
        r"(?<![\w-])1?-?8(?:00|88|77|66)-(?:[A-Z]{2,8}(?:-[A-Z]{2,8}){0,2}|[A-Z\d]{3}-[A-Z\d]{4})(?![\w-])",
        _telephone,
        "1-800-FLOWERS",
        "one, eight zero zero, FLOWERS",
    ),
    rule(
        "British number",
        r"(?<![\w.,+-])0\d{2,4}\s\d{3,4}(?:\s?\d{3,4})?(?![\w-]|[.,]\d)",
        _telephone,
        "020 7946 0958, 0800 123 456",
        "zero two zero, seven nine four six, zero nine five eight, zero eight zero zero, one two three, four five six",
    ),
    rule(
        "local number",
        r"(?<![\w.,$£€/-])\d{3}-\d{4}(?![\w-]|[.,]\d|/[^A-Z])",
        _telephone,
        "555-0123",
        "five five five, zero one two three",
    ),
    rule(
        "number of social security",
        r"(?<![\w.,$£€/-])\d{3}-\d{2}-\d{4}(?![\w/-]|[.,]\d)",
        _telephone,
        "123-45-6789",
        "one two three, four five, six seven eight nine",
    ),
    rule(
        "number of a book or a card",
        r"(\bISBN(?:-1[03])?:?\s)?((?(1)\d[\d-]{8,15}[\dX]|(?<![\w.,$£€-])\d{4}(?:[ -]\d{4}){3}))(?![\w-])",
        lambda m: f"{m[1] or ''}{_in_groups(m[2])}",
        "ISBN 978-0-14-143951-8",
        "ISBN nine seven eight, zero, one four, one four three nine five one, eight",
    ),
    rule(
        "number that is dialled",
        rf"(?i:\b({_DIALLED}(?:'s)?)((?:\s(?:the|us|me|at|on|to|number|is|code|your|toll-free|in|(?-i:\"?[A-Z]{{2,10}}\"?))){{0,3}}):?\s)(\d{{3,6}})(?![\w:%-]|[.,]\d|\s[a-z]+s\b)",
        lambda m: f"{m[1]}{m[2]} {one_by_one(m[3])}",
        "call 911, text us at 741741",
        "call nine one one, text us at seven four one seven four one",
    ),
    rule(
        "number for emergencies",
        r"(?<![\w.,$-])(911|999|112|411|311|988)(?=\s(?:call|operator|dispatcher|emergency|now|if|for|in|immediately)\b)",
        lambda m: one_by_one(m[1]),
        "911 call",
        "nine one one call",
    ),
    rule(
        "room, flight, area",
        rf"\b((?i:{any_of(data.words('numbered_in_pairs'))}|area\scode)(?:\sis|'s)?\s(?:[A-Z]{{2}}\s)?)([1-9]\d\d{{1,2}})(?=[A-D]?(?![\w-]|[.,]\d))",
        lambda m: m[1] + (one_by_one(m[2], zero="oh") if "code" in m[1].lower() else in_pairs(m[2])),
        "Room 204",
        "Room two oh four",
    ),
    rule(
        "aircraft",
        r"\b(7\d7)(?:-(\d00|8|9|10)(?![\w-])|(?='?s\b|\s(?:jets?|planes?|pilots?|crews?|flights?|cockpit)\b))|\b(A)(3\d\d)(?=-\d00\b|neo\b|\b)(?![.,]\d)",
        lambda m: f"{in_pairs(m[1])} {m[2] or ''}".strip() if m[1] else f"A {in_pairs(m[4])}",
        "a 737-800, the 747's wings and an A320",
        "a seven thirty seven 800, the seven forty seven's wings and an A three twenty",
    ),
    rule(
        "account by its section",
        r"\b(401|403|457|529|501)\(([a-z])\)",
        lambda m: f"{in_pairs(m[1])} {m[2].upper()}",
        "a 401(k)",
        "a four oh one K",
    ),
    rule(
        "box at the post",
        r"\b(P\.?O\.?\sBox\s)(\d{3,6})(?![\w-])",
        lambda m: m[1] + (in_pairs(m[2]) if len(m[2]) < 5 else one_by_one(m[2])),  # noqa: PLR2004
        "PO Box 4410",
        "PO Box forty four ten",
    ),
    rule(
        "lines of a screen",
        r"(?<![\w.,])(240|360|480|720|1080|1440|2160)p(?=\d{0,3}\b)",
        lambda m: f"{in_pairs(m[1])} P ",
        "a 1080p video",
        "a ten eighty P  video",
    ),
    rule(
        "first course",
        r"\b([A-Z][A-Za-z]{1,20}\s)101(?![\w-]|[.,]\d|\s[A-Z])",
        r"\1one oh one",
        "CS 101 at noon",
        "CS one oh one at noon",
    ),
    rule(
        "road or car",
        r"\b(I|F|C|SR|US|CA)-([1-9]\d\d)(?![\w-]|\.\d)",
        lambda m: f"{m[1]} {in_pairs(m[2])}",
        "I-280",
        "I two eighty",
    ),
    rule(
        "letter with a number",
        r"(?<![\w./#$-])([A-Z])((?!\d\d00)[1-9]\d{3})(?![\w-]|[.,]\d)",
        lambda m: f"{voiced('ˈA') if m[1] == 'A' else m[1]} {in_pairs(m[2])}",
        "form G1145",
        "form G eleven forty five",
    ),
    rule(
        "letters with a number",
        r"(?<![\w./-])([A-Z]{2,3})([1-9]\d{2,3})(?![\w–-]|\.\d)",
        lambda m: f"{m[1]} {in_pairs(m[2])}",
        "AA1234 and CS101",
        "AA twelve thirty four and CS one oh one",
    ),
)

BRITISH: Final = of_figures(
    rule(
        "road",
        r"(?<![\w./#$-])(A(?=\d{4})|B(?!7\d7))([1-9]\d{2,3})(?![\w-]|[.,]\d)",
        lambda m: f"{voiced('ˈA') if m[1] == 'A' else m[1]} {one_by_one(m[2], zero='oh')}",
        "the B3086",
        "the B three oh eight six",
    ),
)
