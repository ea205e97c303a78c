"""Written text as it is said: markup, emoji and figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.text.spoken import english, plain


def said(text: str) -> str:
    return " ".join(english(plain(text)).split())


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("$4.50", "4 dollars and 50 cents"),
        ("£1, $1,000.00 and €0.99", "1 pound, 1,000 dollars and 99 cents"),
        ("$1.2 million, $5k or ₹3bn", "1.2 million dollars, 5 thousand dollars or 3 billion rupees"),
        ("$1.234 ¥100 £2.01 5 $", "1.234 dollars 100 yen 2 pounds and 1 penny 5 $"),
        ("Dr. Smith met Mrs. Jones vs. Prof. X", "Dr Smith met Mrs Jones versus Professor X"),
        ("St. John, J. R. R. Tolkien and John Jr.", "Saint John, J R R Tolkien and John Junior."),
        ("No. 5, # 7 and the answer: No.", "number 5, number 7 and the answer: No."),
        ("Jan. 5, Sept. 9, Mar 3, May 5", "January 5, September 9, March 3, May 5"),
        ("at 9 p.m. sharp; at 9 a.m. He left at 9 p.m.", "at 9 pm sharp; at 9 am. He left at 9 pm."),
        ("the U.S. army, e.g. this, i.e. that.", "the US army, for example this, that is that."),
        ("9:30, 10:05, 12:00 and 12:00 pm", "9 30, 10 oh 5, 12 o'clock and 12 pm"),
        ("16:9, 9:30:15 and 25:00", "16:9, 9:30:15 and 25:00"),
        (
            "5 km, 1 km, 10kg, 20°C, 1 ft, 100km/h",
            "5 kilometers, 1 kilometer, 10 kilograms, 20 degrees Celsius, 1 foot, 100 kilometers per hour",
        ),
        (
            "pages 5-6, 10–12, not 555-1234 nor 2024-01-05",
            "pages 5 to 6, 10 to 12, not 555-1234 nor 2024-01-05",
        ),
        ("1999, 1905, 1900, 2005, 2024", "19 99, 19 oh 5, 19 hundred, 2005, 20 24"),
        ("1,999 $1999 1999.5 1066 12345", "1,999 1999 dollars 1999.5 1066 12345"),
        ("the 1990s, '80s, 1800s, 2000s", "the 19 nineties, eighties, 18 hundreds, two thousands"),
        ("Louis XIV, World War II, I and X", "Louis 14, World War 2, I and X"),
        ("C# at ~5 points", "C sharp at about 5 points"),
    ],
)
def test_english_figures_and_abbreviations_become_words(written: str, spoken: str) -> None:
    assert said(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("**Bold**, *it*, __x__, `code`, ~~gone~~", "Bold, it, x , code, gone"),
        ("## A heading", "A heading"),
        ("- item", "item"),
        ("* [x] done", "done"),
        ("> quoted", "quoted"),
        ("```python", ""),
        ("~~~", ""),
        ("---", ""),
        ("|---|:--:|", ""),
        ("| a | b |", ", a , b ,"),
        ('[text](https://x.y/z?q=1 "title") ![alt](a.png)', "text alt"),
        ("cut off](https://x.y/z_(w)) here", "cut off here"),
        ("f(x)[1](y)", "f(x) 1 (y)"),
        ("https://www.example.com/a/b?c=d#e. Next", "example.com/a/b. Next"),
        ("<speak>Hi <break time='1s'/> there<p>x</p></speak>", "Hi , there, x,"),
        ('<prosody rate="slow">slow</prosody> <b>bold</b>ly', "slow boldly"),
        ("x < y and List<String>", "x < y and List<String>"),
        ("AT&amp;T &#8364;5", "AT&T 5 euros"),
        ("2*3 a*b snake_case", "2 × 3 a b snake case"),
        (r"\*not bold\* C:\Users", r"not bold C:\Users"),
        ("12345678901234", "1 2 3 4 5 6 7 8 9 0 1 2 3 4"),
    ],
)
def test_markup_is_not_spoken_and_its_words_are(written: str, spoken: str) -> None:
    assert said(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("😀 hi 👍🏽 there 🇩🇪 👩‍👩‍👧 ☎ ✔", "hi there"),
        ("1️⃣ Ｈｅｌｌｏ 𝐇𝐞 ﬁne ① ㎏", "1 Hello He fine 1 kilogram"),
        ("½ x² ™ ©", "½ x² ™ ©"),
        ("a\u200bb so\xadft \u202etest\u2066", "ab soft test"),
        ("cafe\u0301 Z̴̡̛a̷ Đỗ", "café Za Đo"),
        ("a\x00b\x01c\x7fd", "a b c d"),
        ("\ud800x\udfff \ue000", "x"),
        ("it’s ʼtwas", "it's 'twas"),
        ("Привет שלום 北京 नमस्ते", "Привет שלום 北京 नमस्ते"),
    ],
)
def test_characters_that_nobody_hears_are_gone(written: str, spoken: str) -> None:
    assert said(written) == spoken


@given(st.text(max_size=300) | st.text(alphabet="aZ1 .,:$#*_`~<>/()[]|\\&;-'\"\n", max_size=300))
def test_nothing_breaks_and_no_control_character_is_left(text: str) -> None:
    assert not any(character < " " for character in said(text))


@given(
    st.lists(
        st.sampled_from(["alpha", "Beta", "gamma", "Delta", "it", "epsilon", "Zeta"]), min_size=1, max_size=30
    ),
    st.randoms(),
)
def test_words_survive_any_punctuation_between_them(words: list[str], chance: object) -> None:
    marked = " ".join(f"*{word}*" if index % 3 else f"__{word}__;" for index, word in enumerate(words))
    assert [word.strip(";") for word in said(marked).replace(" ;", "").split()] == words
