"""What a model writes for itself is not heard; what somebody writes about it is."""

from __future__ import annotations

import pytest

from inference.text.thoughts import without_thoughts


def heard(text: str, *, is_inside: bool = False) -> str:
    thoughtless = without_thoughts(text, is_inside=is_inside)
    return " ".join(thoughtless.text[: thoughtless.open_at].split())


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("<think>Hm.</think>Yes.", "Yes."),
        ("<think>\nHm.\n\nWell.\n</think>\n\nYes.", "Yes."),
        ("<thinking>Hm.</thinking> Yes.", "Yes."),
        ("Well. <think>Should I?</think> Yes.", "Well. Yes."),
        ("Sure <think>is it good?</think> I will.", "Sure I will."),
        ("Sure, <think>\nLong. " + "So it is. " * 40 + "</think> I will.", "Sure, I will."),
        ("One. <think>a</think> Two. <think>b</think> Three.", "One. Two. Three."),
        ("<think>I could write `</think>", ""),
        ("<think>The code is ```</think>It is done.", "It is done."),
        ("**Answer** <think>Is it?</think> No.", "**Answer** No."),
        ("<think>Hm, she asks for", ""),
        ("Let me see. <think>Hm, she asks for", "Let me see."),
        ("Well [pause:1s]<think>Hm, she asks for", "Well [pause:1s]"),
        ("Well [Pause = 1.5 sec] <think>Hm, she asks for", "Well [Pause = 1.5 sec]"),
        ("She asks for a joke.\n\n</think>\n\nHere it is.", "Here it is."),
        ("So I will say yes.</think>Yes. <think>Or no?</think> Yes.", "Yes. Yes."),
    ],
)
def test_a_thought_is_not_heard(text: str, rest: str) -> None:
    assert heard(text) == rest


@pytest.mark.parametrize(
    "text",
    [
        "The <think> tag is new. It works.",
        "Models that reason wrap it in <think> tags. Then they answer.",
        "Models write <think> and </think> around it.",
        "Use <think>...</think> for that.",
        "<think> tags are removed. Nobody hears them.",
        "<think> and </think> are tags.",
        "- <think> starts the thought\n- it ends later",
        "It is called <think>, and never closed.",
        "Write `<think>` first. Then the rest.",
        "Write `<think>a</think>` first. Then the rest.",
        "```\n<think>a</think>\n```\nThat is all.",
        "``` <think> a\n\nb",
        "Use <thinking> or <think>. Both work.",
        "The tag </think> closes it.",
        "That is all. </think> is the tag that closes it.",
        "Close it with `</think>` there.",
        "```\na.\n</think>\n```\nThat is all.",
    ],
)
def test_what_is_written_about_thoughts_is_heard(text: str) -> None:
    assert heard(text) == " ".join(text.split())


def test_a_thought_that_began_before_ends_where_its_tag_is() -> None:
    assert heard("so I will.</think> Yes.", is_inside=True) == "Yes."
    assert heard("so I will.", is_inside=True) == ""


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("Say. <think> ta", "Say. "),
        ("The <think> tag. So.", "The "),
        ("Done. <think>It is so. It is not.", None),
    ],
)
def test_a_tag_is_waited_for_until_it_is_known_what_it_is(text: str, settled: str | None) -> None:
    thoughtless = without_thoughts(text, is_inside=False, is_all=False)
    assert text[: thoughtless.settled] == (text if settled is None else settled)
