"""Which of its sounds a word has here: English words that are written alike and said differently. Knows no lexicon.

By the words beside it, and for some by words anywhere in the sentence: `data/english_homographs.tsv`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from inference.text.english_data import words as words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERBS_AHEAD: Final = frozenset(words_of("before_verbs"))
_SUBJECTS: Final = frozenset(words_of("before_inflected_verbs"))
_NOUNS_AHEAD: Final = frozenset(words_of("before_nouns"))
_ADJECTIVES_AHEAD: Final = frozenset(words_of("before_adjectives"))
_OBJECTS: Final = frozenset(words_of("after_verbs"))
_BEFORE_PLAIN_VERBS: Final = frozenset(words_of("before_plain_verbs"))
_ONE_THING: Final = re.compile(r"[a-z]{3,}[a-rt-z]")
"""After a thing in the singular a verb ends in -s: `price increase` is a noun."""

_PLURAL: Final = re.compile(r"[^su]s$")
_ADJECTIVE_ENDINGS: Final = ("ous", "ful", "ive", "able", "ible", "ical", "ial", "ary", "less", "ish", "est")


def part_of_speech(words: Sequence[str], index: int) -> str:
    """`VERB`, `NOUN`, `ADJ` or nothing: what the words beside it, in small letters, make of the one at `index`."""
    before = words[index - 1] if index else ""
    after = words[index + 1] if index + 1 < len(words) else ""
    is_plural_after_to = before == "to" and _PLURAL.search(words[index])
    if (before in _VERBS_AHEAD and not is_plural_after_to) or (
        before in _SUBJECTS and words[index].endswith(("s", "ed"))
    ):
        return "VERB"
    if before in _ADJECTIVES_AHEAD:
        return "ADJ"
    if (
        is_plural_after_to
        or before in _NOUNS_AHEAD
        or before.endswith("'s")
        or before.endswith(_ADJECTIVE_ENDINGS)
    ):
        return "NOUN"
    if not before and words[index].endswith("s") and not words[index].endswith("ss"):
        return "NOUN"
    if after in _OBJECTS or (before.endswith("ly") and len(before) > len("only")):
        return "VERB"
    is_plain = not words[index].endswith(("s", "ed", "ing"))
    is_thing = is_plain and _ONE_THING.fullmatch(before) and before not in _BEFORE_PLAIN_VERBS
    return "NOUN" if is_thing else ""


@dataclass(frozen=True)
class Sense:
    """A sound of a word, and the words that tell of it. Lives as long as its module."""

    phonemes: str
    british: str
    before: re.Pattern[str]
    after: re.Pattern[str]
    anywhere: frozenset[str]


def _senses() -> dict[str, list[Sense]]:
    lines = (
        files("inference.text")
        .joinpath("data/english_homographs.tsv")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    found: dict[str, list[Sense]] = {}
    for line in lines[1:]:
        if not line.startswith("#"):
            word, phonemes, british, before, after, anywhere = line.split("\t")
            sense = Sense(
                phonemes, british or phonemes, _any(before), _any(after), frozenset(anywhere.split())
            )
            found.setdefault(word, []).append(sense)
    return found


def _any(words: str) -> re.Pattern[str]:
    return re.compile("|".join(words.split()) or "(?!)")


_SENSES: Final = _senses()


def sound(words: Sequence[str], index: int, *, is_british: bool) -> str | None:
    """The phonemes of a word whose sound its neighbours tell; None if they do not, or it has but one."""
    senses = _SENSES.get(words[index], ())
    before = words[index - 1] if index else "^"
    two_before = "_".join(words[max(index - 2, 0) : index])
    after = words[index + 1] if index + 1 < len(words) else "$"
    part = part_of_speech(words, index) if senses else ""
    for sense in senses:
        if (
            sense.before.fullmatch(before)
            or sense.before.fullmatch(two_before)
            or (part and sense.before.fullmatch(part))
            or sense.after.fullmatch(after)
            or not sense.anywhere.isdisjoint(words)
        ):
            return sense.british if is_british else sense.phonemes
    return None
