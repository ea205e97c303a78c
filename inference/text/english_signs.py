"""Signs and plain numbers in English: what all other rules have left. Knows no amounts and no dates."""

from __future__ import annotations

import re
from typing import Final

from inference.text import english_data as data
from inference.text.characters import voiced
from inference.text.english_numbers import cardinal, decimal, ordinal
from inference.text.rules import any_of, rule


def _number(match: re.Match[str]) -> str:
    """Plain figures in words; those behind a decimal point one by one."""
    whole, fraction = match[1].replace(",", ""), match[2]
    return f" {decimal(whole, fraction) if fraction else cardinal(whole)} "


SIGNS: Final = (
    rule("sections", r"§§", "sections", "§§ 5-7", "sections 5-7"),
    rule(
        "percentage points", r"(?<=\d) \s?%\s?pts?\b", " percentage points", "5 %pts", "5 percentage points"
    ),
    rule(
        "sign",
        rf"([{''.join(map(re.escape, data.SYMBOLS))}])",
        lambda match: f" {data.SYMBOLS[match[1]]} ",
        "a & b=5%",
        "a  and  b equals 5 percent ",
    ),
    rule("for each", r"(?<=\d)\s?/(?=[a-z]{3,12}\b)", " per ", "limit 1/customer", "limit 1 per customer"),
    rule("slash", r"(?<=[A-Za-z])/(?=[A-Za-z])", " slash ", "input/output", "input slash output"),
)

NUMBERS: Final = (
    rule("decimal without a whole", r"(?<![\w.]) \. (?=\d)", "0.", "about .5", "about 0.5"),
    rule(
        "ordinal",
        r"(?<![\w.]) (\d{1,3}(?:,\d{3})+ | \d{1,15}) (?:st|nd|rd|th) \b",
        lambda match: ordinal(match[1].replace(",", "")),
        "the 21st",
        "the twenty first",
    ),
    rule(
        "letter of a part",
        r"(?<=\d)([a-f])(?!\w)",
        lambda match: f" {voiced('ˈA') if match[1] == 'a' else match[1].upper()}",
        "Fig. 3b",
        "Fig. 3 B",
    ),
    rule("figure in a compound", r"(?<=\d)-(?=[a-z])", " ", "10-year-old", "10 year-old"),
    rule("figure after a name", r"(?<=[A-Za-z])-(?=\d)", " ", "COVID-19", "COVID 19"),
    rule(
        "number",
        r"(\d{1,3}(?:,\d{3})++ (?!\d) | \d+) (?: \.(\d+) )?",
        _number,
        "12,345.67",
        " twelve thousand three hundred forty five point six seven ",
    ),
    rule("owner of a number", r"(?<=[a-z]) \s+ 's \b", "'s", "nineteen 's", "nineteen's"),
)

_SMALL: Final = any_of(cardinal(str(number)) for number in (*range(1, 20), *range(20, 100, 10)))

BRITISH: Final = (
    rule(
        "and within a number",
        rf"""\b (?: (hundred) (?=\s+{_SMALL}\b)
        | (thousand|million|billion) (?=\s+{_SMALL}\b (?:\s+{_SMALL}\b)? (?!\s+(?:hundred|thousand|million)) ) )""",
        r"\1\2 and",
        "two thousand three hundred forty five, two thousand five",
        "two thousand three hundred and forty five, two thousand and five",
    ),
)
