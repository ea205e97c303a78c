"""Who gets a job that lost its worker, and whose text is read first."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from inference.errors import EngineFailed, JobTimeout, PoolSaturated
from inference.pool.pool import Pool
from inference.protocol import TOKENS_PER_SECOND, SpeechJob, TextJob, Unit
from tests.support.pools import config, lost, pids, read, say, whole_pool
from tests.support.waiting import until

if TYPE_CHECKING:
    from inference.pool.lease import Lease
    from inference.protocol import WorkerSpec


async def test_a_job_whose_worker_hangs_is_done_by_another(speech_spec: WorkerSpec) -> None:
    async with whole_pool(speech_spec, speech_spec, job_timeout_s=1.0) as pool:
        before = pids(pool)
        audio, answer = await say(pool.lease("r1", 5), "zzz!", "af_hang_once")
        assert (len(audio.pcm) > 0, answer.attempts) == (True, 2)
        await until(lambda: len(pids(pool)) == 2 and pids(pool) != before, "the hung one replaced")
        assert [dict(w.restarts) for w in pool.status().workers if w.restarts] == [{"timeout": 1}]


async def test_a_job_that_hangs_two_workers_is_not_given_to_a_third(speech_spec: WorkerSpec) -> None:
    async with whole_pool(speech_spec, speech_spec, speech_spec, job_timeout_s=0.5) as pool:
        with pytest.raises(JobTimeout):
            await say(pool.lease("r1", 5), "zzz!", "af_hang")
        assert lost(pool) == 2


async def test_a_stopped_text_worker_costs_its_own_deadline_and_not_that_of_a_segment(
    text_spec: WorkerSpec,
) -> None:
    async with Pool(config(text_spec, job_timeout_s=3600, text_timeout_s=0.5)) as pool:
        (worker,) = pids(pool)
        os.kill(worker, signal.SIGSTOP)
        reply, answer = await read(pool.lease("r1", 5))
    assert (len(reply.sentences), answer.attempts) == (1, 2)


async def test_a_first_stretch_goes_before_the_rest_of_other_texts(text_spec: WorkerSpec) -> None:
    async with Pool(config(text_spec)) as pool:
        page, chat = pool.lease("page", 28), pool.lease("chat", 28)
        order: list[str] = []

        async def read_and_note(lease: Lease, *, is_first: bool) -> None:
            await read(lease, "Hello Привет " * 20, is_first=is_first)
            order.append(lease.request_id)

        pages = [asyncio.create_task(read_and_note(page, is_first=False)) for _ in range(20)]
        await until(lambda: pool.status().jobs_running == 1, "the text worker is busy")
        before = len(order)
        await asyncio.gather(*pages, read_and_note(chat, is_first=True))
    assert order.index("chat") <= before + 1, "it waited for no more than what was being read"


async def test_text_that_waits_counts_among_the_wait_of_a_newcomer(
    text_spec: WorkerSpec, speech_spec: WorkerSpec
) -> None:
    async with Pool(config(text_spec, speech_spec, queue_s=2.0)) as pool:
        text = pool.status().workers[0].pid
        assert text
        os.kill(text, signal.SIGSTOP)
        lease = pool.lease("r1", 5)
        reading = [asyncio.create_task(read(lease, cost_s=1.0)) for _ in range(4)]
        await until(lambda: pool.status().jobs_queued == 3, "one running, three waiting")
        assert 3 <= pool.expected_wait_s() <= 4
        with pytest.raises(PoolSaturated):
            pool.lease("r2", 5)
        os.kill(text, signal.SIGCONT)
        await asyncio.gather(*reading)
        pool.lease("r3", 5)


async def test_a_worker_is_told_when_it_is_alone_with_a_first_sound(speech_spec: WorkerSpec) -> None:
    async with whole_pool(speech_spec, speech_spec) as pool:
        lease = pool.lease("r1", 5)
        with pytest.raises(EngineFailed):
            await say(lease, "shy!", "af_shy")
        await say(lease, "shy!", "af_shy")  # what follows is no first sound
        other = asyncio.create_task(say(lease, "wait!", "af_slow"))
        await until(lambda: pool.status().jobs_running, "another at work")
        await say(pool.lease("r2", 5), "shy!", "af_shy")
        await other


async def test_nobody_waits_for_a_text_that_is_yet_to_be_written(text_spec: WorkerSpec) -> None:
    async with Pool(config(text_spec)) as pool:
        lease = pool.lease("r1", 0)
        assert pool.expected_wait_s() == 0
        unfinished = TextJob("r1", "It costs 3.", "en-us", is_all=False)
        reading, _ = await lease.read(unfinished, time.monotonic(), cost_s=0.001, is_first=True)
        assert (reading.taken, pool.expected_wait_s()) == (0, 0)
        await read(lease, "It costs 3.50 now.")
        assert pool.expected_wait_s() > 0


async def test_the_work_of_a_pool_has_what_runs_and_what_waits_also_if_it_is_due_later(
    text_spec: WorkerSpec, speech_spec: WorkerSpec
) -> None:
    async with whole_pool(text_spec, speech_spec, speech_spec) as pool:
        assert pool.status().work_s == 0
        assert pool.status().speed == pytest.approx(2 / pool.cost_s(TOKENS_PER_SECOND), abs=0.001)
        unit, later = Unit("wait!", (("af_slow", 1.0),), 1.0), time.monotonic() + 60
        speak = partial(pool.submit, SpeechJob("r1", unit), "speech", due=later, cost_s=10.0, listener=None)
        jobs = [asyncio.create_task(speak()) for _ in range(3)]
        await until(lambda: pool.status().jobs_running == 2, "two jobs running, one waiting")
        assert 10 <= pool.status().work_s <= 15  # half of three times 10, less what has been done
        assert pool.expected_wait_s() <= 10  # a newcomer goes before what is due later
        await asyncio.gather(*jobs)
        assert pool.status().work_s == 0
