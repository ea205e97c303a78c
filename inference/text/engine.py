"""Text to the phonemes that Kokoro was trained on, sentence by sentence. Knows no audio and no segments.

Japanese and Chinese need misaki with its dictionaries, which are optional.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import time
import unicodedata
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inference.errors import EngineFailed, InferenceError, UnsupportedLanguage
from inference.protocol import PhonemeJob, Phonemes, Ready
from inference.text import east_asian as east
from inference.text.espeak import Espeak
from inference.text.letters import kokoro_letters
from inference.text.spoken import english, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from inference.protocol import Job, Reply, WorkerSpec


class TextEngine:
    """Phonemises texts, one job at a time. Lives as long as its worker process."""

    def __init__(self, spec: WorkerSpec) -> None:
        """Load espeak and warm it up.

        Raises:
            EngineFailed: espeak-ng does not work here.
        """
        del spec
        self._phonemizer = Phonemizer()
        self._phonemizer.phonemes("Ready.", "en-us")

    def ready(self, load_ms: float) -> Ready:
        """The first message of this worker."""
        return Ready("espeak", load_ms, languages=self._phonemizer.languages)

    def do(self, job: Job) -> Reply:
        """Phonemise the texts of one job.

        Raises:
            UnsupportedLanguage: there is no phonemizer for the language; the message says what to install.
            EngineFailed: a phonemizer failed.
        """
        if not isinstance(job, PhonemeJob):
            raise EngineFailed(f"a text worker cannot do a {type(job).__name__}")
        started = time.perf_counter()
        phonemes = tuple(self._phonemizer.phonemes(text, job.language) for text in job.texts)
        return Phonemes(phonemes, round((time.perf_counter() - started) * 1000, 2))


# --- Languages

_ESPEAK_VOICES: Final = {
    "en-us": "en-us",
    "en-gb": "en",
    "es": "es",
    "fr-fr": "fr",
    "hi": "hi",
    "it": "it",
    "pt-br": "pt-br",
}
_OTHER_NAMES: Final = {
    "a": "en-us",
    "b": "en-gb",
    "e": "es",
    "f": "fr-fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt-br",
    "z": "zh",
    "en": "en-us",
    "fr": "fr-fr",
    "pt": "pt-br",
    "cmn": "zh",
    "zh-cn": "zh",
}
"""What else clients call a language: Kokoro's letters, and codes without a region."""

_SCRIPTS: Final = {
    "zh": "㐀-鿿豈-﫿",
    "ja": "぀-ヿㇰ-ㇿ",
    "ko": "ᄀ-ᇿ㄰-㆏가-힯",
    "ru": "Ѐ-ԯ",
    "el": "Ͱ-Ͽἀ-῿",
    "ar": "؀-ۿݐ-ݿ",
    "he": "֐-׿",
    "hi": "ऀ-ॿ",
    "bn": "ঀ-৿",
    "pa": "਀-੿",
    "gu": "઀-૿",
    "ta": "஀-௿",
    "te": "ఀ-౿",
    "kn": "ಀ-೿",
    "ml": "ഀ-ൿ",
    "si": "඀-෿",
    "th": "฀-๿",
    "hy": "԰-֏",
    "ka": "Ⴀ-ჿ",
    "am": "ሀ-፿",
}
"""Language by the letters it is written in: other voices would spell them, or say `Chinese letter`."""

_OWN_SCRIPTS: Final = {"hi": ("hi",), "ja": ("ja", "zh"), "zh": ("zh",)}
"""Of languages that are not written in Latin letters."""


def _foreign(language: str) -> re.Pattern[str]:
    """Runs of letters that the voice of `language` would spell; espeak crashes on some mixtures of scripts, too."""
    own = _OWN_SCRIPTS.get(language, ())
    runs = [rf"(?P<{voice}>[{of}](?:[{of}\s]*[{of}])?)" for voice, of in _SCRIPTS.items() if voice not in own]
    if own:
        runs.append("(?P<en>[A-Za-zÀ-ɏ](?:[A-Za-zÀ-ɏ' -]*[A-Za-zÀ-ɏ])?)")
    return re.compile("|".join(runs))


_FOREIGN: Final = {language: _foreign(language) for language in (*_ESPEAK_VOICES, *east.MODULES)}
_ENGLISH_OF: Final = "en-us"
"""What reads English words among Hindi, Japanese and Chinese ones."""


class Phonemizer:
    """Text to phonemes in every language there is a phonemizer for. Lives as long as its worker process."""

    def __init__(self, vocabulary: Collection[str] | None = None) -> None:
        """Load espeak; `vocabulary` is what the model has a token for, by default that of Kokoro 1.0.

        Raises:
            EngineFailed: espeak-ng does not work here.
        """
        self._vocabulary = frozenset(vocabulary or kokoro_vocabulary())
        self._espeak = Espeak()
        self._east: dict[str, Callable[[str], str]] = {}
        self.languages: Final = (*_ESPEAK_VOICES, *filter(east.is_installed, east.MODULES))

    def phonemes(self, text: str, language: str) -> str:
        """Phonemes of one sentence, one token for each character; empty if there is nothing to speak.

        A sentence that ends in a line break gets a full stop if it has no mark at its end.

        Raises:
            UnsupportedLanguage: there is no phonemizer for the language; the message says what to install.
            EngineFailed: a phonemizer failed.
        """
        language = language.lower().replace("_", "-")
        language = _OTHER_NAMES.get(language, language)
        self._require(language)
        with _phonemizer_faults():
            phonemes = self._marked(_words(text, language), language)
            return phonemes + "." if text.endswith("\n") and phonemes[-1:].isalpha() else phonemes

    def _require(self, language: str) -> None:
        if language in east.MODULES and language not in self.languages:
            raise UnsupportedLanguage(
                f"no phonemizer for {language} is installed: {east.how_to_install(language)}"
            )
        if language not in self.languages:
            raise UnsupportedLanguage(
                f"no phonemizer for {language[:20]}; there are {', '.join(self.languages)}"
            )

    def _marked(self, words: str, language: str) -> str:
        """The phonemes of the words between the marks, with the marks."""
        phonemes, marks, start = "", "", 0
        for mark in (*_MARKS.finditer(words), None):
            end = mark.start() if mark else len(words)
            if said := self._said(words[start:end], language):
                phonemes += (_joint(marks) if phonemes else _opening(marks)) + said
                marks = ""
            if mark:
                marks, start = marks + mark[0], mark.end()
        return phonemes + _closing(marks) if phonemes else ""

    def _said(self, words: str, language: str) -> str:
        runs = _runs(words, language) if words.strip() else ()
        phonemes = " ".join(self._run(run, voice) for voice, run in runs)
        return " ".join("".join(map(self._known, phonemes)).split())

    def _run(self, words: str, voice: str) -> str:
        if voice not in east.MODULES or voice not in self.languages:
            voice = "cmn" if voice == "zh" else voice
            return kokoro_letters(self._espeak.phonemes(words, voice), voice)
        if voice not in self._east:
            self._east[voice] = east.load(voice)
        return self._east[voice](words)

    def _known(self, phoneme: str) -> str:
        if phoneme in self._vocabulary:
            return phoneme
        return "".join(part for part in unicodedata.normalize("NFD", phoneme) if part in self._vocabulary)


def kokoro_vocabulary() -> Collection[str]:
    """The characters Kokoro 1.0 has a token for, read beside kokoro_onnx: importing it loads onnxruntime."""
    package = importlib.util.find_spec("kokoro_onnx")
    if package is None or package.origin is None:
        raise EngineFailed("kokoro-onnx is not installed")
    config = json.loads(Path(package.origin).with_name("config.json").read_text(encoding="utf-8"))
    vocabulary: dict[str, int] = config["vocab"]
    return vocabulary.keys()


@contextmanager
def _phonemizer_faults() -> Iterator[None]:
    """Whatever a phonemizer raises becomes EngineFailed; its message may hold the text."""
    try:
        yield
    except InferenceError:
        raise
    except Exception as error:
        raise EngineFailed(f"the phonemizer failed with {type(error).__name__}") from error


def _words(text: str, language: str) -> str:
    words = plain(text)
    if language in {"en-us", "en-gb"}:
        words = english(words)
    return _canonical_marks(words)


def _runs(words: str, language: str) -> Iterator[tuple[str, str]]:
    """`words` in runs of one script, each with the voice that reads it."""
    own = _ESPEAK_VOICES.get(language, language)
    start = 0
    for foreign in _FOREIGN[language].finditer(words):
        if foreign.lastgroup == "el" and len(foreign[0]) == 1:  # a symbol: π, Ω
            continue
        if before := words[start : foreign.start()].strip():
            yield own, before
        yield (_ENGLISH_OF if foreign.lastgroup == "en" else str(foreign.lastgroup)), foreign[0]
        start = foreign.end()
    if rest := words[start:].strip():
        yield own, rest


# --- Marks

_MARK_OF: Final = str.maketrans(
    {
        **dict.fromkeys("。．｡।॥۔", ". "),
        **dict.fromkeys("、，､،", ", "),
        **dict.fromkeys("！﹗", "! "),
        **dict.fromkeys("？؟﹖⁇", "? "),
        **dict.fromkeys("；؛", "; "),
        **dict.fromkeys("：", ": "),
        **dict.fromkeys("«„‟「『《〈【", " “"),
        **dict.fromkeys("»」』》〉】", "” "),
        **dict.fromkeys("（", " ("),
        **dict.fromkeys("）", ") "),
        **dict.fromkeys("¿¡", " "),
        "―": "—",
    }
)
_OPENING_QUOTE: Final = re.compile(r"(?<![^\s(“—-])\"(?=\S)")
_DASH: Final = re.compile(r"\s+[–-]{1,2}\s+|--+")
_DOTS: Final = re.compile(r"\.{2,}")
_MARK: Final = r"(?:[!?;…—“”()]|\.(?!\w)|(?<!\w)\.(?!\d)|[,:](?!\d)|(?<!\d)[,:])"
_MARKS: Final = re.compile(rf"\s*{_MARK}(?:\s*{_MARK})*\s*")
"""Marks with the spaces around them; not those inside `3.14`, `1,000`, `9:30` and `example.com`."""


def _canonical_marks(text: str) -> str:
    """`text` with the marks the model knows."""
    text = _OPENING_QUOTE.sub("“", text.translate(_MARK_OF)).replace('"', "”")
    return _DOTS.sub("…", _DASH.sub(" — ", text))


def _closing(marks: str) -> str:
    """Those of `marks` that belong to the words before them, without repetition; a full stop outweighs a comma."""
    ending = "".join(marks.rstrip("“( \t\n").split())
    if any(mark in ending for mark in ".!?…"):
        ending = re.sub("[,;:—]", "", ending)
    return re.sub(r"(.)\1+", r"\1", re.sub(r"[,;:—]{2,}", lambda match: match[0][-1], ending))


def _opening(marks: str) -> str:
    return "".join(mark for mark in marks[len(marks.rstrip("“( \t\n")) :] if mark in "“(")


def _joint(marks: str) -> str:
    return f"{_closing(marks)} {_opening(marks)}"
