"""The text worker's engine: stretches of a text in, sentences out, and nothing kept between them."""

from __future__ import annotations

import pytest

from inference.errors import EngineFailed
from inference.protocol import Reading, SpeechJob, TextJob, Unit, WorkerSpec
from inference.text.engine import TextEngine

ENGINE = TextEngine(WorkerSpec(role="text"))


def read(text: str, *, most: int = 1000, is_all: bool = True, context: str = "") -> Reading:
    reply = ENGINE.do(TextJob("r", text, "en-us", most, is_all, context))
    assert isinstance(reply, Reading)
    return reply


def read_in(language: str, text: str) -> Reading:
    reply = ENGINE.do(TextJob("r", text, language))
    assert isinstance(reply, Reading)
    return reply


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


def test_engine_says_what_languages_it_has() -> None:
    ready = ENGINE.ready(1.0)
    assert ready.provider == "espeak"
    assert {"en-us", "en-gb", "es", "fr-fr", "hi", "it", "pt-br", "ja", "zh"} == set(ready.languages)


def test_engine_refuses_a_job_of_the_other_role() -> None:
    with pytest.raises(EngineFailed, match="SpeechJob"):
        ENGINE.do(SpeechJob("r", Unit("nˈO", (("af_heart", 1.0),), 1.0)))


def test_sentences_end_as_they_do_in_the_language() -> None:
    text = "Oggi viene il dott. Rossi. Ciao."
    assert [len(read_in(code, text).sentences) for code in ("it", "es")] == [2, 3]
