"""What a GPU is worth: the pool of 1, 4 and 8 workers on a provider, beside the same on the CPU of this machine.

    python -m tests.benchmarks.accelerator kokoro-v1.0.int8.onnx voices-v1.0.bin [cuda]

Speaks units of phonemes through the pool, without a server, so it needs neither espeak nor a text worker. No two units
are alike, so no two have the same length.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.table import Table

from gateway.observe.percentile import percentile
from inference import Pool, PoolConfig, Unit, WorkerSpec, profile, read_machine, render
from inference.engine.speech import WARM_UP
from models.derive.choose_graph import Recipe, choose
from models.derive.compare import SENTENCES, UNCOUNTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inference import HardwareProfile, Trial

WORDS = tuple(word for phonemes in (WARM_UP, UNCOUNTED[1], SENTENCES[0][1]) for word in phonemes[:-1].split())
WORKERS = (1, 4, 8)
ALONE_THREADS = 4
REPLY, SENTENCE = 9, 20
"""Words of a chat reply, 3 s, and of a long sentence, 6 s."""

ALONE, EACH = 12, 4
"""Replies one after the other, and sentences of each of the clients that keep every worker busy: two a worker."""


class Heard(NamedTuple):
    """One unit, as its listener had it; seconds, and the milliseconds that its score and first window took a worker."""

    first_s: float
    engine_ms: float
    audio_s: float


@dataclass(frozen=True)
class Figures:
    """What one pool showed."""

    trials: tuple[Trial, ...]
    alone: list[Heard]
    busy: list[Heard]
    busy_s: float
    gpu_mb: int


def units(words: int) -> Iterator[Unit]:
    """Units of about so many words each, without end and always the same ones."""
    chance = random.Random(words)  # noqa: S311 - no secret
    while True:
        phonemes = " ".join(chance.choices(WORDS, k=chance.randint(words - 2, words + 2)))
        yield Unit(f"{phonemes}.", (("af_heart", 1.0),), 1.0)


async def speak(pool: Pool, unit: Unit) -> Heard:
    """Speak one unit as for a listener who waits."""
    started = time.monotonic()
    lease = pool.lease("accelerator", len(unit.phonemes))
    pieces = [
        (time.monotonic() - started, piece.audio)
        async for piece in render(lease, unit, started, is_waited_for=True)
    ]
    lease.close()
    first_s, first = pieces[0]
    return Heard(first_s, first.elapsed_ms, sum(audio.seconds for _, audio in pieces))


async def measure(config: PoolConfig) -> Figures:
    """One listener alone, then two for each worker."""
    async with Pool(config) as pool:
        while any(worker.state == "starting" for worker in pool.status().workers):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.2)
        ready, replies, sentences = pool.ready("speech"), units(REPLY), units(SENTENCE)
        alone = [await speak(pool, next(replies)) for _ in range(ALONE)][1:]

        async def client() -> list[Heard]:
            return [await speak(pool, next(sentences)) for _ in range(EACH)]

        started = time.monotonic()
        busy = await asyncio.gather(*(client() for _ in range(2 * len(config.workers))))
        took_s = time.monotonic() - started
        return Figures(ready.trials if ready else (), alone, list(chain(*busy)), took_s, gpu_mb())


def gpu_mb() -> int:
    """Memory of the GPU that is taken, by whomever."""
    asked = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    try:
        return int(subprocess.run(asked, capture_output=True, check=True).stdout.split()[0])
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError):
        return 0


def pool_of(hardware: HardwareProfile, for_cpu: Path, for_others: Path, voices: Path) -> PoolConfig:
    """Speech workers alone, as the gateway starts them."""
    spec = WorkerSpec(
        "speech",
        model_path=str(for_others),
        cpu_model_path=str(for_cpu),
        voices_path=str(voices),
        threads=hardware.threads,
        arena_bytes=hardware.arena_bytes,
        providers=hardware.providers,
        provider_is_forced=True,
        cache_dir=tempfile.gettempdir(),
    )
    first, *others = (replace(spec, cpus=cpus) for cpus in hardware.affinity)
    return PoolConfig((replace(first, alone_threads=ALONE_THREADS), *others))


def row(name: str, hardware: HardwareProfile, figures: Figures) -> list[str]:
    """One pool in the table."""
    first, busy_first = [heard.first_s for heard in figures.alone], [heard.first_s for heard in figures.busy]
    return [
        name,
        f"{hardware.workers} x {hardware.threads}",
        f"{median(first) * 1000:.0f}",
        f"{percentile(first, 0.95) * 1000:.0f}",
        f"{median(heard.engine_ms for heard in figures.alone):.0f}",
        f"{percentile(busy_first, 0.95) * 1000:.0f}",
        f"{sum(heard.audio_s for heard in figures.busy) / figures.busy_s:.1f}",
        str(figures.gpu_mb or ""),
    ]


def main(model: Path, voices: Path, provider: str = "cuda") -> None:
    """Derive both graphs, then try each provider with each number of workers."""
    machine, console = read_machine(), Console(width=120)
    recipe = Recipe.for_machine(machine.architecture, machine.instruction_sets)
    columns = "provider|workers x threads|first sound, alone, ms|p95|of it engine|two a worker, p95|audio s/s|GPU MB"
    table = Table(*columns.split("|"), box=None)
    trials: list[Trial] = []
    with tempfile.TemporaryDirectory() as scratch:
        graphs = []
        for kind in (recipe, replace(recipe, is_accelerated=True)):
            choice = choose(model, Path(scratch), voices, recipe=kind, force="derived")
            console.print(f"{choice.kind} graph: {choice.reason}, {choice.cost} s for a second")
            graphs.append(choice.graph)
        for workers in WORKERS:
            for name in (provider, "cpu"):
                hardware = profile(machine, workers=workers, provider=name)
                figures = asyncio.run(measure(pool_of(hardware, graphs[0], graphs[1], voices)))
                table.add_row(*row(name, hardware, figures))
                console.print("measured:", *row(name, hardware, figures))
                trials += figures.trials[-1:] if workers == 1 else []
    console.print(table)
    for trial in trials:
        console.print(
            f"sound check: {trial.provider} {trial.outcome}, {trial.real_time_factor} s for a second"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
