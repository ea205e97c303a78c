"""A text on its way to the text worker: whole, or while it is being written."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.planning.text import Stretch, Text


async def reading(text: Text, takes: int = 10_000) -> list[Stretch]:
    """Every stretch until the end, of each of which so much is read at most."""
    stretches = []
    while stretch := await text.stretch():
        stretches.append(stretch)
        text.read(stretch, min(takes, len(stretch.text)), "")
    return stretches


async def is_waiting(text: Text) -> bool:
    task = asyncio.create_task(text.stretch())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    return not task.done()


@given(st.text(max_size=3000), st.integers(1, 900))
def test_every_character_is_given_out_until_it_is_read(text: str, takes: int) -> None:
    stretches = asyncio.run(reading(Text(text), takes))
    assert "".join(stretch.text[:takes] for stretch in stretches) == text
    assert [text[s.start : s.start + len(s.text)] for s in stretches] == [s.text for s in stretches]
    assert all(stretch.is_all for stretch in stretches[-1:])


async def test_the_first_stretch_is_small_and_the_rest_are_few() -> None:
    stretches = []
    text = Text("This sentence has exactly forty letters. " * 1000)
    while stretch := await text.stretch():
        stretches.append(stretch)
        text.read(stretch, min(stretch.most, len(stretch.text)), "")
    assert len(stretches[0].text) < 1000
    assert len(stretches) < 20


async def test_a_stretch_of_which_nothing_could_be_read_comes_longer() -> None:
    text = Text("a" * 5000)
    first = await text.stretch()
    assert first
    text.read(first, 0, "")
    second = await text.stretch()
    assert second
    assert len(second.text) > len(first.text)


async def test_a_growing_text_is_given_out_where_a_sentence_may_have_ended() -> None:
    text = Text(is_whole=False)
    for token in ("Well", " then"):
        text.append(token)
        assert await is_waiting(text)
    text.append(".")
    stretch = await text.stretch()
    assert stretch == Stretch("Well then.", 100, is_all=False, context="", start=0)
    text.read(stretch, 0, "")
    assert await is_waiting(text), "it was looked at, and nothing has come since"
    text.append(" So")
    assert await text.stretch() == Stretch("Well then. So", 100, is_all=False, context="", start=0)


async def test_what_the_worker_said_of_the_text_goes_with_what_follows() -> None:
    text = Text(is_whole=False)
    text.append("One. Two. ")
    stretch = await text.stretch()
    assert stretch
    text.read(stretch, 5, "context")
    assert await text.stretch() == Stretch("Two. ", 200, is_all=False, context="context", start=5)


@pytest.mark.parametrize("has_ended", [False, True])
async def test_flushes_are_read_one_after_the_other_however_late(has_ended: bool) -> None:
    text = Text(is_whole=False)
    for part in ("One.", "Two.", "Three."):
        text.append(part)
        text.flush()
    text.flush()
    if has_ended:
        text.end()
    for part in ("One.", "Two.", "Three."):
        stretch = await text.stretch()
        assert stretch
        assert (stretch.text, stretch.is_all) == (part, True)
        text.read(stretch, len(part), "")
        assert has_ended or text.takes_flush()
    assert not text.takes_flush()
    assert await text.stretch() is None if has_ended else await is_waiting(text)


async def test_a_flush_has_all_there_is_read_and_is_told_once() -> None:
    text = Text(is_whole=False)
    text.append("no mark")
    assert not text.takes_flush()
    text.flush()
    text.append(" more")
    stretch = await text.stretch()
    assert stretch == Stretch("no mark", 100, is_all=True, context="", start=0)
    assert not text.takes_flush()
    text.read(stretch, 7, "")
    assert text.takes_flush()
    assert not text.takes_flush()
    assert await is_waiting(text)


async def test_a_flush_of_nothing_gives_out_an_empty_stretch() -> None:
    text = Text(is_whole=False)
    text.flush()
    stretch = await text.stretch()
    assert stretch
    assert not stretch.text
    assert text.takes_flush()
    assert await is_waiting(text)


@pytest.mark.parametrize(("written", "is_flushed"), [("It is. ", True), ("It is", False), ("“Is it?”", True)])
async def test_a_pause_of_the_writer_ends_what_ends_like_a_sentence(written: str, is_flushed: bool) -> None:
    text = Text(is_whole=False)
    text.append(written)
    text.rest()
    stretch = await text.stretch(0.01)
    assert stretch
    assert stretch.is_all is is_flushed


async def test_patience_ends_with_an_empty_stretch_and_the_text_with_none() -> None:
    text = Text(is_whole=False)
    stretch = await text.stretch(0.01)
    assert stretch
    assert not stretch.text
    text.end()
    assert await text.stretch() is None
    assert await Text("").stretch() is None


async def test_no_stretch_is_priced_at_more_than_the_worker_works_on_it() -> None:
    for text in ("aЯbЮ" * 1024, "你好世界。" * 800, "Plain words only. " * 900, "नमस्ते ok " * 400):
        priced = [stretch.cost_s for stretch in await reading(Text(text))]
        assert all(0 < cost_s <= 0.05 for cost_s in priced)
