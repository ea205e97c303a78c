"""Written English as it is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.text.characters import plain_characters, without_controls, without_emoji
from inference.text.english import written_out
from inference.text.markup import without_markup
from tests.support.spoken_items import ITEMS


def said(text: str) -> str:
    words = plain_characters(without_markup(without_controls(text)))
    return " ".join(without_emoji(written_out(words, is_british=False)).replace(" ,", ",").split())


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("$4.50", "four dollars and fifty cents"),
        ("£1, $1,000.00 and €0.99", "one pound, one thousand dollars and ninety nine cents"),
        (
            "$1.2 million, $5k or ₹3bn",
            "one point two million dollars, five thousand dollars or three billion rupees",
        ),
        (
            "$1.234 ¥100 £2.01 5 $",
            "one point two three four dollars one hundred yen two pounds and one penny five dollars",
        ),
        ("Dr. Smith met Mrs. Jones vs. Prof. X", "Doctor Smith met Missus Jones versus Professor X"),
        ("St. John, J. R. R. Tolkien and John Jr.", "Saint John, J R R Tolkien and John Junior."),
        ("No. 5, # 7 and the answer: No.", "number five, number seven and the answer: No."),
        ("Jan. 5, Sept. 9, Mar 3, May 5", "January fifth, September ninth, March third, May fifth"),
        ("at 9 p.m. sharp; at 9 a.m. He left at 9 p.m.", "at nine PM sharp; at nine AM. He left at nine PM."),
        ("the U.S. army, e.g. this, i.e. that.", "the US army, for example this, that is that."),
        ("9:30, 10:05, 12:00 and 12:00 pm", "nine thirty, ten oh five, twelve o'clock and twelve PM"),
        ("16:9, 9:30:15 and 25:00", "sixteen to nine, nine thirty fifteen and twenty five to zero zero"),
        (
            "5 km, 1 km, 10kg, 20°C, 1 ft, 100km/h",
            "five kilometers, one kilometer, ten kilograms, twenty degrees Celsius, one foot, "
            "one hundred kilometers per hour",
        ),
        (
            "pages 5-6, 10–12, not 555-1234 nor 2024-01-05",
            "pages five to six, ten to twelve, not five five five, one two three four nor "
            "January fifth, twenty twenty four",
        ),
        (
            "1999, 1905, 1900, 2005, 2024",
            "nineteen ninety nine, nineteen oh five, nineteen hundred, two thousand five, twenty twenty four",
        ),
        (
            "1,999 $1999 1999.5 1066 12345",
            "one thousand nine hundred ninety nine one thousand nine hundred ninety nine dollars "
            "one thousand nine hundred ninety nine point five one thousand sixty six "
            "twelve thousand three hundred forty five",
        ),
        (
            "the 1990s, '80s, 1800s, 2000s",
            "the nineteen nineties, eighties, eighteen hundreds, two thousands",
        ),
        ("Louis XIV, World War II, I and X", "Louis the fourteenth, World War two, I and X"),
        ("C# at ~5 points", "C sharp at about five points"),
    ],
)
def test_english_figures_and_abbreviations_become_words(written: str, spoken: str) -> None:
    assert said(written) == spoken


@pytest.mark.parametrize("sentence", (ITEMS / "ordinary.txt").read_text(encoding="utf-8").splitlines())
def test_ordinary_prose_is_left_as_it_is(sentence: str) -> None:
    for is_british in (False, True):
        assert written_out(without_markup(sentence), is_british=is_british) == sentence


_SCRAPS = (
    *[
        "1",
        "2",
        "0",
        "10",
        "1999",
        "2024",
        "3/4",
        "1,000",
        ".5",
        "$",
        "£5",
        "%",
        "°",
        "½",
        "-",
        "–",
        "—",
        ".",
        ",",
        ":",
        "/",
        "'",
        "(",
        ")",
        "#",
        "&",
        "@",
        "=",
        "<",
        ">",
        "+",
        "×",
        "^",
        "²",
        "√",
        "I",
        "V",
        "X",
        "MIC",
        "IV",
        "a",
        "A",
        "no",
        "No.",
        "St.",
        "Dr.",
    ],
    *[
        "Jan",
        "May",
        "Mon",
        "p.m.",
        "am",
        "the",
        "an",
        "part",
        "chapter",
        "king",
        "Louis",
        "km",
        "m",
        "s",
        "lb",
        "in.",
        "x",
        "http://a.b",
        "a@b.c",
        "W-w",
        "e.g.",
        "U.S.",
        "vs",
        "Inc.",
        "_",
        "*",
        "`",
    ],
)


@given(st.lists(st.sampled_from(_SCRAPS) | st.text(max_size=4), max_size=12), st.sampled_from(["", " "]))
def test_no_text_breaks_a_rule_and_no_figure_is_left(scraps: list[str], between: str) -> None:
    for is_british in (False, True):
        words = written_out(plain_characters(between.join(scraps)), is_british=is_british)
        assert not any(character in "0123456789" for character in words), words
