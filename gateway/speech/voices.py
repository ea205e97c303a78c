"""Which voices there are, what language each speaks, and how a request names one or mixes several.

Knows no audio and no styles: a voices file is opened for its names only.
"""

from __future__ import annotations

import re
import tomllib
import zipfile
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from math import gcd, lcm
from typing import TYPE_CHECKING, Final

from gateway.speech.elevenlabs_names import STOCK_VOICES, padded
from gateway.speech.errors import RequestError, shortened
from inference import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from inference import VoiceParts

OPENAI_VOICES: Final[Mapping[str, str]] = tomllib.loads(
    (files("gateway.speech") / "data" / "openai.toml").read_text("utf-8")
)["voices"]
"""OpenAI's voice names and the Kokoro voice that answers to each."""

MOST_PARTS: Final = 8
"""Most voices in one mix."""

_NAMES_KEPT: Final = 256
"""Names of voices and mixes whose meaning is held in memory."""

_AMERICAN: Final = "en-us"

_SPEAKS: Final = {language.letter: language.code for language in LANGUAGES}
"""Language by the first letter of a Kokoro voice."""

_GENDERS: Final = {"f": "female", "m": "male"}
"""Gender by the second letter."""

_KOKORO_NAME: Final = re.compile(r"([a-z])([fm])_\w+")
_PART: Final = re.compile(r"([^\s()+]++)\s*+(?:\(\s*+(\d{1,18}(?:\.\d{1,6})?|\.\d{1,6})\s*+\))?")
"""One voice of a mix, stripped. Possessive: two runs of spaces side by side cost the square of their length."""


class UnknownVoice(RequestError):
    """A name that is neither a voice, nor an OpenAI name, nor a mix of those."""

    def __init__(self, name: str, choices: tuple[str, ...], reason: str = "") -> None:
        super().__init__(
            f"unknown voice {shortened(name)!r}{reason and f': {reason}'}; choose one of {', '.join(choices)}, "
            "or a mix such as af_bella(2)+af_sky(1)",
            param="voice",
            code="invalid_value",
        )
        self.name = name
        self.choices = choices


@dataclass(frozen=True)
class Voice:
    """One voice of the voices file."""

    id: str
    language: str
    gender: str
    """`female`, `male` or `unknown`."""

    @classmethod
    def named(cls, name: str) -> Voice:
        """Language and gender as Kokoro's names tell them; an American of unknown gender for any other name."""
        letters = _KOKORO_NAME.fullmatch(name.lower())
        language, gender = letters.groups() if letters else ("", "")
        return cls(name, _SPEAKS.get(language, _AMERICAN), _GENDERS.get(gender, "unknown"))


@dataclass(frozen=True)
class Mix:
    """What a request wants to be spoken with: one voice or several, blended."""

    parts: VoiceParts
    """Voice ids in alphabetical order with their weights, which add up to 1."""

    canonical: str
    """The one spelling of all equal mixes: weights in lowest terms, ones left out. It resolves to itself."""

    language: str
    """Of the heaviest voice; of the first of them in the alphabet when several are."""


class Catalogue:
    """The voices of one voices file. Lives as long as the application."""

    def __init__(self, names: Iterable[str]) -> None:
        self.voices: Final = tuple(Voice.named(name) for name in sorted(names))
        ids = {voice.id.lower(): voice.id for voice in self.voices}
        default = next(iter(ids.values()), "")
        aliases = {alias: ids.get(target, default) for alias, target in OPENAI_VOICES.items()} if ids else {}
        self.aliases: Final[Mapping[str, str]] = aliases
        """OpenAI's names with the voice behind each; the first voice stands in for one this file lacks."""

        stock = (
            {name.lower(): ids.get(target, default) for name, target in STOCK_VOICES.items()} if ids else {}
        )
        self._ids: Final = (
            stock | {padded(voice.id).lower(): voice.id for voice in self.voices} | aliases | ids
        )
        self._languages: Final = {voice.id: voice.language for voice in self.voices}
        # Each text of a conversation asks for the same voice again: a third of what it costs to begin one.
        self._resolved: Final = lru_cache(_NAMES_KEPT)(self._mix_of)

    @classmethod
    def read(cls, path: Path) -> Catalogue:
        """The catalogue of a voices file, a zip with an array `NAME.npy` for each voice.

        Raises:
            OSError: there is no such file.
            zipfile.BadZipFile: the file is damaged.
        """
        with zipfile.ZipFile(path) as archive:
            return cls(name.removesuffix(".npy") for name in archive.namelist())

    @property
    def choices(self) -> tuple[str, ...]:
        """Every name that a request may use, OpenAI's first."""
        return (*self.aliases, *(voice.id for voice in self.voices))

    def spoken_in(self, languages: Collection[str]) -> dict[str, Voice]:
        """Every name that a request may use and that speaks one of these languages, OpenAI's first."""
        own = {voice.id: voice for voice in self.voices}
        named = {alias: own[name] for alias, name in self.aliases.items()} | own
        return {name: voice for name, voice in named.items() if voice.language in languages}

    def resolve(self, name: str) -> Mix:
        """The mix meant by `af_bella`, `Nova` or `af_bella(2)+nova`; case does not matter.

        Raises:
            UnknownVoice: it means none; the message says why and lists the choices.
        """
        return self._resolved(name)

    def _mix_of(self, name: str) -> Mix:
        weights: dict[str, Fraction] = {}
        terms = name.split("+", MOST_PARTS)
        if len(terms) > MOST_PARTS:
            raise UnknownVoice(name, self.choices, f"a mix has at most {MOST_PARTS} voices")
        for term in terms:
            voice, weight = self._part(name, term)
            weights[voice] = weights.get(voice, Fraction()) + weight
        return self._mix(weights)

    def _part(self, name: str, term: str) -> tuple[str, Fraction]:
        match = _PART.fullmatch(term.strip())
        voice = self._ids.get(match[1].lower()) if match else None
        if match is None or voice is None:
            raise UnknownVoice(name, self.choices)
        weight = Fraction(match[2] or 1)
        if not weight:
            raise UnknownVoice(name, self.choices, "a weight must be above 0")
        return voice, weight

    def _mix(self, weights: dict[str, Fraction]) -> Mix:
        ordered = sorted(weights.items())
        scale = lcm(*(weight.denominator for _, weight in ordered))
        whole = [int(weight * scale) for _, weight in ordered]
        divisor, total = gcd(*whole), sum(whole)
        lowest = [weight // divisor for weight in whole]
        terms = (voice if n == 1 else f"{voice}({n})" for (voice, _), n in zip(ordered, lowest, strict=True))
        heaviest = ordered[whole.index(max(whole))][0]
        return Mix(
            parts=tuple((voice, n / total) for (voice, _), n in zip(ordered, whole, strict=True)),
            canonical="+".join(terms),
            language=self._languages[heaviest],
        )
