"""Workers of a pool that nobody uses end, and are there again when somebody does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from inference.pool.pool import Pool
from tests.support.pools import config, lost, pids, processes, read, say, states, whole_pool
from tests.support.waiting import until

if TYPE_CHECKING:
    import pytest

    from inference.protocol import WorkerSpec


async def test_the_speech_workers_of_an_idle_pool_end_and_the_next_request_starts_them(
    text_spec: WorkerSpec, speech_spec: WorkerSpec, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with whole_pool(text_spec, speech_spec, speech_spec, idle_s=0.3) as pool:
        text, *speakers = (worker.pid for worker in pool.status().workers)
        await until(lambda: states(pool) == ["idle", "resting", "resting"], "the speech workers rest")
        assert pool.is_ready, "the next request is taken"
        await until(lambda: {process.pid for process in processes()} == {text}, "their processes gone")

        lease = pool.lease("r1", 5)
        await read(lease)
        _, answer = await say(lease)
        assert answer.pid not in speakers
        await until(lambda: states(pool) == ["idle"] * 3, "all of them back")
        lease.close()
        await until(lambda: states(pool) == ["idle", "resting", "resting"], "they rest again")
        assert lost(pool) == 0
    events = [record.message for record in caplog.records if "workers" in record.message]
    assert events == ["workers_rest", "workers_wake", "workers_rest"]


async def test_one_worker_is_started_first_for_whoever_wakes_the_pool(speech_spec: WorkerSpec) -> None:
    async with whole_pool(speech_spec, speech_spec, speech_spec, idle_s=0.3) as pool:
        await until(lambda: set(states(pool)) == {"resting"}, "all rest")
        await until(lambda: not processes(), "their processes gone")
        pool.lease("r1", 5)
        seen = set()
        while len(pids(pool)) < 3:
            seen.add(tuple(states(pool)))
            await asyncio.sleep(0.01)
    assert ("resting", "resting", "starting") in seen


async def test_a_pool_in_use_does_not_rest(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec, idle_s=0.2)) as pool:
        before = pids(pool)
        lease, other = pool.lease("r1", 5), pool.lease("r2", 5)
        other.close()
        await asyncio.sleep(0.5)
        assert pids(pool) == before
        await say(lease, "wait!", "af_slow")
        assert pids(pool) == before


async def test_a_worker_that_was_being_replaced_at_bedtime_rests_later(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec, idle_s=0.2)) as pool:
        await pool.replace()
        await until(lambda: states(pool) == ["resting"], "it rests all the same")


async def test_a_pool_never_rests_unless_it_is_told_to(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec)) as pool:
        pool.lease("r1", 5).close()
        await asyncio.sleep(0.5)
        assert states(pool) == ["idle"]


async def test_a_pool_can_be_closed_while_it_rests(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec, idle_s=0.1)) as pool:
        await until(lambda: states(pool) == ["resting"], "it rests")
    assert processes() == []


async def test_a_pool_can_be_closed_while_it_wakes(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec, idle_s=0.1)) as pool:
        await until(lambda: states(pool) == ["resting"], "it rests")
        pool.lease("r1", 5)
        await asyncio.sleep(0.1)
    assert processes() == []
