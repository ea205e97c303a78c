"""What a rule of scheduling is worth, apart from the noise of a machine: `python -m tests.benchmarks.simulate`.

The source itself runs (planning, leases, queue, admission) on a clock that jumps from event to event; only workers,
cores and listeners are simulated, in `simulated.py`. A constant of the source can be given another value:

    python -m tests.benchmarks.simulate --slowness 2.2 --queue 2 inference.planning.windows._FIRST=80

Two seconds for all cases. `alone` and `page`: one listener; `crowd4`: four who ask again when the last byte has come,
`listen4`: when they have heard it; `pagesN`: N pages of 500 characters begun a second apart; `readers`: chat beside
eight pages that are more than the machine can speak; `overload`: three times the load.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import importlib
import selectors
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


class Clock:
    """Virtual time, which stands still while anything is computed. Lives as long as the program."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Jumping(selectors.SelectSelector):
    """Advances the clock in place of waiting. Lives as long as its event loop."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everybody waits for somebody else"
        self._clock.now += max(timeout, 0.0)
        return super().select(0)


def change(assignment: str) -> None:
    """Give a constant another value: `inference.planning.windows._FIRST=80`."""
    name, _, value = assignment.partition("=")
    path, _, constant = name.rpartition(".")
    module = importlib.import_module(path)
    assert hasattr(module, constant), f"there is no {name}"
    setattr(module, constant, ast.literal_eval(value))


def simulate(simulated: ModuleType, clock: Clock, options: argparse.Namespace) -> None:
    """Print a line for each case."""
    for name, case in simulated.CASES.items():
        if not name.startswith(options.only):
            continue
        found = []
        for seed in range(options.seeds):
            with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(Jumping(clock))) as runner:
                setup = simulated.Setup(options.cores, options.slowness, options.queue, options.alone, seed)
                found.append(runner.run(simulated.run(case, setup)))
        print(f"{name:9} {simulated.summary(found)}", flush=True)


def main() -> None:
    """Read the options, take the clock away from the source, and simulate."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--slowness", type=float, default=1.0, help="1: an EPYC with AVX-512 VNNI, undisturbed"
    )
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument(
        "--alone", type=int, default=2, help="threads for what is spoken alone; 0: no such session"
    )
    parser.add_argument("--queue", type=float, default=20, help="KOKORO_QUEUE_S")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--only", default="", help="cases that begin so")
    parser.add_argument("changes", nargs="*", help="MODULE.CONSTANT=VALUE")
    options = parser.parse_args()
    clock = Clock()
    time.monotonic = time.perf_counter = clock  # before the source is imported, which keeps them as defaults
    for assignment in options.changes:
        change(assignment)
    simulate(importlib.import_module("tests.benchmarks.simulated"), clock, options)


if __name__ == "__main__":
    main()
