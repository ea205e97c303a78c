"""Cutting texts into sentences, on prose, on pathologies and on anything."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.planning.sentences import PARAGRAPH_END, SENTENCE_CHARS, batches, sentences
from tests.support.cpu import HOLDS_THE_LOOP_S, cpu_s

prose = st.text(alphabet=st.sampled_from("abcdefgABC .,;!?…。\n\"'“”()-1ˈ"), max_size=1500)


def without_spaces(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It ends. Two! Three? Four… Five", ["It ends.", "Two!", "Three?", "Four…", "Five"]),
        ('He said "Stop." Then he (really!) left.', ['He said "Stop."', "Then he (really!)", "left."]),
        (
            "Dr. Smith paid 4.50 to J. R. Hill at 9 a.m. sharp.",
            ["Dr. Smith paid 4.50 to J. R. Hill at 9 a.m. sharp."],
        ),
        ("Visit example.com today. It is free.", ["Visit example.com today.", "It is free."]),
        ("Wait... what?! No way!!!", ["Wait...", "what?!", "No way!!!"]),
        ("今天很好。我们走吧！好吗？", ["今天很好。", "我们走吧！", "好吗？"]),
        ("هل أنت هنا؟ نعم.", ["هل أنت هنا؟", "نعم."]),
        ("यह अच्छा है। चलो।", ["यह अच्छा है।", "चलो।"]),
        ("1. Open it. 2. Close it.", ["1. Open it.", "2. Close it."]),
        ("  \n \t ", []),
        ("", []),
        ("...", ["..."]),
        ("<think>What?\n\nHm.</think>It goes. It comes.", ["It goes.", "It comes."]),
        ("Pens, paper, etc. and vs. $5 more. Go on.", ["Pens, paper, etc. and vs. $5 more.", "Go on."]),
    ],
)
def test_sentences_end_at_stops_and_not_at_abbreviations(text: str, expected: list[str]) -> None:
    assert list(sentences(text)) == expected


def test_lines_end_sentences_and_blank_lines_end_paragraphs() -> None:
    text = "# Title\r\n\r\nSome items:\n- apples\n- pears\n\nThe end"
    assert list(sentences(text)) == ["# Title\n\n", "Some items:\n", "- apples\n", "- pears\n\n", "The end"]


def test_wrapped_lines_are_one_sentence() -> None:
    text = (
        "It was the best of times, it was the worst of\n"
        "times, it was the age of wisdom, it was the\n"
        "age of foolishness."
    )
    assert list(sentences(text)) == [text.replace("\n", " ")]


def test_short_lines_that_could_have_gone_on_are_not_joined() -> None:
    poem = "Roses are red\nViolets are blue and this line is the longest of all four\nSugar is sweet\nAnd so are you"
    assert list(sentences(poem)) == [f"{line}\n" for line in poem.split("\n")[:-1]] + ["And so are you"]


@given(prose | st.text(max_size=300))
def test_sentences_keep_every_character_in_order_and_stay_short(text: str) -> None:
    pieces = list(sentences(text))
    assert without_spaces("".join(pieces)) == without_spaces(text)
    assert all(piece.strip() and len(piece) <= SENTENCE_CHARS + len(PARAGRAPH_END) for piece in pieces)
    assert [piece for batch in batches(text) for piece in batch.sentences] == pieces


def test_five_thousand_words_without_a_full_stop_are_cut_between_words() -> None:
    text = " ".join(f"word{number}" for number in range(5000))
    pieces = list(sentences(text))
    assert " ".join(pieces) == text
    assert all(SENTENCE_CHARS // 2 < len(piece) <= SENTENCE_CHARS for piece in pieces[:-1])


def test_long_sentences_are_cut_at_clauses() -> None:
    clause = "and then it rained for forty days, "
    assert all(piece.endswith("days,") for piece in sentences(clause * 40))


def test_a_long_word_is_handed_out_in_pieces() -> None:
    assert "".join(sentences("x" * 3000)) == "x" * 3000


@pytest.mark.parametrize("unit", ["A. ", "a.b. ", '." ', "“", ". ", "\n- ", "、", "1) \n", "Mr. Dr. "])
def test_time_grows_with_the_length_of_the_text_only(unit: str) -> None:
    """On 400,000 characters anything quadratic would take minutes."""
    pieces = list(sentences(unit * (400_000 // len(unit))))
    assert sum(len(without_spaces(piece)) for piece in pieces) == 400_000 // len(unit) * len(
        without_spaces(unit)
    )


def test_the_first_batch_is_small_and_the_rest_are_few() -> None:
    groups = list(batches("This sentence has exactly forty letters. " * 1000))
    assert sum(map(len, groups[0].sentences)) < 150
    assert len(groups) < 25


@pytest.mark.parametrize(
    "unit", [".", "...)", "a. ", "1. ", "A.A. ", "a\n", "x\n" + "y" * 60 + "\n", "。", ".\u3000", "a.\n\n"]
)
def test_cutting_never_holds_the_event_loop(unit: str) -> None:
    text = unit * (40_960 // len(unit))

    def longest_s() -> float:
        given = batches(text)
        return max(cpu_s(lambda: next(given, None), 1) for _ in range(3 + len(text) // 100))

    assert min(longest_s() for _ in range(3)) < HOLDS_THE_LOOP_S


def test_cutting_needs_only_the_standard_library() -> None:
    script = (
        "import sys; before = set(sys.modules); sys.modules['inference'] = type(sys)('inference');"
        "sys.modules['inference'].__path__ = ['inference']; import inference.planning.sentences;"
        "print({m.split('.')[0] for m in set(sys.modules) - before} - set(sys.stdlib_module_names))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "{'inference'}"


@pytest.mark.parametrize(
    "text",
    [
        "aЯbЮ" * 1024,
        "你好世界。" * 800,
        "Hello привет мир. " * 200,
        "Plain words only. " * 900,
        "नमस्ते ok " * 400,
    ],
)
def test_no_batch_holds_the_text_worker_for_long(text: str) -> None:
    priced = list(batches(text))
    assert all(0 < batch.cost_s < 0.1 for batch in priced)
    assert sum(batch.cost_s for batch in priced) > len(text) * 1e-5
