"""Japanese and Chinese phonemes through misaki and its dictionaries, where they are installed. Knows no espeak."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from inference.errors import UnsupportedLanguage
from inference.text.chinese import ChineseReader
from inference.text.readings import Readings
from inference.text.tables import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inference.languages import Language

_AT_ONCE: Final = 80
"""Characters of Japanese that cutlet reads at once: its time grows with their square, or faster. 300 took 54 ms, and
300 of figures 0.4 s."""


def is_installed(language: Language) -> bool:
    """True if all modules of the language are there; none is loaded."""
    return all(importlib.util.find_spec(module) for module in language.modules)


def how_to_install(language: Language) -> str:
    """The command, for whoever runs the gateway."""
    packages = " ".join(module.replace("_", "-") for module in language.modules)
    return f"whoever runs this server can add it with `pip install {packages}`"


@dataclass(frozen=True)
class EastAsianReader:
    """Reads one language. Lives as long as its worker process."""

    phonemes: Callable[[str], str]
    """Of words without marks."""

    words: Callable[[str], list[str]]
    """Of a text that has no spaces between them; marks are words, too."""


def load(language: Language) -> EastAsianReader:
    """The reader of a language. Takes 0.2 s (ja) to 1.5 s (zh).

    Raises:
        UnsupportedLanguage: it does not load.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations inside packages that are not ours to mend
            reader = {"ja": _japanese, "zh": _chinese}[language.code]()
    except Exception as error:
        raise UnsupportedLanguage(
            f"the phonemizer for {language.code} does not load: {how_to_install(language)}"
        ) from error
    return EastAsianReader(partial(_whole_or_by_character, reader.phonemes), reader.words)


def _japanese() -> EastAsianReader:
    cutlet: Any = importlib.import_module("misaki.cutlet").Cutlet()

    def words_of(text: str) -> list[str]:
        return [word.surface for word in cutlet.tagger(text)]

    def phonemes(text: str) -> str:
        parts = [text] if len(text) <= _AT_ONCE else _parts(words_of(text))
        return " ".join(str(cutlet(part)[0]) for part in parts)

    return EastAsianReader(phonemes, words_of)


def _parts(words: list[str]) -> Iterator[str]:
    """Words joined to little more than can be read at once; figures stay together."""
    part = ""
    for word in words:
        if len(part) + len(word) > _AT_ONCE and not (part[-1:].isdigit() and word[:1].isdigit()):
            yield part
            part = ""
        part += word
    yield part


def _chinese() -> EastAsianReader:
    words_of: Any = importlib.import_module("jieba")
    words_of.setLogLevel("WARNING")
    dictionary = (
        words_of.dt
    )  # loaded here because jieba itself would trust a cache in the common temporary directory
    dictionary.FREQ, dictionary.total = dictionary.gen_pfdict(dictionary.get_dict_file())
    dictionary.initialized = True
    book = tables("zh")
    _teach(dictionary, book["phrases"])
    misaki: Any = importlib.import_module("misaki.zh").ZHG2P
    pypinyin: Any = importlib.import_module("pypinyin")
    pinyin = partial(pypinyin.lazy_pinyin, style=pypinyin.Style.TONE3, neutral_tone_with_five=True)
    in_figures = partial(
        importlib.import_module("pypinyin.contrib.tone_convert").to_tone3, neutral_tone_with_five=True
    )
    readings, alone = (
        {place: in_figures(said) for place, said in book[table].items()} for table in ("readings", "alone")
    )

    def syllables(word: str) -> list[str]:
        return [alone[word]] if word in alone else pinyin(word)

    reader = ChineseReader(misaki, words_of.lcut, syllables, Readings(readings))
    in_han: Any = importlib.import_module("cn2an").transform
    return EastAsianReader(
        lambda words: (
            reader.phonemes(misaki.map_punctuation(in_han(words, "an2cn"))) if words.strip() else ""
        ),
        words_of.lcut,
    )


def _teach(dictionary: Any, phrases: dict[str, str]) -> None:
    """Have words cut off as words, and read with these syllables."""
    for phrase in phrases:
        dictionary.add_word(phrase)
    importlib.import_module("pypinyin").load_phrases_dict(
        {phrase: [[sound] for sound in sounds.split()] for phrase, sounds in phrases.items()}
    )


def _whole_or_by_character(phonemes: Callable[[str], str], words: str) -> str:
    """misaki raises on some figures and rare characters: the rest is spoken nevertheless."""
    with suppress(Exception):
        return phonemes(words)
    spoken = []
    for character in words:
        with suppress(Exception):
            spoken.append(phonemes(character))
    return " ".join(spoken)
