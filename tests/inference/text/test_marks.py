"""Writers' marks: which there are, what they ask for, where they are, and what is none."""

from __future__ import annotations

import pytest

from inference.text.marks import ALL_PAUSES_S, Passage, State, passages, unfinished


def cut(text: str, state: State | None = None) -> list[Passage]:
    return list(passages(text, "en-us", state or State()))


def read(text: str) -> str:
    """What is read of a text, whatever its passages."""
    return "".join(passage.text for passage in cut(text))


@pytest.mark.parametrize(
    ("mark", "pause_s"),
    [
        ("[pause:1.5s]", 1.5),
        ("[pause:500ms]", 0.5),
        ("[pause 1s]", 1.0),
        ("[Pause: 2 seconds]", 2.0),
        ("[pause:99s]", 10.0),
        ('<break time="1.5s"/>', 1.5),
        ("<break time='250ms' />", 0.25),
        ("<break time=2s>", 2.0),
        ('<break strength="x-strong"/>', 1.25),
        ('<BREAK STRENGTH="strong"/>', 1.0),
        ("<break/>", 0.75),
        ('<break time="1e9s"/>', 0.0),
        ('<break strength="none"/>', 0.0),
        ('<break time="-1s"/>', 0.0),
    ],
)
def test_a_pause_is_as_long_as_it_says(mark: str, pause_s: float) -> None:
    first, *_ = cut(f"One {mark} two")
    assert first.pause_s == pause_s
    assert "".join(read(f"One {mark} two").split()) == "Onetwo"


def test_pauses_are_bounded_in_all() -> None:
    assert sum(passage.pause_s for passage in cut("[pause:10s]a" * 9)) == ALL_PAUSES_S
    assert sum(passage.pause_s for passage in cut("[pause:10s]a", State(paused_s=55.0))) == 5.0


@pytest.mark.parametrize(
    "text",
    [
        "a < b and b > c",
        "I <3 you",
        "List<String> x",
        "<T> and <foo bar='1'>",
        "x <sub y",
        "<break",
        "[pause] [paused] [pause it] [pause:soon]",
        "<phoneme ph='x'>unclosed",
        "<sub>2</b>",
        "&lt;break/&gt;",
        "1 <2> 3",
        "2 <s and so on> or <p = or q> or <break even> or </p q>",
        "Write `[pause:2s]`, `<break/>`, `<prosody rate='slow'>` or `[word](+1)`.",
        "[1](2) [x](+3) [link](http://x.y/z) [](+1)",
    ],
)
def test_what_is_written_by_accident_is_text(text: str) -> None:
    assert read(text) == text


@pytest.mark.parametrize(
    ("text", "what", "kind"),
    [
        ('<sub alias="World &amp; Wide">WWW</sub>', "World & Wide", "words"),
        ("<sub>WWW</sub>", "WWW", "words"),
        ('<phoneme alphabet="ipa" ph="pɪˈkɑːn">pecan</phoneme>', "pɪˈkɑːn", "phonemes"),
        ('<phoneme alphabet="x-sampa" ph="pI">pecan</phoneme>', "pecan", "words"),
        ('<say-as interpret-as="characters">WHO</say-as>', "WHO", "letters"),
        ('<say-as interpret-as="digits">2024</say-as>', "2024", "letters"),
        ('<say-as interpret-as="Spell-Out">A&amp;E</say-as>', "A&E", "letters"),
        ('<phoneme alphabet="kokoro" ph="nˈO">no</phoneme>', "nˈO", "phonemes"),
        ('<say-as interpret-as="ordinal">3</say-as>', "3th", "words"),
        ('<say-as interpret-as="cardinal">1999</say-as>', "1,999", "words"),
        ('<say-as interpret-as="date" format="dmy">5/3/2024</say-as>', "2024-03-05", "words"),
        ('<say-as interpret-as="date" format="mdy">3/5/99</say-as>', "1999-03-05", "words"),
        ('<say-as interpret-as="date" format="yyyymmdd">20240305</say-as>', "2024-03-05", "words"),
        ('<say-as interpret-as="date" format="mdy">soon</say-as>', "soon", "words"),
        ('<say-as interpret-as="anything">x</say-as>', "x", "words"),
        ("<emphasis>never</emphasis>", "never", "stressed"),
        ("[or](+2)", "or", "stressed"),
        ("[never](-1)", "never", "unstressed"),
        ("[never](-2)", "never", "flat"),
        ('<emphasis level="reduced">never</emphasis>', "never", "unstressed"),
    ],
)
def test_an_element_says_how_its_text_is_read(text: str, what: str, kind: str) -> None:
    (passage,) = cut(f"It is {text} here")
    assert [(span.text, span.kind) for span in passage.spans] == [
        ("It is ", "words"),
        (what, kind),
        (" here", "words"),
    ]


@pytest.mark.parametrize(
    ("rate", "factor"),
    [
        *(("x-slow", 0.8), ("slow", 0.9), ("medium", 1.0), ("fast", 1.1), ("x-fast", 1.2)),
        *(
            ("90%", 0.9),
            ("+10%", 1.1),
            ("-5%", 0.95),
            ("1.1", 1.1),
            ("1000%", 1.2),
            ("1%", 0.8),
            ("loud", 1.0),
        ),
    ],
)
def test_a_rate_is_what_the_model_speaks_well(rate: str, factor: float) -> None:
    rates = [passage.rate for passage in cut(f'a <prosody rate="{rate}">b</prosody> c')]
    assert rates == ([1.0] if factor == 1 else [1.0, pytest.approx(factor), 1.0])


def test_elements_are_known_where_the_text_goes_on() -> None:
    *_, last = cut('<prosody rate="slow"><lang xml:lang="fr">un <voice xml:lang="it">due')
    first, after = cut("tre</voice> deux</prosody> trois</lang> four", last.after)
    assert [(span.text, span.state.language) for span in first.spans] == [("tre", "it"), (" deux", "fr-fr")]
    assert first.rate == 0.9
    assert [(span.text, span.state.language) for span in after.spans] == [(" trois", "fr-fr"), (" four", "")]
    assert after.rate == 1.0


@pytest.mark.parametrize(
    "text", ["</prosody></lang>a", "<lang>a", '<lang xml:lang="tlh">a', "<prosody>a</prosody>"]
)
def test_tags_that_ask_for_nothing_change_nothing(text: str) -> None:
    (passage,) = cut(text)
    assert passage.text == "a"
    assert (passage.rate, passage.spans[0].state.language) == (1.0, "")


def test_no_depth_of_elements_grows_what_is_remembered() -> None:
    *_, last = cut('<prosody rate="slow">' * 10_000 + "a")
    assert len(last.after.open) < 100


def test_paragraphs_and_sentences_end_where_the_writer_says() -> None:
    assert read("<p>a<s>b</s></p>c") == "\n\na\nb\n\n\nc"


@pytest.mark.parametrize(
    "text",
    [
        "plain text.",
        'a [pause:1s] b <sub alias="long words">c</sub> d <prosody rate="fast">e <p>f</p></prosody> g',
    ],
)
def test_every_span_knows_its_place(text: str) -> None:
    for passage in cut(text):
        for span in passage.between(0, len(passage.text)):
            if span.end - span.start == len(span.text):
                assert text[span.start : span.end] == span.text
            else:
                assert text[span.start] == "<"


def test_a_part_of_a_passage_is_its_spans_cut_to_fit() -> None:
    (passage,) = cut('One <sub alias="two">2</sub> three')
    assert passage.text == "One two three"
    parts = list(passage.between(2, 10))
    assert [(part.text, part.start, part.end) for part in parts] == [
        ("e ", 2, 4),
        ("two", 4, 28),
        (" th", 28, 31),
    ]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Hello <brea", "<brea"),
        ('Hello <break time="1', '<break time="1'),
        ("Hello [pau", "[pau"),
        ("Hello [pause:1", "[pause:1"),
        ('a <sub alias="W. H. O.">W', '<sub alias="W. H. O.">W'),
        ("a <emphasis>b</emph", "<emphasis>b</emph"),
        ("a < b", ""),
        ("a [note", ""),
        ('a <break time="1s"/> b', ""),
        ("Done.", ""),
        ("<sub " + "x" * 5000, ""),
    ],
)
def test_a_mark_that_may_still_be_completed_is_waited_for(text: str, rest: str) -> None:
    assert text[unfinished(text) :] == rest
