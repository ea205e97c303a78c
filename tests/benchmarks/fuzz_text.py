"""Gives strange texts to real text workers for as long as wanted, and says what ended, held up or swelled one.

`python -m tests.benchmarks.fuzz_text --minutes 60 --seed 7`: JSON lines on standard output, one for each find, with the
text made as short as it can be; the last line is the account. Exit code 1 if anything was found.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import psutil

from inference.errors import InferenceError
from inference.pool.process import WorkerProcess
from inference.protocol import Failure, Sentence, WorkerSpec
from tests.support.reading import read_all
from tests.support.texts import strange

SPEC: Final = WorkerSpec(role="text", engine="inference.text.engine:TextEngine")
START_S: Final = 120.0
HANG_S: Final = 5.0
"""CPU seconds: others use this machine too."""

GIVE_UP_S: Final = 120.0
BATCH: Final = 10
SLOW_S: Final = 0.5
"""CPU seconds of one text that are worth a line."""

LONGEST_REPLY: Final = 40
"""Phonemes for a character; `㍙` and figures are read in words."""

WARM_JOBS: Final = 300
"""Jobs until every dictionary is loaded; from there on memory should stay."""


@dataclass
class Account:
    """What was done and found. Lives as long as the run."""

    texts: int = 0
    found: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    memory_warm: int = 0
    memory_end: int = 0

    def tell(self, kind: str, language: str, text: str, **more: Any) -> None:
        """Write a find down."""
        self.found[kind] += 1
        print(json.dumps({"find": kind, "language": language, "text": text, **more}), flush=True)


class Victim:
    """The worker at hand, started again when it is gone. Lives as long as the run."""

    def __init__(self) -> None:
        self._worker: WorkerProcess | None = None

    async def read(self, texts: tuple[str, ...], language: str) -> list[list[Sentence]] | str:
        """The sentences of each of some texts, or what went wrong."""
        worker = self._worker = self._worker or await WorkerProcess.start(SPEC, START_S)
        began_s = self.cpu_s()
        try:
            replies = [await read_all(worker, text, language, GIVE_UP_S) for text in texts]
        except InferenceError as error:
            self._worker = None
            return type(error).__name__
        if self.cpu_s() - began_s > HANG_S:
            return "hang"
        for reply in replies:
            if isinstance(reply, Failure):
                return f"failure: {reply.message}"
        return [reply for reply in replies if isinstance(reply, list)]

    def cpu_s(self) -> float:
        """CPU seconds of this worker so far."""
        with suppress(psutil.Error, AttributeError):
            times = psutil.Process(self._worker.pid).cpu_times()  # type: ignore[union-attr]
            return float(times.user + times.system)
        return 0.0

    def memory(self) -> int:
        """Resident bytes."""
        with suppress(psutil.Error, AttributeError):
            return int(psutil.Process(self._worker.pid).memory_info().rss)  # type: ignore[union-attr]
        return 0

    async def stop(self) -> None:
        """End it."""
        if self._worker:
            await self._worker.stop()


async def fuzz(minutes: float, seed: int) -> Account:
    """Read strange texts until the time is over."""
    account, victim = Account(), Victim()
    chance = random.Random(seed)  # noqa: S311 - to be had again
    first = await victim.read(("Ready.",), "en-us")
    assert isinstance(first, list), first
    languages = _languages(victim)
    end, jobs = time.monotonic() + minutes * 60, 0
    while time.monotonic() < end:
        language = chance.choice(languages)
        texts = tuple(strange(chance) for _ in range(BATCH))
        began_s = victim.cpu_s()
        reply = await victim.read(texts, language)
        account.texts += len(texts)
        jobs += 1
        spent_s = victim.cpu_s() - began_s
        if isinstance(reply, str) or spent_s > 2 * SLOW_S:
            await _narrow(account, victim, texts, language)
        else:
            _check(account, reply, texts, language)
            account.slowest_s = max(account.slowest_s, spent_s)
        if jobs == WARM_JOBS:
            account.memory_warm = victim.memory()
    account.memory_end = victim.memory()
    await victim.stop()
    return account


def _languages(victim: Victim) -> tuple[str, ...]:
    ready = victim._worker.ready if victim._worker else None
    return ready.languages if ready else ()


def _check(account: Account, reply: list[list[Sentence]], texts: tuple[str, ...], language: str) -> None:
    for text, sentences in zip(texts, reply, strict=True):
        phonemes = "".join(sentence.phonemes for sentence in sentences)
        if len(phonemes) > LONGEST_REPLY * (len(text) + 1):
            account.tell("long", language, text, phonemes=len(phonemes))


async def _narrow(account: Account, victim: Victim, texts: tuple[str, ...], language: str) -> None:
    """Find which of some texts is to blame, and make it shorter as long as it is."""
    for text in texts:
        if not (kind := await _fault(victim, text, language)):
            continue
        part = max(1, len(text) // 2)
        while part:
            shorter = (text[:at] + text[at + part :] for at in range(0, len(text), part))
            for candidate in shorter:
                if await _fault(victim, candidate, language) == kind:
                    text = candidate  # noqa: PLW2901 - it goes on with the shorter one
                    break
            else:
                part //= 2
        account.tell(kind, language, text)
        return
    if isinstance(await victim.read(texts, language), str):
        account.tell("only together", language, "", texts=list(texts))


async def _fault(victim: Victim, text: str, language: str) -> str:
    """What is wrong with how a text is read; empty if nothing is."""
    began_s = victim.cpu_s()
    reply = await victim.read((text,), language)
    if isinstance(reply, str):
        return reply
    return "slow" if victim.cpu_s() - began_s > SLOW_S else ""


def main() -> int:
    """Read the command line, fuzz, and print the account."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    account = asyncio.run(fuzz(arguments.minutes, arguments.seed))
    print(json.dumps({**vars(account), "seed": arguments.seed}))
    return 1 if account.found else 0


if __name__ == "__main__":
    sys.exit(main())
