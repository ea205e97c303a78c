"""Text to the phonemes that Kokoro was trained on, sentence by sentence. Knows no audio and no segments.

Japanese and Chinese need misaki with its dictionaries, and are left out where those are missing.
"""

from __future__ import annotations

import unicodedata
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeAlias

from inference.errors import EngineFailed, InferenceError, UnsupportedLanguage
from inference.languages import BY_CODE, LANGUAGES
from inference.text import english, other_languages
from inference.text.characters import plain_characters, unvoiced, without_controls, without_emoji
from inference.text.east_asian import EastAsianReader, how_to_install, is_installed, load
from inference.text.english_reader import EnglishReader
from inference.text.espeak import Espeak
from inference.text.ipa_to_kokoro import kokoro_letters
from inference.text.markup import without_markup
from inference.text.pronounced import pronounced
from inference.text.punctuation import canonical_marks, joined, pieces
from inference.text.scripts import VOICED_RUN, Script, runs
from inference.vocabulary import MARKS, kokoro_vocabulary

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from inference.languages import Language
    from inference.pronunciations import Pronunciations

    Run: TypeAlias = tuple[str, Script | None]
    """Words in one script, and the script if the voice of the language cannot read it."""


_NEIGHBOURS: Final = 12
"""Words of a sentence on either side of a clause that may tell how one of its words is said."""


class Phonemizer:
    """Text to phonemes in every language there is a phonemizer for. Lives as long as its worker process."""

    def __init__(self, vocabulary: Collection[str] | None = None) -> None:
        """Load espeak; `vocabulary` is what the model has a token for, by default that of Kokoro 1.0.

        Raises:
            EngineFailed: espeak-ng does not work here.
        """
        self._vocabulary = frozenset(vocabulary or kokoro_vocabulary())
        self._espeak = Espeak()
        self._own: dict[str, EastAsianReader] = {}
        """By code, the phonemizers of languages that have their own; each is loaded when it is first needed."""

        self._readers: dict[str, EnglishReader] = {}
        """By code, for the accents of English that have been asked for."""

        self.languages: Final = tuple(language.code for language in LANGUAGES if is_installed(language))

    def phonemes(self, text: str, code: str, own: Pronunciations | None = None) -> str:
        """Phonemes of one sentence, one token for each character; empty if there is nothing to speak.

        A sentence that ends in a line break gets a full stop if it has no mark at its end. `own` are words that are to
        be said otherwise.

        Raises:
            UnsupportedLanguage: there is no phonemizer for the language; the message says what to install.
            EngineFailed: a phonemizer failed.
        """
        language = self._language(code)
        with _phonemizer_faults():
            phonemes = self._sentence(self._words(text, language, own), language)
            return phonemes + "." if text.endswith("\n") and phonemes[-1:].isalpha() else phonemes

    def cut(self, text: str, code: str) -> list[str]:
        """The words of a text without spaces, in languages that put none between them; else all of it is one.

        Raises:
            UnsupportedLanguage: there is no phonemizer for the language; the message says what to install.
            EngineFailed: a phonemizer failed.
        """
        language = self._language(code)
        with _phonemizer_faults():
            return self._east_asian(language).words(text) if language.modules else [text]

    def _language(self, code: str) -> Language:
        language = BY_CODE.get(code)
        if language is None:
            raise UnsupportedLanguage(
                f"no phonemizer for {code[:20]!r}; there are {', '.join(self.languages)}"
            )
        if code not in self.languages:
            raise UnsupportedLanguage(f"no phonemizer for {code} is installed: {how_to_install(language)}")
        return language

    def _words(self, text: str, language: Language, own: Pronunciations | None) -> str:
        """What is written as it is said, with the marks that the model knows."""
        words = plain_characters(without_markup(without_controls(text)))
        if own is not None:
            words = pronounced(words, own.found_in(words), language)
        if language.base == "en":
            words = self._english(language).unshouted(words)
            words = english.written_out(words, is_british=language.code == "en-gb")
        else:
            words = other_languages.written_out(words, language.code)
        return canonical_marks(without_emoji(words))

    def _sentence(self, words: str, language: Language) -> str:
        parts = [(list(runs(piece, language)), marks) for piece, marks in pieces(words)]
        said = self._runs([run for piece, _ in parts for run in piece], language)
        return joined(
            [(" ".join(filter(None, map(said.__getitem__, piece))), marks) for piece, marks in parts]
        )

    def _runs(self, found: list[Run], language: Language) -> dict[Run, str]:
        """The phonemes of each run, voice by voice: each change of the voice loads a dictionary (5.5 ms)."""
        order = sorted(found, key=lambda run: run[1].name if run[1] else "")
        return {run: self._run(run, language, found) for run in dict.fromkeys(order)}

    def _run(self, run: Run, language: Language, sentence: list[Run]) -> str:
        words, script = run
        if script is VOICED_RUN:
            return self._tokens(unvoiced(words))
        code, voice = (script.code, script.espeak) if script else (language.code, language.espeak)
        reader = BY_CODE.get(code)
        if reader and reader.base == "en":
            place = sentence.index(run)
            before, after = (
                " ".join(text for text, _ in part).split()
                for part in (sentence[:place], sentence[place + 1 :])
            )
            phonemes = self._english(reader).phonemes(words, before[-_NEIGHBOURS:], after[:_NEIGHBOURS])
        elif reader and reader.modules and code in self.languages:
            phonemes = self._east_asian(reader).phonemes(words)
        else:
            phonemes = kokoro_letters(self._espeak.phonemes(words, voice), voice)
        return self._tokens(phonemes)

    def _east_asian(self, language: Language) -> EastAsianReader:
        if language.code not in self._own:
            self._own[language.code] = load(language)
        return self._own[language.code]

    def _english(self, language: Language) -> EnglishReader:
        if language.code not in self._readers:
            self._readers[language.code] = EnglishReader(language, self._espeak)
        return self._readers[language.code]

    def _tokens(self, phonemes: str) -> str:
        return " ".join("".join(map(self._token, phonemes)).split())

    def _token(self, phoneme: str) -> str:
        """The phoneme as the model knows it, or nothing; never a mark: espeak has a full stop in retroflex sounds."""
        known = phoneme if phoneme in self._vocabulary else unicodedata.normalize("NFD", phoneme)
        return "".join(part for part in known if part in self._vocabulary and part not in MARKS)


@contextmanager
def _phonemizer_faults() -> Iterator[None]:
    """Whatever a phonemizer raises becomes EngineFailed; its message may hold the text."""
    try:
        yield
    except InferenceError:
        raise
    except Exception as error:
        raise EngineFailed(f"the phonemizer failed with {type(error).__name__}") from error
