"""Cutting phonemes into segments, on prose, on pathologies and on anything."""

from __future__ import annotations

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
    first=st.integers(12, 40),
    first_most=st.integers(40, 60),
    wanted=st.integers(40, 60),
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


def test_a_text_is_cut_between_sentences() -> None:
    found = pack(*[LONG] * 20)
    assert all(segment.phonemes.endswith("hˈaɪ.") for segment in found)
    assert [len(segment.phonemes) for segment in found] == [61] * 20


def test_the_first_segment_needs_no_more_than_the_first_sentence() -> None:
    packer = Packer()
    assert [segment.phonemes for segment in packer.feed(f"həlˈO ðˈɛɹ mˈæn. {LONG}")] == ["həlˈO ðˈɛɹ mˈæn."]


@pytest.mark.parametrize("words", [10, 20, 30])
def test_a_first_sentence_is_spoken_whole_as_long_as_its_score_may_be_waited_for(words: int) -> None:
    sentence = "ˈAb, " * (words // 2) + "ˈAb " * (words // 2)
    found = spoken(f"{sentence.rstrip()}. {LONG}")
    if len(sentence) <= LIMITS.first_most:
        assert found[0] == f"{sentence.rstrip()}."
    else:
        assert found[0].endswith(",")


def test_a_later_sentence_is_spoken_whole_up_to_most() -> None:
    sentence = "ˈAb, " * 40 + "ˈAb."
    assert spoken(LONG, sentence, LONG)[1] == sentence
    longer = "ˈAb, " * 80 + "ˈAb."
    parts = spoken(LONG, longer, LONG)
    assert len(parts) > 3
    assert all(part.endswith((",", ".")) for part in parts)


def test_short_sentences_are_spoken_together_up_to_what_is_wanted() -> None:
    lengths = [len(part) for part in spoken("həlˈO ðˈɛɹ mˈæn. ", *["ˈAb ˈAb ˈAb ˈAb ˈAb. "] * 30)]
    assert lengths[0] <= LIMITS.first
    assert all(LIMITS.wanted - 21 <= length <= LIMITS.wanted for length in lengths[1:-1])


def test_a_sentence_over_the_limit_is_cut_at_a_clause_then_at_a_phrase() -> None:
    assert spoken("wˈɛl ðˈɛn mI fɹˈɛnd, " + "hˌW ɑɹ ju dˈuɪŋ təˈA " * 12)[0] == "wˈɛl ðˈɛn mI fɹˈɛnd,"
    assert spoken("tˈu kwˈɪk fˈɑksᵻz ɑɹ ʤˈʌmpɪŋ Ovəɹ lˈAzi dˈɑɡz " * 6)[0].endswith("ʤˈʌmpɪŋ")


def test_an_ending_without_a_mark_gets_a_full_stop() -> None:
    packer = Packer()
    fed = [*packer.feed("wˈʌn tˈu θɹˈi fˈɔɹ fˈIv", ends_paragraph=True), *packer.feed(LONG * 2)]
    assert fed[0].phonemes == "wˈʌn tˈu θɹˈi fˈɔɹ fˈIv."
    assert spoken("ɹˈɛdi tə ʧˈAnʤ") == ["ɹˈɛdi tə ʧˈAnʤ."]
    assert spoken("ɹˈɛdi tə ʧˈAnʤ?”") == ["ɹˈɛdi tə ʧˈAnʤ?”"]
    assert spoken("ɹˈɛdi,") == ["ɹˈɛdi,"]


def test_pauses_follow_the_last_mark() -> None:
    packer = Packer(Limits(first=20, first_most=20, wanted=34, most=34))
    fed = [*packer.feed("wˈʌn tˈu θɹˈi fˈɔɹ,"), *packer.feed("fˈIv sˈɪks sˈɛvən ˈAt nˈIn tˈɛn.”")]
    fed += packer.feed("twˈɛlv θɜɹtˈin fɔɹtˈin fɪf!", ends_paragraph=True)
    fed += [*packer.feed("sˌɛvəntˈin ATˈin nIntˈin."), *packer.finish()]
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
    assert "".join(parts) == f"{longest}."
    assert all(LIMITS.least <= len(part) <= LIMITS.most for part in parts)


@given(st.lists(phonemes, max_size=6), limits)
def test_segments_hold_every_phoneme_and_fit_the_model(pieces: list[str], limits: Limits) -> None:
    parts = pack(*pieces, limits=limits)
    whole = " ".join(" ".join(pieces).split())
    said = without_spaces("".join(part.phonemes for part in parts))
    assert said in {without_spaces(whole), f"{without_spaces(whole)}."}
    assert [part.index for part in parts] == list(range(len(parts)))
    assert all(part.phonemes == part.phonemes.strip() and part.phonemes for part in parts)
    assert all(len(part.phonemes) <= limits.most + limits.least + 1 <= MODEL_TOKENS + 1 for part in parts)
    assert all(part.pause_s in {0.0, 0.1, 0.25} for part in parts)
    assert not parts or parts[-1].pause_s == 0
    words = whole.split()
    spoken_words = " ".join(part.phonemes for part in parts).split()
    assert (
        " ".join(spoken_words).rstrip(".") == " ".join(words).rstrip(".")
        or max(map(len, words)) > limits.most
    )


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
    "wrong", [{"first": 5}, {"most": 505}, {"first": 200}, {"wanted": 30}, {"wanted": 300}, {"least": 0}]
)
def test_limits_that_cannot_work_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="least"):
        Limits(**wrong)


def test_a_segment_ends_where_the_writer_asked_for_silence() -> None:
    packer = Packer()
    fed = [*packer.feed("wˈʌn"), *packer.feed("", asked_s=1.5), *packer.feed("tˈu θɹˈi."), *packer.finish()]
    assert [(s.phonemes, s.asked_s, s.is_last) for s in fed] == [
        ("wˈʌn,", 1.5, False),
        ("tˈu θɹˈi.", 0.0, True),
    ]


def test_silence_at_either_end_of_a_text_is_kept() -> None:
    packer = Packer()
    fed = [*packer.feed("", asked_s=1.0), *packer.feed("", asked_s=0.5), *packer.feed("nˈO.", asked_s=2.0)]
    fed += packer.finish()
    assert [(s.phonemes, s.asked_s, s.is_last) for s in fed] == [("", 1.5, False), ("nˈO.", 2.0, True)]


def test_silence_is_not_held_back_by_a_flush() -> None:
    packer = Packer()
    assert [s.asked_s for s in (*packer.feed("nˈO.", asked_s=2.0), *packer.flush())] == [2.0]
    assert not packer.is_holding


def test_sentences_of_another_speed_are_not_spoken_together() -> None:
    packer = Packer()
    fed = [*packer.feed("wˈʌn."), *packer.feed("tˈu.", speed=0.9), *packer.feed("θɹˈi.", speed=0.9)]
    fed += [*packer.feed("fˈɔɹ."), *packer.finish()]
    assert [(s.phonemes, s.speed) for s in fed] == [("wˈʌn.", 1.0), ("tˈu. θɹˈi.", 0.9), ("fˈɔɹ.", 1.0)]
    assert [s.index for s in fed] == [0, 1, 2]
