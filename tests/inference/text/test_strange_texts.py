"""Texts that nobody writes, given to a real text worker: seeds of `tests.benchmarks.fuzz_text`, and what it has found.

In a process of its own: what ends it there must not end the tests.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import psutil
import pytest

from inference.languages import LANGUAGES
from inference.pool.process import WorkerProcess
from tests.support.reading import read_all
from tests.support.texts import strange

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from inference.protocol import WorkerSpec

JOB_S = 60.0
HANG_S = 5.0
"""CPU seconds for ten sentences; the slowest ten of an hour took 0.5."""

FOUND = {
    "letters that espeak spells by their numbers": "\u0fac" * 181,
    "letters it has no name for": "\U00012040\U000110b3\u1000" * 60,
    "full stops between letters": "a.a.a.a.a" * 30,
    "hyphens between letters": "a-" * 150,
    "one letter again and again": "k" * 300,
    "a script at each letter": "aЯbЮ你नγ" * 40,
    "marks on nothing": "\u0301\u20e3\ufe0f\u200d" * 70,
    "marks on one letter": "a" + "\u0301" * 299,
    "tags and joiners of emoji": "\U0001f3f4\U000e0067\U000e007f\u200d\ufe0f\U0001f3ff" * 50,
    "directions": "\u202e\u2066abc\u2069\u202c" * 40,
    "figures of every script": "٣३๓៣᠓①Ⅷ㊿½𝟗" * 30,
    "controls": "".join(map(chr, range(1, 32))) * 9,
    "a broken encoding": "ÃƒÂ©ÂÂÂ\ufffd" * 30,
    "one figure of 300 digits": "9" * 300,
    "figures with all that stands between figures": "1,2.3-4/5:6%7°8$9€" * 16,
}


@pytest.fixture
async def worker(text_spec: WorkerSpec) -> AsyncIterator[WorkerProcess]:
    worker = await WorkerProcess.start(text_spec, JOB_S)
    yield worker
    await worker.stop()


async def read(worker: WorkerProcess, texts: tuple[str, ...], language: str) -> None:
    """Have texts read: all of them, in reasonable time, by the same worker as before."""
    process = psutil.Process(worker.pid)
    before = process.cpu_times()
    for text in texts:
        assert isinstance(await read_all(worker, text, language, JOB_S), list)
    spent = process.cpu_times()
    assert spent.user + spent.system - before.user - before.system < HANG_S


@pytest.mark.parametrize("seed", [1, 7, 1126])
async def test_strange_texts_end_and_hold_up_no_worker(worker: WorkerProcess, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be had again
    assert worker.ready
    for _ in range(5):
        texts = tuple(strange(chance) for _ in range(10))
        await read(worker, texts, chance.choice(worker.ready.languages))


async def test_every_language_reads_what_was_found_to_be_strange(worker: WorkerProcess) -> None:
    assert worker.ready
    for language in LANGUAGES:
        if language.code in worker.ready.languages:
            await read(worker, tuple(FOUND.values()), language.code)
