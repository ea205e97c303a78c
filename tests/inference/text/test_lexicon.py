"""The lexicon: each word of a text is searched for once."""

from __future__ import annotations

from inference.text.lexicon import Lexicon


def test_a_word_is_searched_for_once() -> None:
    lexicon = Lexicon("us_gold")
    entry = lexicon.get("record")
    assert isinstance(entry, dict), "it is said in two ways, and read anew it would be another object"
    assert lexicon.get("record") is entry
    assert lexicon.get("Record") is not entry


def test_what_was_found_is_kept_for_so_many_words() -> None:
    lexicon = Lexicon("us_gold")
    entry = lexicon.get("record")
    for number in range(5000):
        lexicon.get(f"no word {number}")
    assert lexicon.get("record") is not entry
    assert lexicon.get("record") == entry
