"""The languages that can be spoken: the one table of them, and what a name of a language means.

Knows no voices and no phonemes. Both sides of the socket read it; adding a language begins with a row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inference.errors import UnknownLanguage


@dataclass(frozen=True)
class Language:
    """One language that Kokoro speaks."""

    code: str
    """As requests, logs and workers name it."""

    letter: str
    """The first letter of the names of its voices: Kokoro's name for the language."""

    espeak: str
    """The espeak-ng voice that reads it; of Japanese and Chinese, the words that its own phonemizer cannot."""

    scripts: tuple[str, ...] = ("latin",)
    """What it is written in, as named in `inference/text/scripts.py`."""

    modules: tuple[str, ...] = ()
    """Modules that its own phonemizer is made of; none where espeak-ng is enough."""

    @property
    def base(self) -> str:
        """The code without its region: `en`."""
        return self.code.partition("-")[0]


LANGUAGES: Final = (
    Language("en-us", "a", "en-us"),
    Language("en-gb", "b", "en"),
    Language("es", "e", "es"),
    Language("fr-fr", "f", "fr"),
    Language("hi", "h", "hi", scripts=("devanagari",)),
    Language("it", "i", "it"),
    Language(
        "ja",
        "j",
        "ja",
        scripts=("kana", "han"),
        modules=("misaki", "fugashi", "jaconv", "mojimoji", "unidic_lite"),
    ),
    Language("pt-br", "p", "pt-br"),
    Language(
        "zh",
        "z",
        "cmn",
        scripts=("han",),
        modules=("misaki", "cn2an", "jieba", "ordered_set", "pypinyin"),
    ),
)

BY_CODE: Final = {language.code: language for language in LANGUAGES}
BY_LETTER: Final = {language.letter: language for language in LANGUAGES}

_LONGEST_NAME: Final = 35
"""Characters of a language tag that RFC 5646 asks everybody to take."""


def language_named(name: str) -> Language:
    """The language meant by `en-GB`, `pt_PT`, `cmn`, `jpn` or one of Kokoro's letters; case does not matter.

    A region that no row has is read as the nearest one of its language: `en-AU` as British, `es-MX` as Spanish.

    Raises:
        UnknownLanguage: it means none of them; the message lists those there are.
    """
    tag = name.strip().lower().replace("_", "-")
    exact = BY_CODE.get(tag) or BY_LETTER.get(tag)
    if exact:
        return exact
    if len(tag) <= _LONGEST_NAME and (nearest := _nearest(tag)):
        return BY_CODE[nearest]
    shown = tag if len(tag) <= _LONGEST_NAME else f"{tag[:_LONGEST_NAME]}…"
    raise UnknownLanguage(f"no voice speaks {shown!r}; choose one of {', '.join(BY_CODE)}")


def _nearest(tag: str) -> str | None:
    """The code of the same language whose region is nearest to that of `tag`, by CLDR."""
    import langcodes.tag_parser  # noqa: PLC0415 - 40 ms and 4 MB that a worker, which is given codes, need not spend

    try:
        base = langcodes.standardize_tag(tag, macro=True).partition("-")[0]
    except langcodes.tag_parser.LanguageTagError:
        return None
    codes = [language.code for language in LANGUAGES if language.base == base]
    return langcodes.closest_match(tag, codes, max_distance=_ANY_DISTANCE)[0] if codes else None


_ANY_DISTANCE: Final = 1000
"""Between two tags of one language, whatever their scripts and regions."""
