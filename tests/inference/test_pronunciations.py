"""Pronunciations: which are taken, from where, which a text needs, and what is said of those that cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inference.errors import InvalidPronunciation
from inference.pronunciations import LONGEST_SAID, LONGEST_WORD, Pronunciations, read_file
from tests.support.cpu import cpu_s

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("word", "text", "is_found"),
    [
        ("Siobhan", "Call SIOBHAN now", True),
        ("siobhan", "Siobhan's", True),
        ("cat", "concatenate", False),
        ("new york", "in New York", True),
        ("東京", "私は東京にいる", True),
        ("東京", "京都", False),
        ("node.js", "with Node.js", True),
        ("⇒", "a ⇒ b", True),
    ],
)
def test_a_text_gets_the_entries_whose_words_are_in_it(word: str, text: str, is_found: bool) -> None:
    assert bool(Pronunciations([(word, "said"), ("other", "said")]).found_in(text)) is is_found


@pytest.mark.parametrize(
    ("word", "said", "reason"),
    [
        ("x", "/n§O/", "entry 2: '§' is no phoneme that Kokoro knows"),
        ("x", "/no, no/", "entry 2: ',' is no phoneme that Kokoro knows"),
        (" ", "nothing", "entry 2: there is no word"),
        ("x", "", "entry 2: nothing is said for its word"),
        ("x", "//", "entry 2: its phonemes do not stand between two slashes"),
        ("x", "/a", "entry 2: its phonemes do not stand between two slashes"),
        ("x" * (LONGEST_WORD + 1), "y", "entry 2: its word has more than 100 characters"),
        ("x", "y" * (LONGEST_SAID + 1), "entry 2: what is said has more than 200 characters"),
    ],
)
def test_an_entry_that_cannot_be_used_is_told_by_its_number(word: str, said: str, reason: str) -> None:
    with pytest.raises(InvalidPronunciation) as refused:
        Pronunciations([("good", "/ɡˈʊd/"), (word, said)])
    assert str(refused.value) == reason


def test_phonemes_may_be_written_in_the_alphabet_of_the_ipa() -> None:
    assert len(Pronunciations([("pecan", "/pɪˈkɑːn/"), ("cheese", "/t͡ʃiːz/"), ("gif", "/dʒɪf/")])) == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("words.toml", 'siobhan = "/ʃɪvˈɔn/"\n"New York" = "the big apple"  # a town\n'),
        ("words.txt", "\ufeff# names\n\nsiobhan = /ʃɪvˈɔn/\n\"New York\" = 'the big apple' # a town\n"),
        ("words", 'siobhan="/ʃɪvˈɔn/"\r\nNew York = the big apple'),
    ],
)
def test_a_file_is_toml_or_lines(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = read_file(tmp_path / name).found_in("Siobhan in New York")
    assert found == (("New York", "the big apple"), ("siobhan", "/ʃɪvˈɔn/"))


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("words.toml", "secret = ", "it is no TOML at end of document"),
        ("words.toml", "[a]\n[secret]\n[secret]\n", "it is no TOML at line 3, column 8"),
        ("words.toml", 'node.js = "x"', "entry 1: what is said is no text"),
        ("words.txt", "a = b\nsecret\n", "line 2 is not `word = what is said`"),
        ("words.txt", "a = b\nsecret = /§/\n", "entry 2: '§' is no phoneme that Kokoro knows"),
        ("words.txt", "a = b\n" * 10_001, "it has more than 10000 entries"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_it_is_wrong_and_quotes_none_of_it(
    tmp_path: Path, name: str, text: str, reason: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InvalidPronunciation) as refused:
        read_file(tmp_path / name)
    assert reason in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidPronunciation, match="cannot be read"):
        read_file(tmp_path / "none.toml")


def test_a_large_lexicon_costs_a_text_nothing() -> None:
    """It would be a hundred times as much, a tenth of a second, if every entry were looked for."""

    def cost_s(entries: int) -> float:
        words = Pronunciations((f"word{n}", "said") for n in range(entries))
        assert words.found_in(text) == (("word77", "said"),)
        return cpu_s(lambda: words.found_in(text))

    text = "Some word77 and others. " * 100
    assert cost_s(10_000) < 10 * cost_s(100)


def test_a_large_lexicon_of_a_language_without_spaces_costs_little_more() -> None:
    def cost_s(entries: int) -> float:
        words = Pronunciations(
            (f"{chr(0x4E00 + n // 100)}{chr(0x5E00 + n % 100)}", "said") for n in range(entries)
        )
        assert words.found_in(text) == (("丁币", "said"),)
        return cpu_s(lambda: words.found_in(text))

    text = "你好世界。" * 800 + "丁币"
    assert cost_s(10_000) < 10 * cost_s(200)
