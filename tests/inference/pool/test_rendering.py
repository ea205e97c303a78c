"""A unit on its way to sound, on real workers whose graph has two stages and hums."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from inference.errors import EngineFailed, JobPoisoned
from inference.planning.playback import Pace
from inference.planning.rendering import Piece, render
from inference.planning.text import Text
from inference.planning.utterance import Manner, Utterance
from inference.pool.pool import Pool
from inference.protocol import Unit
from tests.support.pools import config, lost, pids, whole_pool
from tests.support.tone_stages import SAMPLES_PER_TOKEN
from tests.support.waiting import until

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inference.pool.lease import Lease
    from inference.protocol import WorkerSpec

LONG = "a" * 100
"""7.5 s of the tone: three windows and more."""


async def rendered(
    lease: Lease, phonemes: str = LONG, voice: str = "af_heart", *, is_waited_for: bool = True
) -> list[Piece]:
    unit = Unit(phonemes, ((voice, 1.0),), 1.0)
    async with aclosing(render(lease, unit, time.monotonic(), is_waited_for)) as pieces:
        return [piece async for piece in pieces]


def sound(pieces: list[Piece]) -> NDArray[np.int16]:
    return np.frombuffer(b"".join(piece.audio.pcm for piece in pieces), "<i2")


async def test_windows_joined_are_the_unit_to_the_sample(staged_spec: WorkerSpec) -> None:
    async with whole_pool(staged_spec, staged_spec) as pool:
        pieces = await rendered(pool.lease("r", 100))
    assert len(pieces) > 2
    assert [piece.is_last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    samples = sound(pieces).astype(int)
    assert len(samples) == (len(LONG) + 2) * SAMPLES_PER_TOKEN
    hops = np.arange(len(samples) // 5)
    tone = np.repeat(np.sin(2 * np.pi * 220 / 4800 * hops) * 0.5 * 32767, 5)
    middle = slice(240, -240)  # both ends are faded
    assert np.abs(samples - tone)[middle].max() < 32767 * 0.002


async def test_the_first_window_is_short_and_rendered_alone_where_a_listener_waits(
    staged_spec: WorkerSpec,
) -> None:
    async with whole_pool(staged_spec, staged_spec) as pool:
        at_once: list[int] = []
        unit = Unit(f"{LONG}?", (("af_slow", 1.0),), 1.0)
        async with aclosing(render(pool.lease("r", 100), unit, time.monotonic(), True)) as pieces:
            first = asyncio.ensure_future(anext(pieces))
            while not first.done():
                at_once.append(pool.status().jobs_running)
                await asyncio.sleep(0.01)
            assert first.result().audio.seconds < 1.7
            await until(lambda: pool.status().jobs_running == 2, "the others run together")
    assert max(at_once) == 1


async def test_a_worker_that_dies_with_a_window_costs_no_sample(staged_spec: WorkerSpec) -> None:
    async with whole_pool(staged_spec, staged_spec) as pool:
        whole = sound(await rendered(pool.lease("r", 100), f"{LONG}?"))
        pieces = await rendered(pool.lease("r", 100), f"{LONG}?", "af_once")
        assert np.array_equal(sound(pieces), whole)
        assert sum(piece.answer.attempts - 1 for piece in pieces if piece.answer) == 1
        assert lost(pool) == 1


async def test_a_window_that_ends_two_workers_ends_the_unit(staged_spec: WorkerSpec) -> None:
    async with whole_pool(staged_spec, staged_spec) as pool:
        with pytest.raises(JobPoisoned):
            await rendered(pool.lease("r", 100), f"{LONG}?", "af_crash")
        await until(lambda: pool.status().jobs_queued == 0, "no window is left")


async def test_a_window_that_fails_ends_the_unit_and_no_worker(staged_spec: WorkerSpec) -> None:
    async with Pool(config(staged_spec)) as pool:
        with pytest.raises(EngineFailed):
            await rendered(pool.lease("r", 100), f"{LONG}?", "af_fail")
        assert len(sound(await rendered(pool.lease("r", 100)))) == (len(LONG) + 2) * SAMPLES_PER_TOKEN


async def test_who_leaves_takes_the_windows_along_that_have_not_started(staged_spec: WorkerSpec) -> None:
    async with Pool(config(staged_spec)) as pool:
        unit = Unit(f"{LONG}?", (("af_slow", 1.0),), 1.0)
        async with aclosing(render(pool.lease("r", 100), unit, time.monotonic(), False)) as pieces:
            await anext(pieces)
            assert pool.status().jobs_queued > 0
        assert pool.status().jobs_queued == 0
        assert pool.status().jobs_running <= 1


async def test_a_window_passes_the_later_windows_of_others(staged_spec: WorkerSpec) -> None:
    async with Pool(config(staged_spec)) as pool:
        page = asyncio.create_task(rendered(pool.lease("page", 400), "a" * 400 + "?", "af_slow"))
        await until(lambda: pool.status().jobs_queued > 3, "the windows of the page wait")
        await rendered(pool.lease("chat", 10), "hello.")
        assert pool.status().jobs_queued > 0
        page.cancel()
        await asyncio.wait({page})


async def test_an_utterance_is_played_piece_by_piece(text_spec: WorkerSpec, staged_spec: WorkerSpec) -> None:
    text = "The old captain carried a letter to the harbour. Seven lanterns were counted there in the rain."
    async with whole_pool(text_spec, staged_spec, staged_spec) as pool:
        utterance = Utterance(pool.lease("r1", 28), Manner("en-us", (("af_heart", 1.0),)), Pace())
        async with aclosing(utterance.segments(Text(text))) as spoken:
            pieces = [piece async for piece in spoken]
        utterance.close()
    assert [piece.is_last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert sum(map(bool, (piece.pause for piece in pieces))) == pieces[-1].segment.index
    lengths = [0.0] * (pieces[-1].segment.index + 1)
    for piece in pieces:
        lengths[piece.segment.index] += piece.piece.audio.seconds
    tokens = {piece.segment.index: len(piece.segment.phonemes) for piece in pieces}
    assert lengths == pytest.approx([(n + 2) * SAMPLES_PER_TOKEN / 24_000 for n in tokens.values()])


async def test_who_asked_first_is_heard_before_another_is_scored(staged_spec: WorkerSpec) -> None:
    async with Pool(config(staged_spec)) as pool:
        done: dict[str, int] = {}

        async def first_piece(name: str) -> None:
            unit = Unit(LONG, (("af_heart", 1.0),), 1.0)
            async with aclosing(render(pool.lease(name, 100), unit, time.monotonic(), True)) as pieces:
                await anext(pieces)
                done[name] = pool.status().workers[0].jobs

        await asyncio.gather(first_piece("earlier"), first_piece("later"))
    assert done["earlier"] == 2, "a score and a window"


async def test_a_worker_that_made_a_score_is_kept_for_the_window_that_is_waited_for(
    staged_spec: WorkerSpec,
) -> None:
    async with Pool(config(staged_spec)) as pool:
        long, new = pool.lease("long", 100), pool.lease("new", 100)
        unit = Unit(LONG * 4, (("af_heart", 1.0),), 1.0)
        async with aclosing(render(long, unit, time.monotonic() + 60, False)) as pieces:
            await anext(pieces)
            assert pool.status().jobs_queued > 2
            before = pool.status().workers[0].jobs
            async with aclosing(render(new, unit, time.monotonic(), True)) as waited_for:
                await anext(waited_for)
            assert pool.status().workers[0].jobs - before <= 3, "what was running, a score and a window"


async def test_what_is_spoken_alone_on_more_threads_sounds_the_same(staged_spec: WorkerSpec) -> None:
    wide = dataclasses.replace(staged_spec, alone_threads=2)
    async with Pool(config(staged_spec)) as pool, Pool(config(wide)) as alone:
        assert (
            sound(await rendered(alone.lease("r", 100))) == sound(await rendered(pool.lease("r", 100)))
        ).all()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process")
async def test_threads_for_what_is_spoken_alone_may_run_where_the_others_do(staged_spec: WorkerSpec) -> None:
    allowed = os.sched_getaffinity(0)
    own = {min(allowed)}
    wide = dataclasses.replace(staged_spec, cpus=tuple(own), alone_threads=2)
    async with Pool(config(wide)) as pool:
        (pid,) = pids(pool)
        assert os.sched_getaffinity(pid) == own
        threads = [thread.id for thread in psutil.Process(pid).threads()]
        assert allowed in [os.sched_getaffinity(thread) for thread in threads]
