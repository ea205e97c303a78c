"""Code in Markdown: where it is, and that no mark in it asks for anything."""

from __future__ import annotations

import pytest

from inference.text.code import begun, code_in
from inference.text.marks import State, passages


def code(text: str, delimiter: str = "") -> list[str]:
    return [text[each.start : each.end] for each in code_in(text, delimiter)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no code", []),
        ("a `b` c", ["b`"]),
        ("a ``b`c`` d", ["b`c``"]),
        ("a `b` c `d`", ["b`", "d`"]),
        ("it's a ` lone one", []),
        ("a `b\nc` d", []),
        (r"a \`b\` c", []),
        ("``quoted'' text", []),
        ("```\na `b`\n```\nc `d`", ["\na `b`\n```", "d`"]),
        ("Like so: ```a``` b", ["a```"]),
        ("```py\nnever closed `a`", ["py\nnever closed `a`"]),
        ("~~~\na\n~~~\nb", ["\na\n~~~"]),
        ("about ~~~ so", []),
        ("`" + "x" * 301 + "`", []),
    ],
)
def test_code_is_where_markdown_has_it(text: str, found: list[str]) -> None:
    assert code(text) == found


@pytest.mark.parametrize(
    ("text", "delimiter", "found"),
    [("b` c `d`", "`", ["b`", "d`"]), ("b\n``` c `d`", "```", ["b\n```", "d`"]), ("b", "```", ["b"])],
)
def test_code_goes_on_where_the_text_before_was_left(text: str, delimiter: str, found: list[str]) -> None:
    assert code(text, delimiter) == found


@pytest.mark.parametrize(
    ("text", "rest"),
    [("Use `a", "`a"), ("Use `a` or `b", "`b"), ("Use ``a`b", "``a`b"), ("Use `a\nb", ""), ("```\n`a", "")],
)
def test_code_that_may_still_be_closed_is_waited_for(text: str, rest: str) -> None:
    assert text[begun(text) :] == rest


MARKS = (
    "[pause:2s]",
    "say [pause:2s] now",
    '<break time="1s"/>',
    "a <break/> b",
    "<prosody rate='slow'>slow</prosody>",
    '<lang xml:lang="fr">oui</lang>',
    '<sub alias="b">a</sub>',
    "x <emphasis>y</emphasis> z",
    "<p>a</p> <s>b</s>",
    "see [word](+1)",
)


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("form", ["`{}`", "``{}``", "```\n{}\n```", "~~~html\n{}\n~~~\n", "```{}"])
def test_no_mark_in_code_asks_for_anything(form: str, mark: str) -> None:
    text = f"Write {form.format(mark)}" if form[0] == "`" else form.format(mark)
    (passage,) = passages(text, "en-us", State())
    assert (passage.text, passage.pause_s, passage.rate) == (text, 0.0, 1.0)
    assert all(span.state.language == "" and span.kind == "words" for span in passage.spans)


def test_a_mark_after_code_is_one() -> None:
    pauses = [
        passage.pause_s
        for passage in passages("`a` [pause:1s] ```\n[pause:9s]\n``` [pause:2s]", "en-us", State())
    ]
    assert pauses == [1.0, 2.0, 0.0]
