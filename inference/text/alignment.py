"""Which characters of a text each phoneme stands for, word by word. Knows no language and no rule of writing.

Every word is read alone, too: where that sounds as in the sentence, it is the same word. Words in between, such as
figures, liaisons and what is said in another order, share the phonemes in between by how long each is alone.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from difflib import SequenceMatcher
from itertools import accumulate, groupby, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from inference.protocol import Word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_WRITTEN: Final = re.compile(r"(?: \[[^\[\]]*+\]\(/[^()]*/\) | <[^<>]*+> | \S )+", re.VERBOSE)
"""What stands between spaces, but for those inside a tag or the brackets of `[a word](/phonemes/)`."""

_STRESS: Final = "ˈˌ"
_MOST_COMPARED: Final = 250_000
"""Pairs of words that are compared, 25 ms at worst. Only words of a lexicon of one's own say more: 300 characters of
`a`, said as 99 letters each, took 15 s."""

_UNTOLD: Final = frozenset(f"{_STRESS}ː")
"""What a word alone may have otherwise than in a sentence."""


class _Sound(NamedTuple):
    """A word of phonemes."""

    letters: str
    """Without stress, length and marks."""

    places: Sequence[int]
    """For each letter, the token with which it begins; of a word that was read alone, the number of that word."""


_OPENING: Final = frozenset({"Sc", "Ps", "Pi"})
"""Unicode's categories of currency signs, brackets and quotes: they belong to what follows them."""

_GOES_ON: Final = re.compile(r"\d[,.:]?\Z")
"""A figure belongs to what follows it, as its counter does in Japanese and Chinese."""


def written_words(text: str, cut: Callable[[str], list[str]]) -> Iterator[tuple[int, int]]:
    """Where each word of `text` starts and ends, its marks and markup included.

    `cut` gives the words of what stands between two spaces: several in Japanese and Chinese.
    """
    for found in _WRITTEN.finditer(text):
        start, end = found.span()
        is_marked_up = "<" in found[0] or "](" in found[0]
        starts = [0] if is_marked_up else _starts(found[0], cut(found[0]))
        yield from pairwise([*(start + each for each in starts), end])


def _starts(text: str, tokens: list[str]) -> Iterator[int]:
    """Where those `tokens` of `text` start that begin a word."""
    yield 0
    end, has_begun = 0, False
    for token in tokens:
        start = text.find(token, end)
        if start < 0:  # a dictionary may have changed it
            continue
        end = start + len(token)
        if not (token[0].isalnum() or unicodedata.category(token[0]) in _OPENING):
            continue
        before = text[max(start - 2, 0) : start]
        goes_on = _GOES_ON.search(before) or (before and unicodedata.category(before[-1]) in _OPENING)
        if has_begun and not goes_on:
            yield start
        has_begun = True


def aligned(
    text: str, phonemes: str, words: Iterable[tuple[int, int]], alone: Callable[[str], str]
) -> tuple[Word, ...]:
    """The words of `text` that are spoken, in order; each begins with another of the `phonemes`.

    Words that cannot be told apart, such as those of `$5 million`, are one.

    Args:
        text: one sentence, as it is written.
        phonemes: of all of it, one character a token.
        words: where each starts and ends.
        alone: gives the phonemes of any word by itself.
    """
    written = list(words)
    heard = list(_sounds(phonemes))
    read = [
        _Sound(letters, [number] * len(letters))
        for number, (start, end) in enumerate(written)
        for letters, _ in _sounds(alone(text[start:end]))
    ]
    if not heard or not read:
        return (Word(0, 0, len(text)),) if heard else ()
    first, rewritten = _first_tokens(read, heard)
    said = dict.fromkeys(sound.places[0] for sound in read)
    groups = groupby(said, lambda number: _owner(number, first, rewritten))
    return tuple(
        Word(first[owner], written[numbers[0]][0], written[numbers[-1]][1])
        for owner, numbers in ((owner, list(group)) for owner, group in groups)
    )


def placed(words: Iterable[Word], places: Sequence[tuple[int, int]]) -> tuple[Word, ...]:
    """The words as they stand in another text, where each of their characters has its place; some may share one."""
    found: list[Word] = []
    for word in words:
        start, end = places[word.start][0], places[word.end - 1][1]
        if found and start < found[-1].end:
            found[-1] = Word(found[-1].token, found[-1].start, max(end, found[-1].end))
        else:
            found.append(Word(word.token, start, end))
    return tuple(found)


def _sounds(phonemes: str) -> Iterator[_Sound]:
    for word in re.finditer(r"\S+", phonemes):
        letters, places = "", []
        for place, (before, phoneme) in enumerate(pairwise(f" {word[0]}"), word.start()):
            if phoneme.isalpha() and phoneme not in _UNTOLD:
                letters += phoneme
                places.append(place - (before in _STRESS))
        if letters:
            yield _Sound(letters, places)


def _first_tokens(read: list[_Sound], heard: list[_Sound]) -> tuple[dict[int, int], set[int]]:
    """The first token of each word that has one of its own, and which words sound otherwise than alone."""
    first = {read[0].places[0]: heard[0].places[0]}
    rewritten: set[int] = set()
    latest = heard[0].places[0]
    for kind, i, i_end, j, j_end in _compared(read, heard):
        ours, theirs = read[i:i_end], heard[j:j_end]
        if kind == "equal":
            begins = [
                (sound.places[0], as_heard.places[0]) for sound, as_heard in zip(ours, theirs, strict=True)
            ]
        else:
            rewritten.update(sound.places[0] for sound in ours)
            begins = list(_shared(ours, theirs))
        for number, token in begins:
            if number not in first and token > latest:
                first[number] = latest = token
    return first, rewritten


def _compared(read: list[_Sound], heard: list[_Sound]) -> Sequence[tuple[str, int, int, int, int]]:
    """What is the same in both and what is not, as `SequenceMatcher` tells it."""
    if len(read) * len(heard) > _MOST_COMPARED:
        return [("replace", 0, len(read), 0, len(heard))]
    ours, theirs = [sound.letters for sound in read], [sound.letters for sound in heard]
    return SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()


def _shared(ours: list[_Sound], theirs: list[_Sound]) -> Iterator[tuple[int, int]]:
    """Where each word in `ours` begins: with one of `theirs`, or inside one of them where there are too few."""
    lengths = {
        number: sum(len(sound.letters) for sound in sounds)
        for number, sounds in groupby(ours, lambda sound: sound.places[0])
    }
    letters = [place for sound in theirs for place in sound.places]
    starts = list(accumulate((len(sound.letters) for sound in theirs[:-1]), initial=0))
    spare, scale = len(theirs) - len(lengths), len(letters) / max(sum(lengths.values()), 1)
    low = before = 0
    for index, (number, length) in enumerate(lengths.items()):
        wanted = int(before * scale)
        if spare >= 0:
            low = _nearest(starts, wanted, low, index + spare)
            wanted, low = starts[low], low + 1
        if letters:
            yield number, letters[wanted]
        before += length


def _nearest(starts: list[int], wanted: int, low: int, high: int) -> int:
    """Which of `starts`, from `low` to `high`, is nearest."""
    above = bisect_left(starts, wanted, low, high)
    return above if above == low or starts[above] - wanted < wanted - starts[above - 1] else above - 1


def _owner(number: int, first: dict[int, int], rewritten: set[int]) -> int:
    """The word that has the phonemes of this one: itself, or a neighbour that sounds otherwise than alone."""
    if number in first:
        return number
    before = max(other for other in first if other < number)
    after = min((other for other in first if other > number), default=before)
    return after if after in rewritten and before not in rewritten else before
