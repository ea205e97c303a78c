"""One place for a worker through its phases, with real processes."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from inference.pool.slot import Phase, Slot, pause_s
from inference.protocol import Audio, SpeechJob, Unit
from tests.support.pools import processes
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from inference.protocol import WorkerSpec

START_S = 60.0
SLOW = SpeechJob("r1", Unit("wait!", (("af_slow", 1.0),), 1.0))


class Place:
    """A slot under supervision, and how often it said that it may be free. Lives as long as a test."""

    def __init__(self, spec: WorkerSpec) -> None:
        self.frees = 0
        self.slot = Slot(spec, START_S, self._note)

    def _note(self) -> None:
        self.frees += 1

    @property
    def pid(self) -> int | None:
        return self.slot.status().pid


@asynccontextmanager
async def opened(spec: WorkerSpec) -> AsyncIterator[Place]:
    place = Place(spec)
    await place.slot.start()
    supervision = asyncio.create_task(place.slot.supervise())
    try:
        yield place
    finally:
        supervision.cancel()
        await place.slot.stop()
    assert processes() == []


async def test_a_slot_that_rests_has_no_process_until_it_is_woken(speech_spec: WorkerSpec) -> None:
    async with opened(speech_spec) as place:
        slot = place.slot
        trials = slot.status().trials
        slot.rest()
        assert (slot.phase, slot.worker, slot.is_idle, slot.is_hopeless) == (
            Phase.RESTING,
            None,
            False,
            False,
        )
        assert slot.status().state == "resting"
        await until(lambda: not processes(), "the worker gone")
        slot.wake()
        assert slot.status().state == "starting"
        await until(lambda: slot.is_idle, "a new worker")
        assert slot.phase is Phase.SERVING
        assert slot.status().restarts == {}, "to rest is no loss"
        assert slot.worker
        assert slot.worker.ready
        assert slot.worker.ready.trials == (), "it speaks at once, without a warm-up"
        assert slot.status().trials == trials != ()
        slot.take()
        assert isinstance(await slot.worker.run(SLOW, START_S), Audio)


async def test_a_slot_can_be_woken_while_its_worker_is_still_leaving(speech_spec: WorkerSpec) -> None:
    async with opened(speech_spec) as place:
        before = place.pid
        place.slot.rest()
        place.slot.wake()
        await until(lambda: place.slot.is_idle, "a new worker")
        assert place.pid != before


async def test_a_slot_does_not_rest_in_a_job_nor_while_it_is_replaced(speech_spec: WorkerSpec) -> None:
    async with opened(speech_spec) as place:
        slot = place.slot
        slot.take()
        slot.rest()
        assert slot.phase is Phase.SERVING
        slot.free()
        replacing = asyncio.create_task(slot.replace())
        await until(lambda: len(processes()) == 2, "a successor starting")
        slot.rest()
        assert place.pid, "it is still there"
        await replacing
        assert slot.is_idle


async def test_a_successor_waits_for_the_end_of_the_job(speech_spec: WorkerSpec) -> None:
    async with opened(speech_spec) as place:
        slot, before = place.slot, place.pid
        worker = slot.take()
        await slot.replace("worn")
        assert (slot.phase, place.pid, place.frees) == (Phase.REPLACING, before, 0)
        await worker.run(SLOW, START_S)
        slot.free()
        assert (slot.phase, place.pid != before, place.frees) == (Phase.SERVING, True, 1)
        assert slot.status().restarts == {"worn": 1}
        assert slot.status().jobs == 1, "what the predecessor did counts"


async def test_a_worker_that_dies_in_a_job_is_followed_by_the_successor_that_waits(
    speech_spec: WorkerSpec,
) -> None:
    async with opened(speech_spec) as place:
        slot, before = place.slot, place.pid
        slot.take()
        await slot.replace()
        assert before
        os.kill(before, signal.SIGKILL)
        await until(lambda: slot.phase is Phase.SERVING and place.pid != before, "the successor in its place")
        assert not slot.is_idle, "the job has not been given up yet"
        slot.free()
        assert slot.is_idle
        assert slot.status().restarts == {"died": 1, "replaced": 1}
        assert len(processes()) == 1


async def test_a_successor_that_cannot_start_leaves_the_worker_where_it_is(
    speech_spec: WorkerSpec, tmp_path: Path
) -> None:
    model = tmp_path / "model.onnx"
    shutil.copy(speech_spec.model_path, model)
    async with opened(dataclasses.replace(speech_spec, model_path=str(model))) as place:
        before = place.pid
        model.write_bytes(b"damaged")
        await place.slot.replace()
        assert (place.slot.phase, place.pid, place.slot.is_idle) == (Phase.SERVING, before, True)
        assert place.slot.status().restarts == {"failed_start": 1}


async def test_a_slot_whose_worker_and_successor_are_both_lost_starts_again_when_it_can(
    speech_spec: WorkerSpec, tmp_path: Path
) -> None:
    model = tmp_path / "model.onnx"
    shutil.copy(speech_spec.model_path, model)
    async with opened(dataclasses.replace(speech_spec, model_path=str(model))) as place:
        slot, before = place.slot, place.pid
        model.write_bytes(b"damaged")
        replacing = asyncio.create_task(slot.replace())
        await until(lambda: len(processes()) == 2, "a successor starting")
        assert before
        os.kill(before, signal.SIGKILL)
        await replacing
        await until(lambda: slot.is_hopeless, "a start that failed")
        assert slot.phase is Phase.STARTING
        await slot.replace()
        assert slot.phase is Phase.STARTING, "there is nobody to replace"
        shutil.copy(speech_spec.model_path, model)
        await until(lambda: slot.is_idle, "a worker again")
        assert (slot.phase, len(processes())) == (Phase.SERVING, 1)


async def test_a_slot_that_is_stopped_while_a_successor_starts_leaves_no_process(
    speech_spec: WorkerSpec,
) -> None:
    async with opened(speech_spec) as place:
        replacing = asyncio.create_task(place.slot.replace())
        await until(lambda: len(processes()) == 2, "a successor starting")
    with pytest.raises(asyncio.CancelledError):
        await replacing


def test_starts_that_fail_are_repeated_ever_less_often() -> None:
    assert [pause_s(n, failed_starts=n) for n in (0, 1, 2, 3, 4, 8, 9, 1000)] == [0, 0, 0.5, 1, 2, 30, 30, 30]


def test_deaths_after_starts_that_went_well_keep_nobody_waiting_for_long() -> None:
    assert [pause_s(n, failed_starts=0) for n in (0, 1, 2, 3, 4, 8, 1000)] == [0, 0, 0.5, 1, 2, 2, 2]


async def test_a_worker_that_has_done_a_job_is_followed_at_once_however_often_it_dies(
    speech_spec: WorkerSpec,
) -> None:
    async with opened(speech_spec) as place:
        dead = set()
        for _ in range(4):
            worker = place.slot.take()
            await worker.run(SLOW, START_S)
            os.kill(worker.pid, signal.SIGKILL)
            dead.add(worker.pid)
            place.slot.free()
            await until(lambda: place.slot.is_idle and place.pid not in dead, "the next worker")
            assert (place.slot.failures, place.slot.pause_s) == (1, 0)
