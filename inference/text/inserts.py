"""Spans that are read on their own, and stand in their sentence as phonemes: other languages, spelling, emphasis.

Knows no phonemizer: it is given one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from inference.languages import BY_CODE
from inference.text.characters import voiced
from inference.text.ipa_to_kokoro import from_ipa
from inference.vocabulary import MARKS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inference.text.marks import Span

    Read = Callable[[str, str], str]
    """Text and the code of its language to phonemes."""

_VOWEL: Final = re.compile("[AIOQWYaeiouyæøœɐɑɒɔəɚɛɜɤɨɪɯʊʌᵊᵻ]")
_SOUNDS: Final = re.compile(f"[^\\s{re.escape(''.join(MARKS))}]+")
_GROUP_OF_LETTERS: Final = re.compile(r"[\s().,/-]+")


def embedded(spans: Sequence[Span], code: str, read: Read) -> tuple[list[Span], str]:
    """The spans of a sentence as one text that can be read at once, and the code of the language to read it in.

    `code` is the language of the text around it.
    """
    language = _only_language(spans) or code
    return [replace(span, text=_text(span, language, code, read)) for span in spans], language


def places(spans: Sequence[Span], embedded: Sequence[Span]) -> list[tuple[int, int]]:
    """For each character of the embedded text, where that starts and ends in the user's text which it is read for."""
    found: list[tuple[int, int]] = []
    for span, read in zip(spans, embedded, strict=True):
        if span.is_replaced or read.text != span.text:
            found += [(span.start, span.end)] * len(read.text)
        else:
            found += pairwise(range(span.start, span.end + 1))
    return found


def _only_language(spans: Sequence[Span]) -> str:
    languages = {span.state.language for span in spans if any(map(str.isalnum, span.text))}
    return languages.pop() if len(languages) == 1 else ""


def _text(span: Span, language: str, code: str, read: Read) -> str:
    own = span.state.language or code
    if span.kind == "phonemes":
        return voiced(from_ipa(span.text, BY_CODE[own].espeak))
    if span.kind == "letters":
        return _among_words(spelled(span.text, own, read))
    if span.kind == "words" and own == language:
        return span.text
    return _among_words(_stressed(read(span.text, own), span.kind))


def _among_words(phonemes: str) -> str:
    """Phonemes as they may stand in a text: marks and spaces remain what they are."""
    return f" {_SOUNDS.sub(lambda match: voiced(match[0]), phonemes)} "


def spelled(text: str, code: str, read: Read) -> str:
    """Phonemes of every letter and figure by its name, with a mark between groups of them."""
    names = {letter: read(letter.upper(), code) for letter in sorted(set(text))}
    groups = _GROUP_OF_LETTERS.split(text.strip())
    said = (" ".join(filter(None, map(names.__getitem__, group))) for group in groups)
    return ", ".join(filter(None, said))


def _stressed(phonemes: str, kind: str) -> str:
    """With a stress on every word, with the second one in place of the first, or with none."""
    if kind == "flat":
        return phonemes.replace("ˈ", "").replace("ˌ", "")
    if kind == "unstressed":
        return phonemes.replace("ˈ", "ˌ")
    if kind == "stressed":
        return re.sub(r"\S+", lambda match: _with_stress(match[0]), phonemes)
    return phonemes


def _with_stress(word: str) -> str:
    if "ˈ" in word:
        return word
    if "ˌ" in word:
        return word.replace("ˌ", "ˈ", 1)
    return _VOWEL.sub(r"ˈ\g<0>", word, count=1)
