"""One worker process from start to end: what it is told by its parent, and what its parent makes of its silence."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import psutil
import pytest

from inference.errors import JobTimeout, ProtocolError, WorkerDied, WorkerFailedToStart
from inference.pool.process import State, WorkerProcess
from inference.protocol import Audio, Failure, Reading, SpeechJob, TextJob, Unit
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from inference.protocol import WorkerSpec

START_S = 60.0


def job(voice: str = "af_heart", phonemes: str = "hello!") -> SpeechJob:
    return SpeechJob("r1", Unit(phonemes, ((voice, 1.0),), 1.0))


@asynccontextmanager
async def started(spec: WorkerSpec) -> AsyncIterator[WorkerProcess]:
    worker = await WorkerProcess.start(spec, START_S)
    try:
        yield worker
    finally:
        await worker.stop()
        assert worker.state is State.DEAD
        assert not psutil.pid_exists(worker.pid)


async def stop_still(worker: WorkerProcess) -> None:
    os.kill(worker.pid, signal.SIGSTOP)
    process = psutil.Process(worker.pid)
    await until(lambda: process.status() == psutil.STATUS_STOPPED, "the worker stopped")


async def test_a_worker_does_one_job_after_another(speech_spec: WorkerSpec) -> None:
    async with started(speech_spec) as worker:
        assert (worker.state, worker.exit_code) == (State.IDLE, None)
        for done in (1, 2, 3):
            assert isinstance(await worker.run(job(), START_S), Audio)
            assert (worker.state, worker.jobs_done) == (State.IDLE, done)
    assert worker.exit_code == 0


async def test_a_failed_job_leaves_the_worker_as_it_was(text_spec: WorkerSpec) -> None:
    async with started(text_spec) as worker:
        assert isinstance(await worker.run(job(), START_S), Failure)
        assert isinstance(await worker.run(TextJob("r1", "Hello.", "en-us"), START_S), Reading)


async def test_a_worker_that_is_stopped_by_a_signal_times_out_and_is_gone(speech_spec: WorkerSpec) -> None:
    async with started(speech_spec) as worker:
        await stop_still(worker)
        with pytest.raises(JobTimeout, match=r"took more than 0\.3 s"):
            await worker.run(job(), 0.3)
        assert (worker.lost_by, worker.exit_code) == ("timeout", -signal.SIGKILL)


@pytest.mark.parametrize(
    ("voice", "error", "cause"),
    [
        ("af_crash", WorkerDied, "died"),
        ("af_leave", WorkerDied, "died"),
        ("af_garbage", ProtocolError, "protocol"),
        ("af_half", WorkerDied, "died"),
    ],
)
async def test_a_worker_that_does_not_answer_is_given_up_with_its_cause(
    speech_spec: WorkerSpec, voice: str, error: type[Exception], cause: str
) -> None:
    async with started(speech_spec) as worker:
        with pytest.raises(error):
            await worker.run(job(voice), START_S)
        assert worker.lost_by == cause


def stand_still(seconds: float) -> None:
    """Nothing of this process runs, as when it is stopped; the clock goes on."""
    time.sleep(seconds)


async def test_an_answer_that_came_while_the_gateway_stood_still_counts(speech_spec: WorkerSpec) -> None:
    async with started(speech_spec) as worker:
        running = asyncio.create_task(worker.run(job("af_slow"), 1.0))
        await asyncio.sleep(0.1)
        stand_still(2.5)
        assert isinstance(await running, Audio)


async def test_time_in_which_the_whole_machine_stood_still_does_not_count(speech_spec: WorkerSpec) -> None:
    async with started(speech_spec) as worker:
        running = asyncio.create_task(worker.run(job("af_slow"), 3.0))
        await asyncio.sleep(0.1)
        os.kill(worker.pid, signal.SIGSTOP)
        stand_still(4)
        os.kill(worker.pid, signal.SIGCONT)
        assert isinstance(await running, Audio)


async def test_a_worker_that_is_not_ready_in_time_is_ended(speech_spec: WorkerSpec) -> None:
    before = set(psutil.Process().children())
    with pytest.raises(WorkerFailedToStart, match=r"was not ready within 0\.05 s"):
        await WorkerProcess.start(speech_spec, 0.05)
    assert set(psutil.Process().children()) <= before


async def test_a_worker_that_ends_before_it_is_ready_says_why(speech_spec: WorkerSpec) -> None:
    spec = dataclasses.replace(speech_spec, engine="tests.support.faults:LeavingEngine")
    with pytest.raises(WorkerFailedToStart, match="exit code 5: the disk of this engine is on fire"):
        await WorkerProcess.start(spec, START_S)


async def test_an_engine_that_cannot_start_says_why(speech_spec: WorkerSpec, tmp_path: Path) -> None:
    spec = dataclasses.replace(speech_spec, voices_path=str(tmp_path / "none.bin"))
    with pytest.raises(WorkerFailedToStart, match=r"provider cpu: cannot speak: .*none\.bin"):
        await WorkerProcess.start(spec, START_S)
    with pytest.raises(WorkerFailedToStart, match=r"ModuleNotFoundError: .*nowhere"):
        await WorkerProcess.start(dataclasses.replace(speech_spec, engine="nowhere:Engine"), START_S)


async def test_a_worker_that_ignores_all_politeness_is_killed(speech_spec: WorkerSpec) -> None:
    async with started(speech_spec) as worker:
        await stop_still(worker)  # it sees neither the end of its socket nor SIGTERM
        began = time.monotonic()
        await worker.stop(grace_s=0.2)
        assert worker.exit_code == -signal.SIGKILL
        assert time.monotonic() - began < START_S
