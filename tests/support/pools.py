"""What tests of the pool share: a configuration that does not wait for long, a segment, and who is alive."""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from inference.pool.config import PoolConfig
from inference.pool.pool import Pool
from inference.protocol import Audio, TextJob, Unit
from tests.support.processes import workers
from tests.support.waiting import DEADLINE_S, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import psutil

    from inference.pool.job import Answer
    from inference.pool.lease import Lease
    from inference.protocol import Reading, WorkerSpec


@asynccontextmanager
async def whole_pool(*specs: WorkerSpec, **options: Any) -> AsyncIterator[Pool]:
    """A pool of these workers, once all of them are there."""
    async with Pool(config(*specs, **options)) as pool:
        await until(lambda: "starting" not in states(pool), "all workers")
        yield pool


def config(*specs: WorkerSpec, **options: Any) -> PoolConfig:
    """A pool of these workers."""
    return PoolConfig(specs, **{"start_timeout_s": DEADLINE_S, "job_timeout_s": DEADLINE_S} | options)


async def say(lease: Lease, phonemes: str = "hello", voice: str = "af_heart") -> tuple[Audio, Answer]:
    """Have a segment spoken that is due now."""
    audio, answer = await lease.score(Unit(phonemes, ((voice, 1.0),), 1.0), time.monotonic())
    assert isinstance(audio, Audio), "the tone model has no stages"
    return audio, answer


async def read(
    lease: Lease, text: str = "Hello.", *, is_first: bool = True, cost_s: float = 0.001
) -> tuple[Reading, Answer]:
    """Have a text read that is due now."""
    job = TextJob(lease.request_id, text, "en-us")
    return await lease.read(job, time.monotonic(), cost_s=cost_s, is_first=is_first)


def pids(pool: Pool) -> set[int]:
    """The workers of a pool."""
    return {worker.pid for worker in pool.status().workers if worker.pid}


def states(pool: Pool) -> list[str]:
    """What they do, in the order of the configuration."""
    return [worker.state for worker in pool.status().workers]


def lost(pool: Pool) -> int:
    """How many of them died, hung, sent nonsense or were replaced so far."""
    causes = [cause for worker in pool.status().workers for cause in Counter(worker.restarts).elements()]
    return len(causes) - causes.count("failed_start")


def processes() -> list[psutil.Process]:
    """Every worker process of this test."""
    return list(workers(os.getpid()))
