"""What is not spoken: markup, emoji, and characters that nobody hears."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.text.characters import plain_characters, without_controls, without_emoji
from inference.text.markup import without_markup


def said(text: str) -> str:
    return " ".join(without_emoji(plain_characters(without_markup(without_controls(text)))).split())


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
        ("AT&amp;T &#8364;5", "AT&T €5"),
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
        ("1️⃣ Ｈｅｌｌｏ 𝐇𝐞 ﬁne ① ㎏", "1 Hello He fine 1 kg"),
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
