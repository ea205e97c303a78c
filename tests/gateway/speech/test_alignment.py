from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.speech.alignment import Aligner, Alignment
from inference import HeardWord


def heard(text: str, *, first_s: float = 0.1, each_s: float = 0.4, rest_s: float = 0.1) -> list[HeardWord]:
    """Every word of a text, each as long as the others, with a rest after it."""
    return [
        HeardWord(word.start(), word.end(), start_s := first_s + n * (each_s + rest_s), start_s + each_s)
        for n, word in enumerate(re.finditer(r"\S+", text))
    ]


def test_characters_are_those_of_the_text_and_cover_its_sound() -> None:
    text = "One two."
    aligned = Aligner().align(text, heard(text), 1.5, ends_speech=True)
    assert aligned
    assert "".join(aligned.characters) == "One two. "
    assert aligned.starts_ms[0] == 0
    assert aligned.ends_ms[-1] == aligned.end_ms == 1500
    starts = dict(zip("".join(aligned.characters), aligned.starts_ms, strict=True))
    assert (starts["t"], starts["."]) == (600, 900)
    assert aligned.ends_ms[2] == 500, "a word ends where it does"


def test_a_piece_that_ends_speech_ends_with_a_space_which_is_not_told_again() -> None:
    for text in ("One. Two.", "One.\nTwo.", "One.Two."):
        aligner = Aligner()
        one = HeardWord(0, 4, 0.1, 0.5)
        two = HeardWord(len(text) - 4, len(text), 1.1, 1.5)
        first = aligner.align(text, [one], 1.0, ends_speech=True)
        second = aligner.align(text, [two], 2.0, ends_speech=True)
        assert first
        assert second
        assert ("".join(first.characters), "".join(second.characters)) == ("One. ", "Two. ")
        assert second.starts_ms[0] == first.end_ms


def test_a_piece_inside_speech_ends_with_its_last_word_however_far_that_reaches() -> None:
    aligner, text = Aligner(), "One two"
    words = heard(text)
    first = aligner.align(text, words[:1], 0.3, ends_speech=False)
    second = aligner.align(text, words[1:], 1.2, ends_speech=True)
    assert first == Alignment(["O", "n", "e"], [0, 100, 200], 300)
    assert second
    assert "".join(second.characters) == " two "
    assert second.starts_ms[:2] == [300, 600]


def test_sound_in_which_no_word_begins_is_of_the_next_alignment() -> None:
    aligner, text = Aligner(), "One two"
    one, two = heard(text)
    aligner.align(text, [one], 0.5, ends_speech=False)
    assert aligner.align(text, [], 0.55, ends_speech=False) is None
    second = aligner.align(text, [two], 1.2, ends_speech=False)
    assert second
    assert second.starts_ms[0] == 500


def test_a_long_last_word_is_closed_where_speech_ends() -> None:
    aligner = Aligner()
    aligner.align("One", heard("One"), 0.3, ends_speech=False)
    assert aligner.align("One", [], 0.8, ends_speech=True) == Alignment([" "], [300], 800)


def test_what_is_not_spoken_behind_the_last_word_is_told_in_no_time_and_only_once() -> None:
    aligner, text = Aligner(), "One. 🙂\nTwo. --"
    first = aligner.align(text, [HeardWord(0, 4, 0.1, 0.5)], 1.0, ends_speech=True, until=7)
    second = aligner.align(text, [HeardWord(7, 11, 1.1, 1.5)], 2.0, ends_speech=True, until=len(text))
    assert first
    assert second
    assert ("".join(first.characters), "".join(second.characters)) == ("One. 🙂 ", "Two. -- ")
    assert first.starts_ms[-3:] == [500, 500, 500]
    assert (second.starts_ms[0], second.starts_ms[-1], second.end_ms) == (1000, 1500, 2000)


def test_without_words_there_is_no_alignment() -> None:
    assert Aligner().align("One. Two. ", [], 1.0, ends_speech=True) is None


@given(
    st.text(alphabet="ab ,.\n", max_size=60),
    st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.floats(0, 2)), max_size=20),
)
def test_alignments_follow_each_other_without_a_gap(text: str, cuts: list[tuple[int, bool, float]]) -> None:
    aligner, words, end_s, found = Aligner(), heard(text), 0.0, []
    for count, ends_speech, lasts_s in cuts:
        begun, words = words[:count], words[count:]
        end_s = max([end_s + lasts_s, *(word.start_s for word in begun)])
        found.append(aligner.align(text, begun, end_s, ends_speech=ends_speech))
    told = [alignment for alignment in found if alignment]
    for before, after in pairwise(told):
        assert after.starts_ms[0] == before.end_ms
    for alignment in told:
        assert alignment.starts_ms == sorted(alignment.starts_ms)
        assert alignment.starts_ms[-1] <= alignment.end_ms
        assert len(alignment.characters) == len(alignment.starts_ms)
    said = "".join(character for alignment in told for character in alignment.characters)
    assert "".join(text.split()).startswith("".join(said.split()))
