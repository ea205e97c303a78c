"""Cutting phonemes into segments, on prose, on pathologies and on anything."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.planning.segments import MODEL_TOKENS, Limits, Packer, Segment, segments

if TYPE_CHECKING:
    import random

LIMITS = Limits()

phonemes = st.text(alphabet=st.sampled_from("abdeə  .,!?;—”)ˈˌ"), max_size=1200)
limits = st.builds(
    Limits,
    first=st.integers(12, 60),
    growth=st.floats(1, 4),
    most=st.integers(60, MODEL_TOKENS - 12),
    least=st.integers(1, 12),
)


def without_spaces(text: str) -> str:
    return "".join(text.split())


def pack(*pieces: str, limits: Limits = LIMITS) -> list[Segment]:
    return list(segments(pieces, limits))


def spoken(*pieces: str) -> list[str]:
    return [segment.phonemes for segment in pack(*pieces)]


LONG = "ðə kwˈɪk bɹˈWn fˈɑks, ʤˈʌmpɪŋ ˌOvəɹ ðə lˈAzi dˈɑɡ, sˈɛd hˈaɪ. "


def test_a_short_text_is_one_segment_without_a_pause() -> None:
    assert pack("həlˈO ðˈɛɹ.") == [Segment(0, "həlˈO ðˈɛɹ.", 0.0, is_last=True)]
    assert pack("ˈO.") == [Segment(0, "ˈO.", 0.0, is_last=True)]


def test_nothing_is_no_segment() -> None:
    assert pack() == pack("") == pack(" ", "\n") == []


def test_the_first_segment_is_short_and_the_next_ones_grow() -> None:
    lengths = [len(segment.phonemes) for segment in pack(*[LONG] * 20)]
    assert LIMITS.least <= lengths[0] <= LIMITS.first + LIMITS.least
    assert all(
        after <= LIMITS.growth * max(before, LIMITS.first) + LIMITS.least
        for before, after in pairwise(lengths[:4])
    )
    assert max(lengths) > LIMITS.most * 0.6
    assert min(lengths) >= LIMITS.least


def test_the_first_segment_needs_no_more_than_the_first_sentence() -> None:
    packer = Packer()
    assert [segment.phonemes for segment in packer.feed(LONG)] == ["ðə kwˈɪk bɹˈWn fˈɑks,"]


def test_cuts_prefer_sentences_then_clauses_then_phrases() -> None:
    assert spoken("həlˈO ðˈɛɹ mˈæn. ", "hˌW ɑɹ ju dˈuɪŋ təˈA mI fɹˈɛnd.")[0] == "həlˈO ðˈɛɹ mˈæn."
    assert spoken("wˈɛl ðˈɛn mI fɹˈɛnd, hˌW ɑɹ ju dˈuɪŋ təˈA mI fɹˈɛnd əv mˈIn.")[0] == "wˈɛl ðˈɛn mI fɹˈɛnd,"
    assert (
        spoken("tˈu kwˈɪk fˈɑksᵻz ɑɹ ʤˈʌmpɪŋ Ovəɹ lˈAzi dˈɑɡz æt nˈIt wɛn ðA kˈæn")[0]
        == "tˈu kwˈɪk fˈɑksᵻz ɑɹ ʤˈʌmpɪŋ"
    )


def test_pauses_follow_the_last_mark() -> None:
    packer = Packer(Limits(growth=3))
    fed = [*packer.feed("wˈʌn tˈu θɹˈi fˈɔɹ,"), *packer.feed("fˈIv sˈɪks sˈɛvən ˈAt nˈIn tˈɛn əlˈɛvən.”")]
    fed += packer.feed("twˈɛlv θɜɹtˈin fɔɹtˈin fɪftˈin sɪkstˈin!", ends_paragraph=True)
    fed += [*packer.feed("sˌɛvəntˈin ATˈin nIntˈin twˈɛnti."), *packer.finish()]
    assert [(segment.phonemes[-1], segment.pause_s) for segment in fed] == [
        (",", 0.1),
        ("”", 0.25),
        ("!", 0.5),
        (".", 0.0),
    ]


def test_a_paragraph_may_end_in_something_silent() -> None:
    packer = Packer()
    fed = [
        *packer.feed("wˈʌn tˈu θɹˈi fˈɔɹ,"),
        *packer.feed("", ends_paragraph=True),
        *packer.feed("fˈIv sˈɪks sˈɛvən."),
    ]
    assert [segment.pause_s for segment in (*fed, *packer.finish())] == [0.5, 0.0]


def test_a_short_tail_is_never_spoken_alone() -> None:
    for words in range(1, 200):
        pieces = pack("ˈabsədˈɛ " * words + "ənd.")
        assert all(len(piece.phonemes) >= LIMITS.least for piece in pieces[1:]), words


def test_short_sentences_are_spoken_together() -> None:
    parts = pack("nˈO.", "jˈɛs.", "nˈO.", "jˈɛs.", "nˈO.", "jˈɛs.", "nˈO.", "jˈɛs.")
    assert all(len(part.phonemes) >= LIMITS.least for part in parts)


def test_a_word_is_cut_only_if_it_is_over_the_limit() -> None:
    long, longest = "ˈa" * (LIMITS.most // 2), "ˈe" * 1500
    parts = spoken(f"wˈʌn tˈu {long} θɹˈi")
    assert long in " ".join(parts).split()
    parts = spoken(longest)
    assert "".join(parts) == longest
    assert all(LIMITS.least <= len(part) <= LIMITS.most for part in parts)


@given(st.lists(phonemes, max_size=6), limits)
def test_segments_hold_every_phoneme_and_fit_the_model(pieces: list[str], limits: Limits) -> None:
    parts = pack(*pieces, limits=limits)
    whole = " ".join(" ".join(pieces).split())
    assert without_spaces("".join(part.phonemes for part in parts)) == without_spaces(whole)
    assert [part.index for part in parts] == list(range(len(parts)))
    assert all(part.phonemes == part.phonemes.strip() and part.phonemes for part in parts)
    assert all(len(part.phonemes) <= limits.most + limits.least <= MODEL_TOKENS for part in parts)
    assert all(part.pause_s in {0.0, 0.1, 0.25} for part in parts)
    assert not parts or parts[-1].pause_s == 0
    words = whole.split()
    spoken_words = " ".join(part.phonemes for part in parts).split()
    assert spoken_words == words or max(map(len, words)) > limits.most


@given(phonemes, limits, st.randoms(use_true_random=False))
def test_segments_do_not_depend_on_how_the_phonemes_were_fed(
    text: str, limits: Limits, chance: random.Random
) -> None:
    words = text.split()
    pieces: list[str] = []
    while words:
        count = chance.randint(1, 12)
        pieces.append(" ".join(words[:count]))
        words = words[count:]
    assert pack(*pieces, limits=limits) == pack(text, limits=limits)


@given(phonemes, limits)
def test_segments_come_before_the_text_ends(text: str, limits: Limits) -> None:
    packer = Packer(limits)
    early = [segment for word in text.split() for segment in packer.feed(word)]
    late = list(packer.finish())
    assert early + late == pack(text, limits=limits)
    assert sum(len(segment.phonemes) for segment in late) <= 3 * (limits.most + 2 * limits.least)


@given(st.lists(phonemes, max_size=6), limits)
def test_the_last_segment_and_no_other_says_that_it_is_the_last(pieces: list[str], limits: Limits) -> None:
    packer = Packer(limits)
    early = [segment.is_last for piece in pieces for segment in packer.feed(piece, ends_paragraph=True)]
    late = [segment.is_last for segment in packer.finish()]
    assert not any(early)
    assert late == [False] * (len(late) - 1) + [True] * bool(late)
    assert late or not "".join(pieces).split()


@pytest.mark.parametrize(
    "wrong", [{"first": 5}, {"most": 505}, {"first": 200}, {"growth": 0.5}, {"least": 0}]
)
def test_limits_that_cannot_work_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="least"):
        Limits(**wrong)


@pytest.mark.parametrize(("cost", "second"), [(0.1, 82), (0.22, 41), (0.4, 33), (1.5, 33)])
def test_the_cheaper_speech_is_the_faster_segments_grow(cost: float, second: int) -> None:
    limits = Limits.for_cost(cost)
    found = list(segments(["a " * 200], limits))
    assert [len(segment.phonemes) for segment in found[:2]] == pytest.approx([limits.first, second], abs=2)


def test_a_segment_is_no_longer_than_what_can_be_played_meanwhile() -> None:
    found = list(segments(["a " * 8 + "a, " + "a " * 200], Limits(first=28, growth=2, most=100)))
    before = 0
    for segment in found[:-1]:
        assert len(segment.phonemes) <= max(28, min(2 * before, 100))
        before += len(segment.phonemes)
    assert len(found[0].phonemes) < 28, "the first ends early, at its comma"
