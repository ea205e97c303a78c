"""English as it is written to English as it is said: every rule, in the order in which they are applied.

Knows no phonemes. What a rule makes is text again: a later one may still find its figures.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from inference.text import english_arithmetic as arithmetic
from inference.text import english_code as code
from inference.text import english_dates as dates
from inference.text import english_figures as figures
from inference.text import english_flights as flights
from inference.text import english_money as money
from inference.text import english_notes as notes
from inference.text import english_places as places
from inference.text import english_roman as roman
from inference.text import english_signs as signs
from inference.text import english_telephones as telephones
from inference.text import english_times as times
from inference.text import english_units as units
from inference.text import english_words as words
from inference.text import english_years as years
from inference.text.english_gates import gated
from inference.text.rules import apply

if TYPE_CHECKING:
    from inference.text.rules import Rule


@cache
def rules(*, is_british: bool) -> tuple[Rule, ...]:
    """All rules. Addresses first, for their signs are none of the others'; plain numbers last."""
    ordered = (
        *code.RULES,
        *notes.NOTES,
        *words.ABBREVIATIONS,
        *places.PLACES,
        *words.LETTERS,
        *flights.FLIGHTS,
        *(telephones.BRITISH if is_british else ()),
        *telephones.TELEPHONES,
        *dates.APART,
        *(dates.BRITISH if is_british else dates.AMERICAN),
        *dates.NAMES,
        *years.YEARS,
        *times.TIMES,
        *figures.FRACTIONS,
        *money.MONEY,
        *(figures.BRITISH_SCORES if is_british else ()),
        *figures.RANGES,
        *roman.ROMAN,
        *(units.BRITISH if is_british else ()),
        *units.UNITS,
        *arithmetic.ARITHMETIC,
        *signs.SIGNS,
        *signs.NUMBERS,
        *(signs.BRITISH if is_british else ()),
    )
    return tuple(map(gated, ordered))


def written_out(text: str, *, is_british: bool) -> str:
    """One sentence in words, without figures and signs."""
    return apply(rules(is_british=is_british), text)
