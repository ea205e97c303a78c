"""Cutting texts into sentences, on prose, on pathologies and on anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.text.sentences import PARAGRAPH_END, SENTENCE_CHARS, Stretch
from tests.support.cpu import cpu_s

prose = st.text(alphabet=st.sampled_from("abcdefgABC .,;!?…。\n\"'“”()-1ˈ"), max_size=1500)


def sentences(text: str) -> list[str]:
    return [cut.text for cut in Stretch(text).sentences()]


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
        ("Pens, paper, etc. and vs. $5 more. Go on.", ["Pens, paper, etc. and vs. $5 more.", "Go on."]),
    ],
)
def test_sentences_end_at_stops_and_not_at_abbreviations(text: str, expected: list[str]) -> None:
    assert list(sentences(text)) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en-us", "Yes. It is. Sure. Go on.", ["Yes.", "It is.", "Sure.", "Go on."]),
        ("en-us", "IT IS OVER. We GO. Sgt. Pepper", ["IT IS OVER.", "We GO.", "Sgt. Pepper"]),
        ("en-gb", "Ask Capt. Lee or Lt. Gov. Ray of Acme Inc. They know.", 1),
        ("en-us", "On Jan. 5 and Fri. Meet at Oak Ave. Then walk.", 1),
        ("en-us", "Vol. 3, no. 4, fig. 5 and Sgt. Pepper.", 1),
        ("en-us", "I love art. No. It was the max. Fine.", ["I love art.", "No.", "It was the max. Fine."]),
        ("es", "Sí. Claro. El Sr. Gómez y la Dra. Ruiz.", ["Sí.", "Claro.", "El Sr. Gómez y la Dra. Ruiz."]),
        ("fr-fr", "Oui. M. Dupont et Mme. Petit. Bon.", ["Oui.", "M. Dupont et Mme. Petit.", "Bon."]),
        ("it", "Ciao. Il sig. Rossi e il dott. Verdi.", ["Ciao.", "Il sig. Rossi e il dott. Verdi."]),
        ("pt-br", "Oi. A Profa. Ana mora na Av. Paulista.", ["Oi.", "A Profa. Ana mora na Av. Paulista."]),
        ("hi", "डॉ. शर्मा और प्रो. वर्मा। हाँ।", ["डॉ. शर्मा और प्रो. वर्मा।", "हाँ।"]),
    ],
)
def test_each_language_has_its_own_abbreviations(language: str, text: str, expected: list[str] | int) -> None:
    cuts = [cut.text for cut in Stretch(text, language=language).sentences()]
    assert len(cuts) == expected if isinstance(expected, int) else cuts == expected


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


@given(prose | st.text(max_size=300))
def test_a_sentence_knows_where_it_stands(text: str) -> None:
    end = 0
    for cut in Stretch(text).sentences():
        assert end <= cut.start < cut.end
        assert without_spaces(text[cut.start : cut.end]) == without_spaces(cut.text)
        end = cut.end


@given(prose, st.integers(350, 800))
def test_a_text_is_cut_alike_in_whatever_stretches_it_comes(text: str, chars: int) -> None:
    text = text.replace("\n", " ")
    found: list[str] = []
    is_wrapped, start = None, 0
    while not found or start < len(text):
        stretch = Stretch(text[start : start + chars], is_wrapped, is_all=start + chars >= len(text))
        found += [cut.text for cut in stretch.sentences()]
        if not found:
            break
        start, is_wrapped = start + stretch.taken, stretch.is_wrapped
    assert found == sentences(text)


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


@pytest.mark.no_cover
@pytest.mark.parametrize("unit", ["A. ", "a.b. ", '." ', "“", ". ", "\n- ", "、", "1) \n", "Mr. Dr. "])
def test_time_grows_with_the_length_of_the_text_only(unit: str) -> None:
    """On 100,000 characters anything quadratic would take a minute."""
    pieces = list(sentences(unit * (100_000 // len(unit))))
    assert sum(len(without_spaces(piece)) for piece in pieces) == 100_000 // len(unit) * len(
        without_spaces(unit)
    )


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "unit",
    [
        ".",
        "...)",
        "a. ",
        "1. ",
        "A.A. ",
        "a\n",
        "x\n" + "y" * 60 + "\n",
        "。",
        ".\u3000",
        "a.\n\n",
        "<think>",
    ],
)
def test_ten_times_the_text_costs_ten_times_as_much(unit: str) -> None:
    short, long = (unit * (chars // len(unit)) for chars in (4_096, 40_960))
    assert cpu_s(lambda: sentences(long)) < 40 * cpu_s(lambda: sentences(short)) + 0.01
