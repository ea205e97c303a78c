"""English words to phonemes: exceptions, then the lexicon, then espeak. Knows no figures: those are words by now.

Misaki's way with small words and endings is followed, for the model was trained on what it wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from inference.text import english_data as data
from inference.text.characters import VOICED, unvoiced
from inference.text.english_lexicon import EnglishLexicon
from inference.text.english_numbers import cardinal
from inference.text.homographs import part_of_speech, sound
from inference.text.ipa_to_kokoro import kokoro_letters
from inference.text.roman import value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inference.languages import Language
    from inference.text.espeak import Espeak

_VOWELS: Final = frozenset("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻɐᵊ")
_CONSONANTS: Final = frozenset("bdfhjklmnpstvwzðŋɡɹɾʃʒʤʧθT")
_SPELLED: Final = frozenset(data.words("spelled"))
_SHOUTED: Final = frozenset(data.words("shouted"))
_SPELLED_OR_SHOUTED: Final = frozenset(["AM", "IT", "US", "WHO", "OK", "IN", "OR", "AS", "AT"])
"""Spelled among small letters, and words among capitals."""

_LEAST_SHOUTED: Final = 2
"""Ordinary words in capitals that make a shout of a sentence."""

_WORD: Final = re.compile(r"[^\W\d_]{2,}(?:'[^\W\d_]+)?")
_SAID: Final = re.compile(r"/([^/]+)/|(\S+)")
_TOKEN: Final = re.compile(
    rf"[{VOICED}]+(?:'s\b)? | [^\W\d_]+(?:['’][^\W\d_]+)*'? | '[^\W\d_]+ | \d+ | [^\s\w{VOICED}]", re.VERBOSE
)
_STRETCHED: Final = re.compile(r"\b[^\W\d_]*?([a-z])\1\1[^\W\d_]*", re.IGNORECASE)
_LETTERS_AGAIN: Final = re.compile(r"([a-z])\1{2,}", re.IGNORECASE)
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_FORMULA: Final = re.compile(f"(?:{'|'.join(sorted(data.words('elements'), key=len, reverse=True))}){{2,6}}")
_SMALL_NUMERAL: Final = re.compile("x{0,3}(?:ix|iv|v?i{0,3})")
_LONGEST_UNSAID: Final = 3
"""Capitals this long are spelled, even those that make a word."""

_NO_PLURALS: Final = frozenset("AEIMOUS")
"""Letters that make another word with an s."""

_LONGEST_SPELLED: Final = 5
"""Longer ones are said, even those that nobody knows."""


@cache
def _exceptions() -> dict[str, tuple[str, str]]:
    """What `english_pronunciations.tsv` says of words: American and British."""
    lines = files("inference.text").joinpath("data/english_pronunciations.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in lines.splitlines()[1:] if not line.startswith("#"))
    return {word: (said, british[0] if british else said) for word, said, *british in rows}


@dataclass(frozen=True)
class _Word:
    """A word where it stands. Lives while its clause is read."""

    text: str
    next_text: str
    """The one after it, up to the next mark."""

    sounds_after: str
    """Phonemes of that; none at a mark."""

    sentence: tuple[str, ...]
    """All words around it, in small letters, those beyond marks too."""

    index: int
    """Where it stands among them."""

    @property
    def is_voiced(self) -> bool:
        return bool(re.match(f"[{VOICED}]", self.text))

    @property
    def is_letter(self) -> bool:
        """True for a letter that is named; false for `a`, `I` and the A of `A dog`, but not that of `vitamin A is`."""
        if len(self.text) > 1 or self.text in "aI":
            return False
        begins = self.index == 0 or self.next_text[:1].isupper()
        return not (self.text == "A" and self.next_text and begins)


class EnglishReader:
    """Reads English words in one accent. Lives as long as its worker process."""

    def __init__(self, language: Language, espeak: Espeak) -> None:
        """Map the lexicon of the accent.

        Raises:
            EngineFailed: misaki, which brings the lexicon, is not installed.
        """
        self._is_british = language.code == "en-gb"
        self._lexicon: Final = EnglishLexicon(is_british=self._is_british)
        self._voice: Final = language.espeak
        self._espeak = espeak

    def phonemes(self, words: str, before: Sequence[str] = (), after: Sequence[str] = ()) -> str:
        """Phonemes of words between two marks; `before` and `after` are the words of the sentence around them."""
        if _LETTERS_AGAIN.search(words):
            words = _STRETCHED.sub(self._unstretched, words)
        tokens = _TOKEN.findall(words)
        sentence = tuple(word.lower() for word in (*before, *tokens, *after))
        said: list[str] = []
        for index, token in reversed(list(enumerate(tokens))):
            next_token = tokens[index + 1] if index + 1 < len(tokens) else ""
            word = _Word(token, next_token, said[-1] if said else "", sentence, len(before) + index)
            if sounds := self._word(word):
                said.append(sounds)
        return " ".join(reversed(said)).replace("ɾ", "T").replace("ʔ", "t")

    def unshouted(self, text: str) -> str:
        """A sentence that is all in capitals in small letters, but for what is spelled."""
        if not text.isupper():
            return text
        words = _WORD.findall(text)
        known = sum(self._lexicon.is_known(word.lower()) and word not in _SPELLED for word in words)
        if known < max(_LEAST_SHOUTED, len(words) / 2):
            return text
        return _WORD.sub(lambda match: self._quiet(match[0]), text)

    def _unstretched(self, match: re.Match[str]) -> str:
        """`so` for `soooo`, `cool` for `coooool`: the ordinary word that is meant, if there is one."""
        word = match[0]
        if len(set(word)) == 1 or word in _exceptions() or self._lexicon.is_known(word.lower()):
            return word
        twice = _LETTERS_AGAIN.sub(r"\1\1", word)
        meant = (twice, _LETTERS_AGAIN.sub(r"\1", word))
        return next((each for each in meant if self._lexicon.is_known(each.lower())), twice)

    def _quiet(self, word: str) -> str:
        is_spelled = word in _SPELLED and word not in _SPELLED_OR_SHOUTED
        return word if is_spelled or word in _exceptions() else word.lower()

    def _word(self, word: _Word) -> str:
        if word.is_voiced:
            sounds = unvoiced(word.text.removesuffix("'s"))
            return self._lexicon.with_s(sounds) if word.text.endswith("'s") else sounds
        if not any(map(str.isalpha, word.text)):
            return ""
        if word.is_letter:
            return self._letter(word.text)
        return (
            _small_word(word)
            or self._exception(word.text)
            or sound(word.sentence, word.index, is_british=self._is_british)
            or self._acronym(word.text)
            or self._lexicon.phonemes(
                word.text, part_of_speech(word.sentence, word.index), is_last=not word.sounds_after
            )
            or self._formula(word.text)
            or self._compound(word.text)
            or self._unknown(word.text)
        )

    def _letter(self, letter: str) -> str:
        return self._lexicon.letter(letter) or self._unknown(letter)

    def _exception(self, token: str) -> str:
        exceptions = _exceptions()
        said = exceptions.get(token.removesuffix("'s")) or exceptions.get(token.lower().removesuffix("'s"))
        if said is None:
            return ""
        sounds = self._spoken(said[self._is_british])
        return self._lexicon.with_s(sounds) if token.endswith("'s") else sounds

    def _spoken(self, said: str) -> str:
        """The phonemes of an exception: `/phonemes/`, words, or both."""
        sounds = ""
        for phonemes, word in _SAID.findall(said):
            is_letter = len(word) == 1
            spoken = phonemes or (
                self._letter(word) if is_letter else self._lexicon.phonemes(word) or self._unknown(word)
            )
            sounds += spoken if phonemes and sounds and len(phonemes) == 1 else f" {spoken}"
        return sounds.strip()

    def _acronym(self, token: str) -> str:
        """Capitals letter by letter, unless they make a word that is only shouted."""
        stem, ending = _without_s(token)
        if not (stem.isupper() and stem.isascii()):
            return ""
        is_said = stem in _NO_PLURALS or ending != "s" if len(stem) == 1 else self._is_said(stem)
        if is_said:
            return ""
        letters = "".join(map(self._letter, stem)).replace("ˈ", "ˌ")
        spelled = "ˈ".join(letters.rsplit("ˌ", 1))
        return self._lexicon.with_s(spelled) if ending else spelled

    def _is_said(self, capitals: str) -> bool:
        if capitals in _SPELLED:
            return False
        if capitals.lower() in _SHOUTED or self._lexicon.is_common(capitals):
            return True
        if len(capitals) > _LONGEST_SPELLED:
            return bool(self._lexicon.phonemes(capitals.lower()) or re.search("[AEIOUY]", capitals[1:-1]))
        return len(capitals) > _LONGEST_UNSAID and bool(self._lexicon.phonemes(capitals.lower()))

    def _formula(self, token: str) -> str:
        """`NaCl` letter by letter."""
        is_formula = _FORMULA.fullmatch(token) and not token[1:].islower()
        return "".join(map(self._letter, token)) if is_formula else ""

    def _compound(self, token: str) -> str:
        """`OpenWebUI` by its parts, if each is a word, a letter or letters."""
        parts = _CAMEL.split(token)
        if len(parts) == 1:
            return ""
        sounds = [
            self._letter(part)
            if len(part) == 1
            else self._exception(part) or self._acronym(part) or self._lexicon.phonemes(part)
            for part in parts
        ]
        return " ".join(sounds) if all(sounds) else ""

    def _unknown(self, token: str) -> str:
        if _SMALL_NUMERAL.fullmatch(token) and (numeral := value(token.upper())):
            return self.phonemes(cardinal(str(numeral)))  # espeak says `Roman twelve` of xii
        word = token.lower() if token.isupper() and len(token) > _LONGEST_SPELLED else token
        sounds = kokoro_letters(self._espeak.phonemes(word, self._voice), self._voice)
        return sounds.replace("ɚɹ", "ɚ").replace("ɚ", "əɹ").replace("ɐ", "ə")


def _small_word(word: _Word) -> str:
    """A word whose vowel depends on what follows it."""
    vowel, is_last = _begins_with_vowel(word.sounds_after), not word.sounds_after
    small = word.text if word.text in {"AM", "IN", "AN"} else word.text.lower()
    follows_i = word.sentence[max(word.index - 1, 0)] == "i"
    return {
        "a": "ɐ",
        "an": "ɐn",
        "the": "ði" if vowel else "ðə",
        "to": "" if is_last else "tʊ" if vowel else "tə",
        "am": "ɐm" if follows_i and not is_last else "",
        "in": "ˈɪn" if is_last else "",
        "i": "ˌI",
    }.get(small, "")


def _begins_with_vowel(sounds: str) -> bool:
    return next((sound in _VOWELS for sound in sounds if sound in _VOWELS or sound in _CONSONANTS), False)


def _without_s(token: str) -> tuple[str, str]:
    for ending in ("'s", "s'", "s"):
        if token.endswith(ending):
            return token.removesuffix(ending), ending
    return token, ""
