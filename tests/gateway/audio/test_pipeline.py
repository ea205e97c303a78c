from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from gateway.audio.encoders import ENCODERS
from gateway.audio.pipeline import PIECE_BYTES, Pipeline, cut
from gateway.audio.shaping import shape
from gateway.audio.stage import Chain, Stage
from tests.support.sound import speech_like
from tests.support.waiting import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

PCM = speech_like(5)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_pieces_are_all_of_it_and_none_is_long() -> None:
    assert b"".join(cut(PCM)) == PCM
    assert max(map(len, cut(PCM))) == PIECE_BYTES
    assert list(cut(b"")) == []


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("tempo", [1.0, 0.5])
async def test_the_bytes_are_those_of_the_stages(
    threads: ThreadPoolExecutor, name: str, tempo: float
) -> None:
    noted: list[float] = []
    pipeline = Pipeline(
        shape(tempo=tempo), ENCODERS[name](), threads, lambda began, ended: noted.append(ended - began)
    )
    made = b"".join([await pipeline.feed(piece) for piece in cut(PCM)]) + await pipeline.finish()
    stages = Chain(shape(tempo=tempo), ENCODERS[name]())
    assert made == b"".join([stages.feed(bytes(piece)) for piece in cut(PCM)]) + stages.finish()
    assert len(noted) == len(list(cut(PCM))) + 1
    assert min(noted) > 0


class Slow(Stage):
    """Works until it is let go. Lives as long as a test."""

    def __init__(self) -> None:
        super().__init__()
        self.has_begun, self.may_end, self.has_ended = (threading.Event() for _ in range(3))

    def _process(self, pcm: bytes) -> bytes:
        self.has_begun.set()
        assert self.may_end.wait(DEADLINE_S)
        self.has_ended.set()
        return pcm


async def test_who_is_cancelled_waits_for_the_thread_before_the_stages_are_freed(
    threads: ThreadPoolExecutor,
) -> None:
    slow = Slow()
    pipeline = Pipeline(Chain(slow), ENCODERS["mp3"](), threads, lambda *_: None)
    work = asyncio.create_task(pipeline.feed(memoryview(PCM)))
    await asyncio.to_thread(slow.has_begun.wait, 10)
    work.cancel()
    await asyncio.sleep(0)
    assert not work.done()
    slow.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert slow.has_ended.is_set()
    pipeline.close()
