"""Chinese words to phonemes: what the text worker asks of misaki and pypinyin."""

from __future__ import annotations

from types import SimpleNamespace

from inference.text.chinese import ChineseReader
from inference.text.readings import Readings


def test_a_word_and_a_syllable_are_read_once() -> None:
    words: list[str] = []
    syllables: list[str] = []

    def pinyin(word: str) -> list[str]:
        words.append(word)
        return ["ma1"] * len(word)

    def to_ipa(syllable: str) -> str:
        syllables.append(syllable)
        return "ma"

    reader = ChineseReader(SimpleNamespace(py2ipa=to_ipa), list, pinyin, Readings({}))
    assert reader.phonemes("妈马妈马") == "ma ma ma ma"
    assert reader.phonemes("马妈") == "ma ma"
    assert (words, syllables) == (["妈", "马"], ["ma1"])
