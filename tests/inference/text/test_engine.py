"""The text worker's engine: stretches of a text in, sentences out, and nothing kept between them."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from inference.errors import EngineFailed, InvalidPronunciation
from inference.protocol import Reading, Sentence, SpeechJob, TextJob, Unit, WorkerSpec
from inference.text.engine import TextEngine

ENGINE = TextEngine(WorkerSpec(role="text"))


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """A reading that loads its language takes so long that it ends with its first sentence."""
    read("Once.")


def read(text: str, *, most: int = 1000, is_all: bool = True, context: str = "") -> Reading:
    reply = ENGINE.do(TextJob("r", text, "en-us", most, is_all, context))
    assert isinstance(reply, Reading)
    return reply


def read_whole(
    text: str, context: str = "", *, is_all: bool = True, most: int = 1000
) -> tuple[list[Sentence], int, str]:
    """Its sentences in however many jobs, how far that came, and the context there."""
    sentences: list[Sentence] = []
    taken = 0
    while True:
        reading = read(text[taken:], context=context, is_all=is_all, most=most)
        sentences += (
            msgspec.structs.replace(s, start=s.start + taken, end=s.end + taken) for s in reading.sentences
        )
        taken, context = taken + reading.taken, reading.context
        if not reading.taken or taken == len(text):
            return sentences, taken, context


def spoken(sentences: list[Sentence]) -> list[tuple[str, float, float]]:
    """Phonemes, speed and silence of those that are heard; a full stop that ends a line is none of the writer's."""
    return [(s.phonemes.removesuffix("."), s.speed, s.pause_s) for s in sentences if s.phonemes or s.pause_s]


def test_a_stretch_is_read_sentence_by_sentence() -> None:
    text = "Never.  Oh?\n\n...\n\nNo"
    reading = read(text)
    assert [s.phonemes for s in reading.sentences] == ["nˈɛvəɹ.", "ˈO?", "", "nˈO"]
    assert [text[s.start : s.end] for s in reading.sentences] == ["Never.", "Oh?", "...", "No"]
    assert [s.ends_paragraph for s in reading.sentences] == [False, True, True, False]
    assert reading.taken == len(text)


def test_reading_stops_after_what_is_wanted_and_goes_on_from_there() -> None:
    text = "Never. Why? Who? Me."
    first = read(text, most=5)
    assert first.taken == text.index("Why")
    assert len(read(text[first.taken :], context=first.context).sentences) == 3


def test_what_may_go_on_comes_again() -> None:
    first = read("Never. It cost $3.", is_all=False)
    assert [s.phonemes for s in first.sentences] == ["nˈɛvəɹ."]
    assert first.taken == len("Never. ")
    assert not read("3.14", is_all=False).sentences
    assert not read("Dr. ", is_all=False).sentences


def test_thoughts_are_left_out_however_a_text_is_cut_within_them() -> None:
    text = "Well. <think>Should I?\n\nYes. No.</think> I do. So be it."
    whole = [s.phonemes for s in read(text).sentences]
    assert len(whole) == 3
    for cut in range(1, len(text)):
        first = read(text[:cut], is_all=False)
        rest = read(text[first.taken :], context=first.context)
        assert [s.phonemes for s in (*first.sentences, *rest.sentences)] == whole, text[:cut]


def test_a_text_about_thoughts_and_tags_is_read_whole() -> None:
    (sentence,) = read("Models write `<think>` and `</p>` before 1 <s and so on> they speak.").sentences
    assert sentence.phonemes == "mˈɑdᵊlz ɹˈIt θˈɪŋk ænd pˈi bəfˈɔɹ wˈʌn ˈɛs ænd sˌO ˌɔn ðA spˈik."


def test_engine_says_what_languages_it_has() -> None:
    ready = ENGINE.ready(1.0)
    assert ready.provider == "espeak"
    assert {"en-us", "en-gb", "es", "fr-fr", "hi", "it", "pt-br", "ja", "zh"} == set(ready.languages)


def test_engine_refuses_a_job_of_the_other_role() -> None:
    with pytest.raises(EngineFailed, match="SpeechJob"):
        ENGINE.do(SpeechJob("r", Unit("nˈO", (("af_heart", 1.0),), 1.0)))


def test_sentences_end_as_they_do_in_the_language() -> None:
    text = "Oggi viene il dott. Rossi. Ciao."
    assert [len(list(ENGINE.sentences(text, code))) for code in ("it", "es")] == [2, 3]


MARKED = (
    'Well. <lang xml:lang="fr">Bonjour. Ça va?</lang> [pause:1s] He <prosody rate="slow">said</prosody> '
    '<sub alias="One. Two">12</sub> <emphasis>it</emphasis>. <p>So.</p><break time="2s"/>Bye <break/> now.'
)


def test_marks_ask_for_silence_speed_and_language() -> None:
    assert spoken(read_whole(MARKED)[0]) == [
        ("wˈɛl", 1.0, 0.0),
        ("bɔ̃ʒˈuʁ", 1.0, 0.0),
        ("sa vˈa?", 1.0, 0.0),
        ("", 1.0, 1.0),
        ("hi", 1.0, 0.0),
        ("sˈɛd", 0.9, 0.0),
        ("wˈʌn", 1.0, 0.0),
        ("tˈu ˈɪt", 1.0, 0.0),
        ("sˌO", 1.0, 0.0),
        ("", 1.0, 2.0),
        ("bˈI", 1.0, 0.0),
        ("", 1.0, 0.75),
        ("nˈW", 1.0, 0.0),
    ]


def test_a_text_with_marks_is_read_alike_in_whatever_parts_it_comes() -> None:
    whole = spoken(read_whole(MARKED)[0])
    for chars in range(1, len(MARKED)):
        first, taken, context = read_whole(MARKED[:chars], is_all=False)
        rest, *_ = read_whole(MARKED[taken:], context)
        assert spoken([*first, *rest]) == whole, MARKED[:chars]


PIECES = (
    *("One two. ", "Who? ", "well, ", "3.14 ", "\n\n", "a < b ", "Dr. ", "word ", "今日は。", "<3 "),
    *("[pause:1s]", "<break/>", "<p>", "</p>", "<s>", '<prosody rate="slow">', "</prosody>", "</lang>"),
    *(
        '<lang xml:lang="es">',
        "<emphasis>so</emphasis>",
        '<sub alias="It is. So">x</sub>',
        "<think>",
        "</think>",
    ),
    *(
        '<say-as interpret-as="characters">ab</say-as>',
        '<phoneme ph="nˈO">x</phoneme>',
        "<unknown>",
        "[note]",
    ),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.integers(0, 400))
def test_any_text_with_marks_is_read_to_its_end_in_order(text: str, chars: int) -> None:
    assume(
        "</think>" not in re.sub(r"(?s)<think>.*?</think>", "", text)
    )  # what has been said is not taken back
    sentences, taken, _ = read_whole(text)
    assert taken == len(text)
    starts, ends = [s.start for s in sentences], [s.end for s in sentences]
    assert starts == sorted(starts)
    assert ends == sorted(ends)
    assert all(0 <= start <= end <= taken for start, end in zip(starts, ends, strict=True))
    first, taken, context = read_whole(text[:chars], is_all=False, most=0)
    rest, *_ = read_whole(text[taken:], context, most=0)
    assert spoken([*first, *rest]) == spoken(sentences)


def test_sentences_with_marks_know_their_place() -> None:
    text = 'He <emphasis>said</emphasis> <sub alias="it">x</sub>. [pause:1s] Bye.'
    assert [text[s.start : s.end] for s in read(text).sentences if s.phonemes] == [
        'He <emphasis>said</emphasis> <sub alias="it">x</sub>.',
        "Bye.",
    ]


@pytest.mark.parametrize(
    ("text", "phonemes"),
    [
        ('say <say-as interpret-as="characters">WHO</say-as> now', "sˈA dˈʌbᵊlju ˈAʧ ˈO nˈW"),
        ('call <say-as interpret-as="telephone">555-01</say-as>', "kˈɔl fˈIv fˈIv fˈIv, zˈɪɹO wˈʌn"),
        ('<phoneme ph="pɪˈkɑːn">pecan</phoneme> pie', "pɪkˈɑn pˈI"),
        ('he said <lang xml:lang="es">hola, amigo</lang> there', "hi sˈɛd ˈola, amˈiɣo ðˈɛɹ"),
        ("do it <emphasis>for</emphasis> me", "dˈu ɪt fˈɔɹ mˌi"),
        ('do it <emphasis level="reduced">now</emphasis>', "dˈu ɪt nˌW"),
        ("do it [for](+1) [me](-2) [now](-1)", "dˈu ɪt fˈɔɹ mi nˌW"),
        (
            '<audio src="a.wav">I</audio> mean <w>it</w><mark name="m"/> & <amazon:effect>more</amazon:effect>',
            "ˌI mˈin ɪt ænd mˈɔɹ",
        ),
        ("\U000f006e\U000f0070 no", "nˈO"),
    ],
)
def test_marks_say_how_words_are_read(text: str, phonemes: str) -> None:
    assert [s.phonemes for s in read(text).sentences] == [phonemes]


@pytest.mark.parametrize(
    ("language", "text", "phonemes"),
    [
        ("en-us", "SIOBHAN's cat, Siobhanna", "ʃɪvˈɔnz kˈæt, sɪəbhˈænə"),
        ("en-us", "in new  york, Newyork", "ɪn ðə bˈɪɡ ˈæpəl, nˈuɪˌɔɹk"),
        ("es", "Siobhan vive", "ʃɪvˈɔn bˈiβe"),
        ("en-us", "use us Us", "jˈuz ˌʌs ˌʌsˈʌs"),
        ("ja", "東京です", "tˈOkjO desɨ"),
        ("en-us", "a⇒b, C++ too", "ɐ sO bˈi, sˈi plˈʌs plˈʌs tˈu"),
    ],
)
def test_words_are_said_as_somebody_said(language: str, text: str, phonemes: str) -> None:
    entries = (
        ("siobhan", "/ʃɪvˈɔn/"),
        ("new york", "the big apple"),
        ("Us", "/ˌʌsˈʌs/"),
        ("東京", "/tˈOkjO/"),
        ("⇒", "/sO/"),
        ("C++", "C plus plus"),
        ("\u200b", "nothing"),
    )
    reply = ENGINE.do(TextJob("r", text, language, pronunciations=entries))
    assert isinstance(reply, Reading)
    assert "".join(s.phonemes for s in reply.sentences).replace("ᵊ", "ə") == phonemes


LONG_WORDS = (("a", "so it is said, " * 13), ("b", f"/{'nˈO' * 60}/"))


def read_with_own_words(text: str, *, is_timed: bool = False) -> None:
    taken, context = 0, ""
    while taken < len(text):
        job = TextJob("r", text[taken : taken + 900], "en-us", 400, True, context, LONG_WORDS, is_timed)
        reply = ENGINE.do(job)
        assert isinstance(reply, Reading)
        taken, context = taken + reply.taken, reply.context


@pytest.mark.parametrize("text", ["a " * 2000, "b. " * 1300, "a b " * 20, "A.\n\n" * 500, "It is b. " * 100])
@pytest.mark.parametrize("is_timed", [False, True])
def test_words_of_ones_own_do_not_multiply_a_text(text: str, *, is_timed: bool) -> None:
    with pytest.raises(InvalidPronunciation, match="4 times as long"):
        read_with_own_words(text, is_timed=is_timed)


@pytest.mark.parametrize("text", ["a b a b", "It is b, and so they say every day in this old town. " * 60])
def test_words_of_ones_own_may_be_longer_than_what_they_stand_for(text: str) -> None:
    read_with_own_words(text)
