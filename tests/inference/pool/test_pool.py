from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
import signal
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import psutil
import pytest

from inference.errors import (
    EngineFailed,
    JobPoisoned,
    JobTimeout,
    PoolClosed,
    PoolSaturated,
    WorkerFailedToStart,
)
from inference.planning.playback import Pace
from inference.planning.text import Text
from inference.planning.utterance import Manner, Utterance
from inference.pool.pool import Pool
from inference.protocol import SpeechJob, Unit
from tests.support.cpu import cpu_s
from tests.support.pools import config, lost, pids, processes, say, states, whole_pool
from tests.support.tone import SAMPLES_PER_TOKEN
from tests.support.waiting import DEADLINE_S, until

if TYPE_CHECKING:
    from pathlib import Path

    from inference.pool.lease import Lease
    from inference.protocol import WorkerSpec


async def test_a_segment_comes_back_as_pcm(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec)) as pool:
        audio, answer = await say(pool.lease("r1", 5), "hello")
    tokens = len("hello") + 2  # the engine pads both ends
    assert len(audio.pcm) == tokens * SAMPLES_PER_TOKEN * 2
    assert answer.attempts == 1


async def test_repr_shows_what_runs_and_what_waits(speech_spec: WorkerSpec) -> None:
    async with whole_pool(speech_spec, speech_spec) as pool:
        assert repr(pool) == "<Pool [jobs: 0 running, 0 queued | workers: 0 busy, 2 idle, 0 starting]>"
        lease = pool.lease("r1", 5)
        tasks = [asyncio.create_task(say(lease, "wait!", "af_slow")) for _ in range(3)]
        await until(lambda: pool.status().jobs_running == 2, "two jobs running")
        assert repr(pool) == "<Pool [jobs: 2 running, 1 queued | workers: 2 busy, 0 idle, 0 starting]>"
        await asyncio.gather(*tasks)


async def test_worker_that_dies_fails_only_its_own_job(speech_spec: WorkerSpec) -> None:
    async with whole_pool(speech_spec, speech_spec) as pool:
        lease = pool.lease("r1", 5)
        bad = asyncio.create_task(say(lease, "boom!", "af_crash"))
        good = [asyncio.create_task(say(lease)) for _ in range(8)]
        assert all(len(audio.pcm) for audio, _ in await asyncio.gather(*good))
        with pytest.raises(JobPoisoned):
            await bad
        await until(lambda: len(pids(pool)) == 2, "two workers alive again")
        await say(lease)


@pytest.mark.parametrize("voice", ["af_abort", "af_leave", "af_garbage", "af_half"])
async def test_a_job_that_breaks_two_workers_is_not_given_to_a_third(
    speech_spec: WorkerSpec, voice: str
) -> None:
    async with whole_pool(speech_spec, speech_spec) as pool:
        lease = pool.lease("r1", 5)
        with pytest.raises(JobPoisoned):
            await say(lease, "boom!", voice)
        await until(lambda: lost(pool) == 2 and len(pids(pool)) == 2, "both workers replaced")
        await say(lease)


async def test_while_nobody_may_be_started_who_would_wait_too_long_is_refused(
    speech_spec: WorkerSpec,
) -> None:
    async with Pool(config(speech_spec, queue_s=0.1)) as pool:

        def refused_for_s() -> float:
            try:
                pool.lease("r2", 5).close()
            except PoolSaturated as error:
                return error.wait_s
            return 0.0

        for _ in range(2):  # four deaths, and a pause of 2 s after the last
            await until(lambda: not refused_for_s(), "a worker")
            with pytest.raises(JobPoisoned):
                await say(pool.lease("r1", 5), "boom!", "af_abort")
        await until(refused_for_s, "a refusal")
        assert refused_for_s() <= 2
        await until(lambda: not refused_for_s(), "a worker")
        await say(pool.lease("r3", 5))


async def test_a_job_whose_worker_died_is_done_by_another(speech_spec: WorkerSpec) -> None:
    async with whole_pool(speech_spec, speech_spec) as pool:
        audio, answer = await say(pool.lease("r1", 5), "boom!", "af_once")
    assert len(audio.pcm) > 0
    assert answer.attempts == 2


async def test_a_worker_that_hangs_is_ended_at_its_deadline(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec, job_timeout_s=0.5)) as pool:
        before = pids(pool)
        lease = pool.lease("r1", 5)
        with pytest.raises(JobTimeout):
            await say(lease, "zzz!", "af_hang")
        await until(lambda: pids(pool) and not pids(pool) & before, "a new worker")
        assert not psutil.pid_exists(before.pop())
        await say(lease)


async def test_an_engine_fault_leaves_its_worker_alive_and_its_message_unsaid(
    speech_spec: WorkerSpec,
) -> None:
    async with Pool(config(speech_spec)) as pool:
        lease = pool.lease("r1", 5)
        with pytest.raises(EngineFailed) as caught:
            await say(lease, "no!", "af_fail")
        await say(lease)
        assert lost(pool) == 0
    assert "must not reach" not in str(caught.value)


async def test_a_worker_that_prints_does_not_disturb_its_socket(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec)) as pool:
        audio, _ = await say(pool.lease("r1", 5), "bla!", "af_chatty")
    assert len(audio.pcm) > 0


async def test_a_cancelled_job_never_starts(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec)) as pool:
        lease = pool.lease("r1", 5)
        running = asyncio.create_task(say(lease, "wait!", "af_slow"))
        await until(lambda: pool.status().jobs_running, "the first job running")
        gone = asyncio.create_task(say(lease, "boom!", "af_crash"))
        await until(lambda: pool.status().jobs_queued, "the second job queued")
        gone.cancel()
        await running
        await say(lease)
        assert lost(pool) == 0


async def test_a_worker_whose_caller_has_gone_takes_the_next_job(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec)) as pool:
        lease = pool.lease("r1", 5)
        gone = asyncio.create_task(say(lease, "wait!", "af_slow"))
        await until(lambda: pool.status().jobs_running, "the job running")
        gone.cancel()
        audio, _ = await say(lease, "abc")
    assert len(audio.pcm) == 5 * SAMPLES_PER_TOKEN * 2


async def test_a_worker_that_cannot_start_stops_the_pool_with_its_reason(
    speech_spec: WorkerSpec, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    spec = dataclasses.replace(speech_spec, model_path=str(broken))
    with pytest.raises(WorkerFailedToStart, match=r"provider cpu: cannot load .*broken\.onnx"):
        async with Pool(config(speech_spec, spec)):
            pass
    assert processes() == []


async def test_a_pool_is_open_with_one_worker_of_each_role_and_the_others_join_one_by_one(
    text_spec: WorkerSpec, speech_spec: WorkerSpec
) -> None:
    async with Pool(config(text_spec, speech_spec, speech_spec, speech_spec)) as pool:
        assert states(pool) == ["idle", "starting", "starting", "idle"]
        assert pool.is_ready
        await say(pool.lease("r1", 5))
        while states(pool) != ["idle"] * 4:
            started = len(processes())
            assert started <= len(pids(pool)) + 1, "each is started when the one before it is there"
            await asyncio.sleep(0.01)
        first, *others = (w.trials for w in pool.status().workers if w.role == "speech")
        assert first
        assert others == [first, first], "what one has tried the others need not"


async def test_a_worker_that_cannot_join_leaves_the_pool_open(
    speech_spec: WorkerSpec, tmp_path: Path
) -> None:
    broken = dataclasses.replace(speech_spec, model_path=str(tmp_path / "none.onnx"))
    async with Pool(config(speech_spec, broken, speech_spec)) as pool:
        await until(lambda: states(pool)[::2] == ["idle", "idle"], "the others")
        assert pool.is_ready
        await say(pool.lease("r1", 5))
        await until(lambda: "failed_start" in pool.status().workers[1].restarts, "the failed start")


async def test_a_provider_that_is_absent_is_passed_over(speech_spec: WorkerSpec) -> None:
    spec = dataclasses.replace(speech_spec, providers=("tensorrt", "cpu"))
    async with Pool(config(spec)) as pool:
        ready = pool.ready("speech")
        assert ready is not None
        assert ready.provider == "cpu"
        assert [trial.provider for trial in ready.trials] == ["tensorrt", "cpu"]
        assert "not in this build" in ready.trials[0].outcome


async def test_a_provider_forced_by_name_that_is_absent_is_a_start_up_error(speech_spec: WorkerSpec) -> None:
    spec = dataclasses.replace(speech_spec, providers=("tensorrt",), provider_is_forced=True)
    with pytest.raises(WorkerFailedToStart, match="tensorrt: not in this build"):
        async with Pool(config(spec)):
            pass


async def test_a_pool_that_is_saturated_refuses_before_any_work(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec, queue_s=0.0)) as pool:
        lease = pool.lease("r1", 100)
        with pytest.raises(PoolSaturated) as caught:
            pool.lease("r2", 100)
        assert caught.value.wait_s > 0
        lease.close()
        pool.lease("r3", 100)


async def test_who_would_be_next_is_admitted_however_long_the_job_before_takes(
    speech_spec: WorkerSpec,
) -> None:
    unmeasured = dataclasses.replace(speech_spec, is_proven=True)
    async with Pool(config(unmeasured, queue_s=1.0, cost=100.0)) as pool:
        running = asyncio.create_task(say(pool.lease("r1", 100), "wait!", "af_slow"))
        await until(lambda: pool.status().jobs_running, "the job running")
        assert pool.status().wait_s > 1
        pool.lease("r2", 100)
        with pytest.raises(PoolSaturated):
            pool.lease("r3", 100)
        await running


async def test_a_draining_pool_finishes_what_it_has_and_takes_nothing_new(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec)) as pool:
        lease = pool.lease("r1", 5)
        pool.drain()
        assert not pool.is_ready
        with pytest.raises(PoolClosed):
            pool.lease("r2", 5)
        await say(lease)
        lease.close()


async def test_jobs_that_wait_or_run_fail_when_the_pool_closes(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec)) as pool:
        lease = pool.lease("r1", 5)
        tasks = [asyncio.create_task(say(lease, "zzz!", "af_hang")) for _ in range(2)]
        await until(
            lambda: pool.status().jobs_running and pool.status().jobs_queued, "one job running, one queued"
        )
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [PoolClosed, PoolClosed]


async def test_replacing_the_workers_loses_no_job(speech_spec: WorkerSpec) -> None:
    async with whole_pool(speech_spec, speech_spec) as pool:
        before = pids(pool)
        lease = pool.lease("r1", 5)
        tasks = [asyncio.create_task(say(lease, "wait!", "af_slow")) for _ in range(6)]
        await pool.replace()
        answers = await asyncio.gather(*tasks)
        await until(lambda: not pids(pool) & before, "both workers replaced")
        await until(lambda: not any(map(psutil.pid_exists, before)), "the old workers gone")
    assert all(answer.attempts == 1 for _, answer in answers)


async def test_a_worn_worker_is_replaced_between_two_jobs(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec, worker_bytes=1 << 30)) as pool:
        before = pids(pool)
        lease = pool.lease("r1", 5)
        end = time.monotonic() + DEADLINE_S
        while pids(pool) == before:
            _, answer = await say(lease, "more!", "af_leak")
            assert answer.attempts == 1
            assert time.monotonic() < end, "the worker was never replaced"


async def test_a_worker_killed_while_idle_is_replaced(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec)) as pool:
        before = pids(pool)
        os.kill(next(iter(before)), signal.SIGKILL)
        await until(lambda: not pool.is_ready, "the death noticed")
        await until(lambda: pool.is_ready, "a new worker")
        assert not pids(pool) & before


async def test_a_pool_that_is_never_closed_warns(speech_spec: WorkerSpec) -> None:
    pool = Pool(config(speech_spec))
    await pool.__aenter__()
    await pool.close()
    pool._is_open = True
    with pytest.warns(ResourceWarning, match="was never closed"):
        pool.__del__()
    pool._is_open = False


async def test_workers_see_no_secret_of_the_server_and_no_socket_of_its(
    speech_spec: WorkerSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOKORO_API_KEYS", "sk-secret")
    async with Pool(config(speech_spec)) as pool:
        worker = psutil.Process(next(iter(pids(pool))))
        assert "KOKORO_API_KEYS" not in worker.environ()
        assert worker.net_connections("inet") == []


async def test_a_worker_that_waits_to_take_over_is_not_replaced_itself(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec)) as pool:
        lease = pool.lease("r1", 5)
        task = asyncio.create_task(say(lease, "wait!", "af_slow"))
        await until(lambda: pool.status().jobs_running, "a job running")
        await pool.replace()
        await pool.replace()
        await task
        await until(lambda: len(processes()) == 1, "one process")
        assert {process.pid for process in processes()} == pids(pool)


async def test_a_worker_that_dies_while_its_successor_starts_leaves_one_worker(
    speech_spec: WorkerSpec,
) -> None:
    async with Pool(config(speech_spec)) as pool:
        (before,) = pids(pool)
        replacing = asyncio.create_task(pool.replace())
        await until(lambda: len(processes()) == 2, "a successor starting")
        os.kill(before, signal.SIGKILL)
        await replacing
        await until(lambda: len(processes()) == 1 and pool.is_ready, "one process, ready")
        assert {process.pid for process in processes()} == pids(pool)
        await say(pool.lease("r1", 5))


async def test_who_waits_is_told_when_no_worker_can_be_started(
    speech_spec: WorkerSpec, tmp_path: Path
) -> None:
    model = tmp_path / "model.onnx"
    shutil.copy(speech_spec.model_path, model)
    async with Pool(config(dataclasses.replace(speech_spec, model_path=str(model)))) as pool:
        lease = pool.lease("r1", 5)
        model.write_bytes(b"damaged")
        (worker,) = pids(pool)
        os.kill(worker, signal.SIGKILL)
        await until(lambda: not pids(pool), "the death noticed")
        with pytest.raises(PoolSaturated):
            await say(lease)
        with pytest.raises(PoolSaturated):
            pool.lease("r2", 5)
        shutil.copy(speech_spec.model_path, model)
        await until(lambda: pool.is_ready, "a worker again")
        await say(lease)


async def test_a_postponed_lease_makes_way_for_who_came_after_it(speech_spec: WorkerSpec) -> None:
    async with Pool(config(speech_spec)) as pool:
        late, other = pool.lease("late", 5), pool.lease("other", 5)
        running = asyncio.create_task(say(late, "wait!", "af_slow"))
        await until(lambda: pool.status().jobs_running == 1, "the worker is busy")
        order: list[str] = []

        async def say_and_note(lease: Lease) -> None:
            await say(lease)
            order.append(lease.request_id)

        waiting = [asyncio.create_task(say_and_note(lease)) for lease in (late, other)]
        await until(lambda: pool.status().jobs_queued == 2, "both in the queue")
        late.postpone(10)
        await asyncio.gather(running, *waiting)
    assert order == ["other", "late"]


async def test_what_follows_a_first_sound_is_not_late_though_its_listener_came_long_ago(
    speech_spec: WorkerSpec,
) -> None:
    async with Pool(config(speech_spec)) as pool:
        running = asyncio.create_task(say(pool.lease("r", 5), "wait!", "af_slow"))
        await until(lambda: pool.status().jobs_running == 1, "the worker is busy")
        order: list[str] = []

        async def speak(listener: str, due_s: float, offset_s: float) -> None:
            job, due = SpeechJob(listener, Unit("hello", (("af_heart", 1.0),), 1.0)), time.monotonic() + due_s
            await pool.submit(job, "speech", due=due, cost_s=0.1, listener=listener, offset_s=offset_s)
            order.append(listener)

        await asyncio.gather(running, speak("has begun", -30, 20.0), speak("runs dry", 10, 0.0))
    assert order == ["runs dry", "has begun"]


@pytest.mark.parametrize(("slack_s", "at_once"), [(0.0, {1}), (10.0, {1, 2})])
async def test_the_first_segment_is_spoken_alone_unless_the_client_waits_for_the_whole(
    text_spec: WorkerSpec, speech_spec: WorkerSpec, slack_s: float, at_once: set[int]
) -> None:
    text = (
        "The old captain! He carried a letter to the harbour! Seven lanterns were counted there in the rain!"
    )
    async with whole_pool(text_spec, speech_spec, speech_spec) as pool:
        await until(lambda: [w.state for w in pool.status().workers] == ["idle"] * 3, "all workers")
        utterance = Utterance(
            pool.lease("r1", 28), Manner("en-us", (("af_slow", 1.0),)), Pace(slack_s=slack_s)
        )
        async with aclosing(utterance.segments(Text(text))) as spoken:
            first = asyncio.ensure_future(anext(spoken))
            seen = set()
            while not first.done():
                seen.add(pool.status().jobs_running if utterance.submitted else 1)
                await asyncio.sleep(0.01)
            rest = [segment async for segment in spoken]
        utterance.close()
    assert seen - {0} == at_once
    assert rest


async def test_texts_that_are_yet_to_be_written_cost_newcomers_nothing(speech_spec: WorkerSpec) -> None:
    async with whole_pool(speech_spec) as pool:
        alone_s = cpu_s(pool.expected_wait_s)
        leases = [pool.lease("r1", 0) for _ in range(5000)]
        assert cpu_s(pool.expected_wait_s) < 20 * alone_s
        for lease in leases:
            lease.close()
