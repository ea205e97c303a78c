"""Texts that nobody writes: random mixtures of scripts, marks, numerals and invisible characters, from a seed."""

from __future__ import annotations

import sys
import unicodedata
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Final

from inference.text.sentences import SENTENCE_CHARS

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_PHRASES: Final = (
    "The old captain carried a letter to the harbour, and Dr. Smith paid $4.50 at 9:30 a.m.",
    "¿Dónde está la biblioteca? ¡Qué día!",
    "L'été, j'ai mangé 1 000 crêpes à 3,50 €.",
    "यह अच्छा है। मेरे पास २५ किताबें हैं।",
    "Perché no? Così è la vita.",
    "Não há pão às 7h30, coração.",
    "今天很好。我有25本书，3.5公斤！",
    "吾輩は猫である。名前はまだ無い。",
    "안녕하세요, 저는 스물다섯 살입니다.",
    "Съешь ещё этих мягких французских булок, да выпей чаю.",
    "مرحبا بالعالم، عندي ٢٥ كتابا.",
    "שלום עולם, יש לי 25 ספרים.",
    "Γειά σου Κόσμε· πού είναι;",
    "สวัสดีชาวโลก ๒๕ เล่ม",
    "https://example.com/a?b=c&d=%20#e or mail me@example.co.uk, see **bold** `code` <b>x</b> &amp; [a](b)",
    "<speak>Hello <break time='1s'/> <phoneme ph='x'>y</phoneme></speak>",
    "192.168.0.1 v1.2.3-rc.4 1e-9 0x1F ½ ¾ XIV 12/31/1999 +44 20 7946 0958 3rd 1,000,000.00 -5 °C 5'11\"",
)
_INVISIBLE: Final = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2069\ufeff\u00ad\u2060\ufe0f\ufe0e"
)
_CONTROLS: Final = "".join(map(chr, (*range(1, 32), *range(127, 160))))
_BLOCK: Final = 128
"""Neighbours in Unicode are mostly of one script."""


@cache
def _by_category() -> dict[str, str]:
    found = defaultdict(list)
    for code in range(sys.maxunicode + 1):
        category = unicodedata.category(chr(code))
        if category not in {"Cn", "Cs", "Co"}:
            found[category].append(chr(code))
    return {category: "".join(characters) for category, characters in found.items()}


@cache
def _blocks() -> tuple[str, ...]:
    """Letters and marks by their neighbourhood."""
    found = defaultdict(list)
    for category, characters in _by_category().items():
        if category[0] in "LM":
            for character in characters:
                found[ord(character) // _BLOCK].append(character)
    return tuple("".join(block) for block in found.values())


def _letters(random: Random) -> str:
    """One alphabet: those that have few letters count as much as the Chinese."""
    block = random.choice(_blocks())
    while ord(block[0]) > 0x3000 and random.random() < 0.9:
        block = random.choice(_blocks())
    return block


def _word(random: Random, alphabet: str, longest: int = 12) -> str:
    return "".join(random.choices(alphabet, k=random.randint(1, longest)))


def _drawn(random: Random, pools: tuple[str, ...], most: int) -> str:
    """Characters, each from one of the pools."""
    return "".join(random.choice(random.choice(pools)) for _ in range(random.randint(1, most)))


def _mixture(random: Random) -> str:
    """Words of a few alphabets in turn."""
    alphabets = [_letters(random) for _ in range(random.randint(1, 4))]
    joint = random.choice((" ", "", "-", "'", ".", ", ", random.choice(_INVISIBLE)))
    return joint.join(_word(random, random.choice(alphabets)) for _ in range(random.randint(1, 60)))


def _alternation(random: Random) -> str:
    """The same few characters again and again."""
    pools = (_letters(random), _letters(random), "aA1 .-", _any(random))
    return _drawn(random, pools, 4) * random.randint(1, 200)


def _long_word(random: Random) -> str:
    return _word(random, random.choice((_letters(random), "abcdefghijklmnopqrstuvwxyz", "xkcdqz")), 600)


def _numerals(random: Random) -> str:
    """Figures of any script, with what stands between and around figures."""
    digits = random.choice((_by_category()["Nd"], "0123456789", _by_category()["No"], _by_category()["Nl"]))
    marks = ".,:;/-+x× '’%°$€£¥₹²³()" + random.choice(_by_category()["Sc"])
    return _drawn(random, (digits, digits, digits, marks), 200)


def _marks(random: Random) -> str:
    """Letters under piles of combining marks, and marks on nothing."""
    piled = _by_category()["Mn"] + _by_category()["Me"]
    letters = random.choice((_letters(random), "aeiou", " "))
    return "".join(random.choice(letters) + _word(random, piled, 20) for _ in range(random.randint(1, 40)))


def _emoji(random: Random) -> str:
    """Symbols with joiners, tones and selectors in and out of place."""
    symbols = _by_category()["So"] + _by_category()["Sk"]
    joints = "\u200d\ufe0f\U0001f3fb\U0001f3ff\u20e3" + "".join(map(chr, range(0xE0020, 0xE0080)))
    return _drawn(random, (symbols, symbols, joints, "#*0 a"), 150)


def _any(random: Random) -> str:
    return random.choice(random.choice(tuple(_by_category().values())))


def _noise(random: Random) -> str:
    return "".join(_any(random) for _ in range(random.randint(1, 300)))


def _bytes(random: Random) -> str:
    """What a broken encoding leaves."""
    return (
        random.choice(_PHRASES)
        .encode()
        .decode(random.choice(("latin-1", "cp437", "utf-16-le")), errors="replace")
    )


def _phrase(random: Random) -> str:
    return " ".join(random.choices(_PHRASES, k=random.randint(1, 4)))


def _mutated(random: Random, text: str) -> str:
    """The text with pieces repeated, dropped, and strange characters put in."""
    for _ in range(random.randint(0, 6)):
        start = random.randint(0, len(text))
        end = min(len(text), start + random.randint(0, 20))
        piece = random.choice(
            (
                "",
                text[start:end] * random.randint(2, 30),
                _word(random, _INVISIBLE),
                _word(random, _CONTROLS),
                _any(random),
                _word(random, ".,;:!?…—-\"'“”()[]{}<>*_`~#@&|\\/ \n"),
                _numerals(random)[:20],
                text[start:end][::-1],
            )
        )
        text = text[:start] + piece + text[end:]
    return text


_KINDS: Final[tuple[Callable[[Random], str], ...]] = (
    _mixture,
    _mixture,
    _alternation,
    _long_word,
    _numerals,
    _marks,
    _emoji,
    _noise,
    _bytes,
    _phrase,
    _phrase,
)


def strange(random: Random) -> str:
    """A text of at most a sentence's length; it holds no lone surrogate, for no request can."""
    return _mutated(random, random.choice(_KINDS)(random)).replace("\0", " ")[:SENTENCE_CHARS]
