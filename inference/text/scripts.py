"""Runs of one script, each with the voice that reads it. Knows letters, not words.

Any other voice would spell foreign letters or say `Chinese letter`; espeak crashes on some mixtures of scripts, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inference.languages import LANGUAGES
from inference.text.characters import VOICED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inference.languages import Language


@dataclass(frozen=True)
class Script:
    """Letters, and who reads them where they are foreign."""

    name: str
    letters: str
    """Ranges of a character class."""

    espeak: str
    """The espeak-ng voice of the language most often written in them."""

    code: str = ""
    """The language of ours that reads them better than espeak-ng, if it is installed."""


SCRIPTS: Final = (
    Script("latin", "A-Za-zÀ-ɏ", "en-us", code="en-us"),
    Script("han", "々\u3400-\u9fff\uf900-\ufaff", "cmn", code="zh"),
    Script("kana", "぀-ヿㇰ-ㇿ", "ja", code="ja"),
    Script("hangul", "ᄀ-ᇿ㄰-㆏가-힯", "ko"),
    Script("cyrillic", "Ѐ-ԯ", "ru"),
    Script("greek", "Ͱ-Ͽἀ-῿", "el"),
    Script("arabic", "؀-ۿݐ-ݿ", "ar"),
    Script("hebrew", "֐-׿", "he"),
    Script("devanagari", "ऀ-ॿ", "hi"),
    Script("bengali", "ঀ-৿", "bn"),
    Script("gurmukhi", "਀-੿", "pa"),
    Script("gujarati", "઀-૿", "gu"),
    Script("tamil", "஀-௿", "ta"),
    Script("telugu", "ఀ-౿", "te"),
    Script("kannada", "ಀ-೿", "kn"),
    Script("malayalam", "ഀ-ൿ", "ml"),
    Script("sinhala", "඀-෿", "si"),
    Script("thai", "฀-๿", "th"),
    Script("armenian", "԰-֏", "hy"),
    Script("georgian", "Ⴀ-ჿ", "ka"),
    Script("ethiopic", "ሀ-፿", "am"),
)

VOICED_RUN: Final = Script("voiced", VOICED, espeak="")
"""What stands in a text as phonemes. English is read with them, for they may change the word before."""

_INNER: Final = {"latin": r"\s'-"}
"""What a run holds between its letters, if not only spaces."""

_BY_NAME: Final = {script.name: script for script in (*SCRIPTS, VOICED_RUN)}


def runs(words: str, language: Language) -> Iterator[tuple[str, Script | None]]:
    """`words` in runs of one script; without a script those that the voice of the language reads itself."""
    start = 0
    for foreign in _FOREIGN[language.code].finditer(words):
        if foreign.lastgroup == "greek" and len(foreign[0]) == 1:  # a symbol: π, Ω
            continue
        if before := words[start : foreign.start()].strip():
            yield before, None
        yield foreign[0], _BY_NAME[str(foreign.lastgroup)]
        start = foreign.end()
    if rest := words[start:].strip():
        yield rest, None


def _foreign(language: Language) -> re.Pattern[str]:
    foreign = [script for script in SCRIPTS if script.name not in language.scripts]
    if language.base != "en":
        foreign.append(VOICED_RUN)
    patterns = {script.name: _run(script) for script in foreign}
    if "han" in patterns:
        patterns = {"kana": _JAPANESE, **{name: run for name, run in patterns.items() if name != "kana"}}
    return re.compile("|".join(patterns.values()))


def _run(script: Script) -> str:
    letters = script.letters
    inner = _INNER.get(script.name, r"\s")
    return rf"(?P<{script.name}>[{letters}](?:[{letters}{inner}]*[{letters}])?)"


_KANA, _HAN = _BY_NAME["kana"].letters, _BY_NAME["han"].letters
_JAPANESE: Final = rf"(?P<kana>[{_HAN}]{{0,20}}+[{_KANA}](?:[{_HAN}{_KANA}\s]*[{_HAN}{_KANA}])?)"
"""Kana with the han around them: together they are Japanese, and han alone are Chinese."""

_FOREIGN: Final = {language.code: _foreign(language) for language in LANGUAGES}
