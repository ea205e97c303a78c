"""When words are heard: by frames, whatever the pieces of sound are, and over segments and pauses."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.planning.rendering import Piece
from inference.planning.segments import Packer, Segment
from inference.planning.word_times import HeardWord, WordClock
from inference.protocol import Audio, Word

if TYPE_CHECKING:
    from collections.abc import Iterable

RATE = 24_000
FRAME = 600

SEGMENT = Segment(0, "ab, cde.", 0.0, is_last=True, words=(Word(0, 0, 3), Word(4, 4, 8)))
"""Two words of a text, `ab,` and `cde.`, which the frames below say in 0.5 s and in 0.5 s."""

FRAMES = (12, 4, 8, 6, 2, 6, 6, 4, 20, 10)
SAMPLES = FRAME * sum(FRAMES)
CUT = 10 * FRAME


def pieces(lengths: Iterable[int], frames: tuple[int, ...] = FRAMES, cut: int = CUT) -> list[Piece]:
    """The sound of a unit in pieces of so many samples."""
    audios = [Audio(bytes(2 * length), 1.0) for length in lengths]
    first = Audio(audios[0].pcm, 1.0, cut, frames)
    return [
        Piece(audio, None, is_last=number == len(audios))
        for number, audio in enumerate([first, *audios[1:]], 1)
    ]


def heard(*lengths: int, tempo: float = 1.0) -> list[tuple[HeardWord, ...]]:
    """The words of each piece."""
    clock = WordClock(tempo)
    return [clock.words(SEGMENT, piece, b"") for piece in pieces(lengths)]


def test_a_word_is_heard_50_ms_before_its_first_frame_and_ends_with_its_last_sound() -> None:
    ((first, last),) = heard(30_000)
    assert (first.start, first.end, last.start, last.end) == (0, 3, 4, 8)
    assert first.start_s == pytest.approx((12 - 2 - 10) * 0.025)
    assert first.end_s == pytest.approx((12 + 4 + 8 - 10) * 0.025)
    assert last.start_s == pytest.approx((12 + 4 + 8 + 6 + 2 - 2 - 10) * 0.025)
    assert last.end_s == pytest.approx(30_000 / RATE)


def test_each_word_is_told_with_the_piece_in_which_it_begins() -> None:
    assert [len(words) for words in heard(3000, 3000, 24_000)] == [1, 0, 1]
    assert [len(words) for words in heard(0, 12_900, 17_100)] == [0, 2, 0]


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=6))
def test_times_are_the_same_however_the_sound_comes(lengths: list[int]) -> None:
    words = [word for piece in heard(*lengths) for word in piece]
    assert [(word.start, word.end) for word in words] == [(0, 3), (4, 8)]
    end_s = sum(lengths) / RATE
    for word in words:
        assert 0 <= word.start_s <= word.end_s
        assert word.start_s <= end_s
    for before, word in pairwise(words):
        assert before.end_s <= word.start_s or word.start_s == pytest.approx(end_s)


def test_what_is_played_faster_is_heard_sooner() -> None:
    ((first, last),) = heard(30_000, tempo=2.0)
    assert first.end_s == pytest.approx(14 * 0.025 / 2)
    assert last.end_s == pytest.approx(30_000 / RATE / 2)


def test_times_go_on_over_segments_and_the_pauses_between_them() -> None:
    clock = WordClock(1.0)
    pause = bytes(2 * 6000)
    (one,) = pieces([30_000])
    ended = clock.words(SEGMENT, one, pause)[-1].end_s
    assert clock.words(SEGMENT, one, pause)[0].start_s == pytest.approx(ended + 0.25)


def test_without_frames_nothing_is_told() -> None:
    assert WordClock(1.0).words(SEGMENT, Piece(Audio(bytes(60_000), 1.0), None, is_last=True), b"") == ()


@given(
    st.lists(st.lists(st.sampled_from(["a", "bcd", "efghi", "klm,", "nop."]), max_size=30), max_size=8),
    st.booleans(),
    st.lists(
        st.tuples(st.sampled_from([1.0, 1.1]), st.sampled_from([0.0, 0.0, 0.5])), min_size=8, max_size=8
    ),
)
def test_segments_have_each_word_once_and_where_its_phonemes_are(
    sentences: list[list[str]], ends_paragraph: bool, asked: list[tuple[float, float]]
) -> None:
    packer, characters = Packer(), 0
    segments: list[Segment] = []
    fed: list[str] = []
    for sentence, (speed, asked_s) in zip(sentences, asked, strict=False):
        words, token = [], 0
        for word in sentence:
            words.append(Word(token, characters, characters + len(word)))
            token += len(word) + 1
            characters += len(word) + 1
        fed += sentence
        segments += packer.feed(
            " ".join(sentence), ends_paragraph=ends_paragraph, speed=speed, asked_s=asked_s, words=words
        )
    segments += packer.finish()
    found = [word for segment in segments for word in segment.words]
    said = [segment.phonemes[word.token :].split()[0] for segment in segments for word in segment.words]
    text = " ".join(fed)
    assert [text[word.start : word.end] for word in found] == fed
    assert [word.rstrip(".,") for word in said] == [word.rstrip(".,") for word in fed]
