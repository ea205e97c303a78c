"""Sentences with what is to be heard of them, and whether it is. One a line, in columns:

id, category, language, text (`\\n` is a line break) and expected. Expected is the sentence written out as it is said:
alternatives stand between ` | `, or inside one in `{a|b}`; `<FBI>` is said letter by letter. An item is right when
both give the same phonemes, but for stress, marks and weak vowels. Where `expected` begins with `~` or `!` it is
regular expressions, separated by spaces, that must (`~`) or must not (`!`) be found in the phonemes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inference.protocol import WorkerSpec
from inference.text.engine import TextEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEMS: Final = Path(__file__).parents[1] / "inference" / "text" / "items"

_LETTERS: Final = {
    **{
        "A": "ˈA",
        "B": "bˈi",
        "C": "sˈi",
        "D": "dˈi",
        "E": "ˈi",
        "F": "ˈɛf",
        "G": "ʤˈi",
        "H": "ˈAʧ",
        "I": "ˈI",
    },
    **{"J": "ʤˈA", "K": "kˈA", "L": "ˈɛl", "M": "ˈɛm", "N": "ˈɛn", "O": "ˈO", "P": "pˈi", "Q": "kjˈu"},
    **{"R": "ˈɑɹ", "S": "ˈɛs", "T": "tˈi", "U": "jˈu", "V": "vˈi", "W": "dˈʌbᵊljˌu", "X": "ˈɛks", "Y": "wˈI"},
    "Z": "zˈi",
}
_BRITISH_LETTERS: Final = _LETTERS | {"O": "ˈQ", "R": "ˈɑː", "Z": "zˈɛd", "W": "dˈʌbəljuː"}
_HEARD_ALIKE: Final = str.maketrans(
    {
        **dict.fromkeys('ˌː ;:,.!?—…“”()"', ""),
        **dict.fromkeys("ɐᵊ", "ə"),
        **dict.fromkeys("ɾTʔ", "t"),
        "ᵻ": "ɪ",
        "ɚ": "əɹ",
    }
)


@dataclass(frozen=True)
class Item:
    """One line of a file."""

    id: str
    category: str
    language: str
    text: str
    expected: str

    @property
    def kind(self) -> str:
        """The category, with the language where that is not English."""
        return self.category if self.language.startswith("en") else f"{self.language} {self.category}"


class FrontEnd:
    """The text worker's front end, as a text goes through it. Lives as long as the process: espeak's state does."""

    def __init__(self) -> None:
        self._engine = TextEngine(WorkerSpec("text"))

    def __call__(self, text: str, language: str) -> str:
        """The phonemes of a whole text."""
        return " ".join(sentence.phonemes for sentence in self._engine.sentences(text, language))


def read_items(path: Path) -> Iterator[Item]:
    """The items of a file; its first line names the columns."""
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        identity, category, language, text, expected = line.split("\t")
        yield Item(identity, category, language, text.replace("\\n", "\n"), expected)


def is_right(item: Item, front_end: FrontEnd) -> bool:
    """True if the item is said as it is meant."""
    heard = front_end(item.text, item.language).translate(_HEARD_ALIKE)
    if item.expected[0] in "~!":
        return all(
            (re.search(pattern[1:], heard) is not None) == (pattern[0] == "~")
            for pattern in item.expected.split()
        )
    return any(
        _without_stress(heard) == _without_stress(front_end(meant, item.language).translate(_HEARD_ALIKE))
        for meant in _alternatives(item.expected, item.language)
    )


def _without_stress(phonemes: str) -> str:
    return phonemes.replace("ˈ", "").replace("ɪ", "ə").replace("ʌ", "ə")


def _alternatives(expected: str, language: str) -> Iterator[str]:
    letters = _BRITISH_LETTERS if language == "en-gb" else _LETTERS
    for alternative in expected.split(" | "):
        spelled = re.sub(
            r"<([A-Z]+)>", lambda match: " ".join(f"[{c}](/{letters[c]}/)" for c in match[1]), alternative
        )
        yield from _expanded(spelled)


def _expanded(text: str) -> Iterator[str]:
    """Each way through `{a|b}`, inner ones first."""
    inner = re.search(r"\{([^{}]*)\}", text)
    if inner is None:
        yield " ".join(text.split())
        return
    for choice in inner[1].split("|"):
        yield from _expanded(text[: inner.start()] + choice + text[inner.end() :])
