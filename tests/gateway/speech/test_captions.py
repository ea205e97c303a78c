"""Captions as people read them: cues of two lines, cut where sentences end, and without markup."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.speech.captions import cues, timestamps, written
from inference import HeardWord

WORD_S = 0.3


def spoken(text: str, unspoken: str = "") -> list[HeardWord]:
    """What stands between spaces as words of 0.3 s each, but for what is unspoken."""
    blanked = text.replace(unspoken, " " * len(unspoken)) if unspoken else text
    found = [match.span() for match in re.finditer(r"\S+", blanked)]
    return [
        HeardWord(start, end, index * WORD_S, (index + 1) * WORD_S)
        for index, (start, end) in enumerate(found)
    ]


def shown(text: str, unspoken: str = "") -> list[str]:
    return ["|".join(cue.lines) for cue in cues(text, spoken(text, unspoken))]


def test_a_cue_ends_with_a_sentence_if_one_ends_in_it_else_with_a_clause() -> None:
    text = (
        "It was late. She went home, for nobody had come, and slept until the evening of the next long day."
    )
    assert shown(text) == [
        "It was late.",
        "She went home, for nobody had come,",
        "and slept until the evening|of the next long day.",
    ]


def test_a_line_of_chinese_is_half_as_long() -> None:
    text = "今天天气很好 我们一起去公园 然后回家 吃饭 看书 睡觉 明天再来 这里 玩 好吗"
    for cue in cues(text, spoken(text)):
        assert all(len(line.replace(" ", "")) <= 21 for line in cue.lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**bold** _and_ `code`", "bold and code"),
        ("see [my page](https://a.b/c_(d)).", "see my page."),
        ("say [no](/nˈO/) twice", "say no twice"),
        ('a <sub alias="health">WHO</sub> word', "a WHO word"),
        ("git commit -m <message>, as `<p>`", "git commit -m <message>, as <p>"),
        ("snake_case in C# is 5 * 3 or [sic] a < b", "snake_case in C# is 5 * 3 or [sic] a < b"),
    ],
)
def test_markup_is_not_shown(text: str, expected: str) -> None:
    words = [HeardWord(*match.span(), 0, 1) for match in re.finditer(r"(?:<[a-z/][^<>]*>|\S)+", text)]
    assert [" ".join(line for cue in cues(text, words) for line in cue.lines)] == [expected]


def test_what_was_left_unspoken_is_not_shown_but_for_a_mark() -> None:
    assert shown("one — two", "—") == ["one — two"]
    assert shown("one <think>of_all</think> two", "<think>of_all</think>") == ["one two"]


def test_an_empty_line_ends_a_cue() -> None:
    assert shown("A heading\n\nand text") == ["A heading", "and text"]


def test_a_short_cue_stays_for_a_second_unless_another_comes() -> None:
    words = [HeardWord(0, 3, 0.0, 0.2), HeardWord(5, 8, 0.5, 0.7), HeardWord(10, 13, 3.0, 3.1)]
    assert [(cue.start_s, cue.end_s) for cue in cues("No.\n\nNo.\n\nNo.", words)] == [
        (0, 0.5),
        (0.5, 1.5),
        (3, 3.1),
    ]


@given(
    st.lists(st.sampled_from(["a", "longer,", "end.", "x" * 60, "—", "<b>b</b>", "。", "\n\n"]), max_size=60)
)
def test_every_word_is_shown_once_and_in_order(parts: list[str]) -> None:
    text = " ".join(parts)
    words = spoken(text)
    found = cues(text, words)
    assert "".join("".join(cue.lines) for cue in found).replace(" ", "") == re.sub(r"\s|</?b>", "", text)
    for before, cue in pairwise(found):
        assert before.start_s < before.end_s <= cue.start_s


def test_the_formats_are_written_as_players_read_them() -> None:
    text = "Fish & chips."
    words = [HeardWord(0, 4, 0.0214, 0.5), HeardWord(5, 6, 0.5, 0.9), HeardWord(7, 13, 0.9, 3661.5)]
    text_json = json.loads(written("json", text, words))
    assert text_json == {"timestamps": timestamps(text, words)}
    assert text_json["timestamps"][0] == {
        "word": "Fish",
        "start_time": 0.021,
        "end_time": 0.5,
        "start_index": 0,
        "end_index": 4,
    }
    short = [HeardWord(0, 13, 0.0214, 3661.5)]
    assert written("srt", text, short) == "1\n00:00:00,021 --> 01:01:01,500\nFish & chips.\n\n"
    assert written("vtt", text, short) == "WEBVTT\n\n00:00:00.021 --> 01:01:01.500\nFish &amp; chips.\n\n"
