"""Simulated workers, cores and listeners, for `simulate`. Costs were measured on one thread of an undisturbed EPYC."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from statistics import median
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import inference.pool.slot
from gateway.observe.percentile import percentile
from gateway.tools.listeners import Texts
from inference import Manner, Pool, PoolConfig, PoolSaturated, Text, Utterance, WorkerSpec
from inference.pool.process import State
from inference.protocol import (
    RECORD_BYTES,
    SAMPLE_BYTES,
    SAMPLE_RATE,
    STEP_SAMPLES,
    Audio,
    Ready,
    Score,
    SpeechJob,
    TextJob,
)
from inference.text.engine import TextEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from inference.protocol import Job, JobReply

SCORE_S, TOKEN_S = 0.008, 0.00095
"""CPU seconds of a score, and for each of its tokens."""

WINDOW_S, RENDERED_S = 0.005, 0.104
"""CPU seconds of a window, and for each second that is rendered, context included."""

READ_S: Final = 0.003
SPREAD: Final = 0.06
"""Seconds that the text worker takes for a stretch, and how much the work of others varies."""

WIDE_SPEED, WIDE_BESIDE, WIDE_COST = 1.5, 1.2, 1.33
"""Two threads: times as fast as one with both cores idle, and beside a worker; and times the CPU."""

STEPS_PER_TOKEN: Final = 80 / 17
LEAD, TAIL, KEPT_LEAD, KEPT_TAIL = 24, 32, 2, 4
"""Steps of the silence around a unit, and what is left of it."""

HICCUP_S: Final = 0.02


class Cores:
    """Cores that workers share. Lives as long as one run."""

    def __init__(self, cores: int) -> None:
        self.busy_s = 0.0
        self._cores = cores
        self._left: dict[SimulatedWorker, float] = {}
        """Seconds of work that each worker still has."""

        self._changed = asyncio.Event()
        self._at = time.monotonic()

    async def work(self, worker: SimulatedWorker, seconds: float) -> None:
        """So many seconds of one core's work, which take longer beside others."""
        self._advance()
        self._left[worker] = seconds
        self._tell()
        while self._left[worker] > 1e-9:
            changed = self._changed
            with suppress(TimeoutError):
                async with asyncio.timeout(self._left[worker] / self._speed(worker)):
                    await changed.wait()
            self._advance()
        del self._left[worker]
        self._tell()

    def _speed(self, worker: SimulatedWorker) -> float:
        if worker.is_alone:
            return WIDE_SPEED if len(self._left) == 1 else WIDE_BESIDE
        taken = WIDE_BESIDE - 1 if any(other.is_alone for other in self._left) else 0.0
        return min(1.0, self._cores / len(self._left)) - taken

    def _advance(self) -> None:
        passed_s, self._at = time.monotonic() - self._at, time.monotonic()
        for worker in self._left:
            done_s = passed_s * self._speed(worker)
            self._left[worker] -= done_s
            self.busy_s += done_s * (WIDE_COST if worker.is_alone else 1)

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


@dataclass(frozen=True)
class Setup:
    """What is simulated."""

    cores: int
    slowness: float
    queue_s: float
    alone_threads: int
    seed: int


@dataclass
class Run:
    """One run, and what its listeners heard. Lives as long as that."""

    setup: Setup
    pool: Pool
    cores: Cores
    texts: Texts
    random: random.Random
    firsts_s: list[float] = field(default_factory=list)
    gaps_s: list[float] = field(default_factory=list)
    with_gaps: int = 0
    refused: int = 0
    audio_s: float = 0.0
    total_s: float = 0.0

    async def listen(self, text: str, *, plays: bool = False) -> None:
        """Have a text spoken and take it as it comes, or play it to its end before this returns."""
        began, player = time.monotonic(), Player()
        try:
            lease = self.pool.lease(f"r{began}", len(text))
        except PoolSaturated:
            self.refused += 1
            return
        utterance = Utterance(lease, Manner("en-us", (("af_heart", 1.0),)))
        async for spoken in utterance.segments(Text(text)):
            seconds = len(spoken.pcm) / SAMPLE_BYTES / SAMPLE_RATE
            player.take(seconds)
            utterance.hand_over(seconds)
        utterance.close()
        self.firsts_s.append(player.began - began)
        self.gaps_s += player.gaps_s
        self.with_gaps += bool(player.gaps_s)
        self.audio_s += player.received_s
        if plays:
            await asyncio.sleep(max(0.0, player.dry_at - time.monotonic()))


class Player:
    """Plays from the first sound on, and waits when it runs dry. Lives as long as one reply."""

    def __init__(self) -> None:
        self.began = self.dry_at = 0.0
        self.received_s = 0.0
        self.gaps_s: list[float] = []

    def take(self, seconds: float) -> None:
        """So much more has come, now."""
        now = time.monotonic()
        if not self.received_s:
            self.began = self.dry_at = now
        if now - self.dry_at > HICCUP_S:
            self.gaps_s.append(now - self.dry_at)
        self.dry_at = max(self.dry_at, now) + seconds
        self.received_s += seconds


class SimulatedWorker:
    """Stands where a WorkerProcess does, and takes as long as it would. Lives as long as one run."""

    run_of: Run
    """Set before a pool is used: workers are started by the pool, which knows nothing of this."""

    _pids = count(1)
    _reader = TextEngine(WorkerSpec("text"))

    def __init__(self, spec: WorkerSpec) -> None:
        self.spec, self.pid, self.state = spec, next(self._pids), State.IDLE
        self.is_alone = False
        self.jobs_done = 0
        self.ended = asyncio.Event()
        self.ready = Ready("cpu", 1.0, is_staged=spec.role != "text")

    @classmethod
    async def start(cls, spec: WorkerSpec, timeout_s: float) -> SimulatedWorker:
        """At once."""
        del timeout_s
        return cls(spec)

    async def stop(self) -> None:
        """At once."""
        self.state = State.DEAD
        self.ended.set()

    async def run(self, job: Job, timeout_s: float) -> JobReply:
        """Take the time that a job costs."""
        del timeout_s
        self.state = State.BUSY
        reply = await self._read(job) if isinstance(job, TextJob) else await self._speak(job)
        self.state = State.IDLE
        return reply

    async def _read(self, job: TextJob) -> JobReply:
        await asyncio.sleep(READ_S * self.run_of.setup.slowness)
        return self._reader.do(job)

    async def _speak(self, job: Any) -> Score | Audio:
        self.is_alone = self.spec.alone_threads > 0 and job.is_alone
        if isinstance(job, SpeechJob):
            await self._work(SCORE_S + TOKEN_S * len(job.unit.phonemes))
            return score(job.unit.phonemes)
        await self._work(WINDOW_S + RENDERED_S * job.seconds)
        silence = (LEAD - KEPT_LEAD) * job.is_first + (TAIL - KEPT_TAIL) * job.is_last
        return Audio(bytes(max(0, job.keep - silence) * STEP_SAMPLES * SAMPLE_BYTES), 1.0)

    async def _work(self, seconds: float) -> None:
        run = self.run_of
        varied = seconds * max(0.5, run.random.gauss(1, SPREAD))
        await run.cores.work(self, varied * run.setup.slowness)


def score(phonemes: str) -> Score:
    """A score that is quietest between words and after commas."""
    steps = round(len(phonemes) * STEPS_PER_TOKEN / 2) * 2
    energy = [-100] * LEAD + [50] * steps + [-100] * TAIL
    for index, phoneme in enumerate(phonemes):
        if phoneme in " ,":
            energy[LEAD + int(index * STEPS_PER_TOKEN)] = 10 if phoneme == " " else -20
    return Score((len(energy) // 2,), tuple(energy), bytes(RECORD_BYTES * (len(energy) + 1)), 1.0)


Case: TypeAlias = "Callable[[Run], Coroutine[Any, Any, None]]"


def crowd(listeners: int, each: int, *, plays: bool = False) -> Case:
    """So many, each with so many chat replies, one after the other."""

    async def one(run: Run) -> None:
        for _ in range(each):
            await run.listen(run.texts.sentence(), plays=plays)

    async def case(run: Run) -> None:
        await asyncio.gather(*(one(run) for _ in range(listeners)))

    return case


def pages(number: int, characters: int = 500) -> Case:
    """So many pages, begun a second apart."""

    async def one(run: Run, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await run.listen(run.texts.page(characters))

    async def case(run: Run) -> None:
        await asyncio.gather(*(one(run, float(page)) for page in range(number)))

    return case


async def readers(run: Run) -> None:
    """A chat reply a second beside eight readers; only the chat counts."""
    reading = [asyncio.create_task(run.listen(run.texts.page(1500))) for _ in range(8)]
    await asyncio.sleep(3)
    chats = []
    for _ in range(20):
        chats.append(asyncio.create_task(run.listen(run.texts.reply())))
        await asyncio.sleep(1)
    await asyncio.gather(*chats)
    for task in reading:
        task.cancel()
    await asyncio.gather(*reading, return_exceptions=True)


async def overload(run: Run) -> None:
    """Half a minute of replies at random moments, three times as many as can be spoken."""
    a_second = 3 * run.setup.cores / (0.62 * run.setup.slowness)
    asked, end = [], time.monotonic() + 30
    while time.monotonic() < end:
        asked.append(asyncio.create_task(run.listen(run.texts.sentence())))
        await asyncio.sleep(run.random.expovariate(a_second))
    await asyncio.gather(*asked)


CASES: Final[dict[str, Case]] = {
    "alone": crowd(1, 10),
    "page": pages(1, 1500),
    "crowd4": crowd(4, 5),
    "listen4": crowd(4, 8, plays=True),
    **{f"pages{number}": pages(number) for number in (3, 4, 5, 6, 8)},
    "readers": readers,
    "overload": overload,
}


async def run(case: Case, setup: Setup) -> Run:
    """One case."""
    inference.pool.slot.WorkerProcess = SimulatedWorker  # type: ignore[attr-defined,assignment]
    speech = WorkerSpec("speech")
    wide = replace(speech, alone_threads=setup.alone_threads)
    workers = (WorkerSpec("text"), wide, *[speech] * (setup.cores - 1))
    cores = Cores(setup.cores)
    async with Pool(PoolConfig(workers, queue_s=setup.queue_s, cost=0.125 * setup.slowness)) as pool:
        this = Run(setup, pool, cores, Texts(setup.seed), random.Random(setup.seed))  # noqa: S311 - no secrets
        SimulatedWorker.run_of = this
        await asyncio.sleep(0)
        began = time.monotonic()
        await case(this)
        this.total_s = time.monotonic() - began
    return this


def summary(runs: list[Run]) -> str:
    """All runs of a case in a line."""
    firsts_s = [first_s for one in runs for first_s in one.firsts_s]
    audio_s = sum(one.audio_s for one in runs)
    gap_s = sum(sum(one.gaps_s) for one in runs) / len(firsts_s)
    return (
        f"first sound {median(firsts_s) * 1000:5.0f} / {percentile(firsts_s, 0.95) * 1000:5.0f} ms"
        f" | with gaps {sum(one.with_gaps for one in runs):3}/{len(firsts_s):3} ({gap_s:.2f} s a reply)"
        f" | runs without {sum(not one.gaps_s for one in runs)}/{len(runs)}"
        f" | audio {audio_s / sum(one.total_s for one in runs):5.2f} s a second"
        f" | CPU {sum(one.cores.busy_s for one in runs) / audio_s:.3f}"
        f" | refused {sum(one.refused for one in runs)}"
    )
