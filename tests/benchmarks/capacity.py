"""What a fleet carries, on paper and simulated: `python -m tests.benchmarks.capacity`, half a minute.

    python -m tests.benchmarks.capacity                     how many listeners and pages, by the number of machines
    python -m tests.benchmarks.capacity --policies          the rule of the fleet beside others, with and without Redis
    python -m tests.benchmarks.capacity --bounds            how far behind a favourite may be
    python -m tests.benchmarks.capacity --limits            where the next limit lies: doors, Redis, network
    python -m tests.benchmarks.capacity --loss              the minute after a machine of ten has died

Any figure of `capacity.toml` can be given another value: `listener.repeats=0 machine.slowness=2.2`. A fleet carries as
many as hear the first sound within a second (p95) and 99 of 100 replies without a gap.
"""

from __future__ import annotations

import argparse
import ast
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.observe.percentile import percentile
from tests.benchmarks.capacity_model import Costs, simulate
from tests.benchmarks.capacity_policies import POLICIES, Ours

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.benchmarks.capacity_model import Heard, Policy

FIRST_S: Final = 1.0
GAPS: Final = 0.01
FLEETS: Final = {1: 2400.0, 3: 900.0, 10: 300.0, 100: 60.0, 1000: 15.0}
"""Numbers of machines, and simulated seconds once a fleet is warm."""

_SEARCHED: Final = 10

WARM_S: Final = 20.0
WARM_PAGES_S: Final = 110.0
"""Until as many pages end as begin."""


def read(changes: list[str]) -> dict[str, Any]:
    """The figures, with `TABLE.NAME=VALUE` in place of some."""
    figures = tomllib.loads(Path(__file__).with_name("capacity.toml").read_text(encoding="utf-8"))
    for change in changes:
        name, _, value = change.partition("=")
        table, _, key = name.partition(".")
        assert key in figures[table], f"there is no {name}"
        figures[table][key] = ast.literal_eval(value)
    return figures


def is_kept(heard: Heard) -> bool:
    """Whether what is promised was kept."""
    return percentile(heard.firsts_s, 0.95) < FIRST_S and heard.with_gaps <= GAPS * heard.replies


def run(
    figures: Mapping[str, Any], machines: int, policy: Policy, people: float, pages: float, seconds: float
) -> Heard:
    """So many on each machine: people in a chat, and readers of pages."""
    warm_s = WARM_PAGES_S if pages else WARM_S
    seconds = max(seconds, 200.0) if pages else seconds
    counts = round(people * machines), round(pages * machines)
    return simulate(figures, machines, policy, *counts, seconds=seconds, warm_s=warm_s)


def most(
    figures: Mapping[str, Any],
    machines: int,
    policy: Callable[[], Policy],
    pages: float,
    seconds: float,
    upto: float,
) -> float:
    """The most for each machine for whom the promise is kept, by halves; `pages` is their share."""
    low, high = 0.0, upto
    while high - low > max(upto / 64, 1 / machines):
        count = (low + high) / 2
        if is_kept(run(figures, machines, policy(), count * (1 - pages), count * pages, seconds)):
            low = count
        else:
            high = count
    return low


def row(*cells: object) -> None:
    """A row of a table in Markdown."""
    print("|", " | ".join(map(str, cells)), "|", flush=True)


def heading(*cells: str) -> None:
    """The head of a table in Markdown."""
    row(*cells)
    row(*("---" for _ in cells))


def firsts(heard: Heard) -> str:
    """Median and 95th percentile of the first sound."""
    return ", ".join(f"{1000 * percentile(heard.firsts_s, part):.0f} ms" for part in (0.5, 0.95))


def from_memory(heard: Heard) -> str:
    """Share of the repeats that met the memory of their machine."""
    return f"{heard.local / heard.repeats:.0%}" if heard.repeats else "-"


def keeps(heard: Heard) -> str:
    """Share of the replies with a gap."""
    return f"{heard.with_gaps / max(heard.replies, 1):.1%}"


def listeners_a_machine(figures: Mapping[str, Any]) -> float:
    """Listeners whose replies a machine can just speak, if none repeats."""
    speed = figures["machine"]["workers"] / Costs.of(figures["machine"]).second
    chat = figures["listener"]
    return float(speed * (chat["reply_s"] + chat["think_s"]) / chat["reply_s"])


def by_machines(figures: Mapping[str, Any]) -> None:
    """How many a fleet carries. Of a large one, only listeners are run, as many for each machine as ten carry.

    What is multiplied up without a run is in brackets.
    """
    share, upto = figures["mix"]["pages"] / (1 + figures["mix"]["pages"]), 2 * listeners_a_machine(figures)
    heading(
        "machines", "listeners", "pages", "listeners + pages", "first sound, p50, p95", "from memory", "gaps"
    )
    chat = page = mixed = 0.0
    for machines, seconds in FLEETS.items():
        if machines <= _SEARCHED:
            chat, page, mixed = (
                most(figures, machines, Ours, part, seconds, upto) for part in (0.0, 1.0, share)
            )
        heard = run(figures, machines, Ours(), chat, 0, seconds)
        pages = f"{page * machines:,.0f}"
        both = f"{mixed * (1 - share) * machines:,.0f} + {mixed * share * machines:,.0f}"
        if machines > _SEARCHED:
            pages, both = f"({pages})", f"({both})"
        counts = f"{chat * machines:,.0f}", pages, both
        row(f"{machines:,}", *counts, firsts(heard), from_memory(heard), keeps(heard))


def by_policy(figures: Mapping[str, Any]) -> None:
    """The rule beside others, for a hundred machines."""
    alone = {**figures, "cache": {**figures["cache"], "remote_s": 0}}
    upto, machines = 2 * listeners_a_machine(figures), 100
    heading("rule", "Redis", "listeners", "first sound, p50, p95", "from memory", "gaps at nine tenths")
    for name, policy in POLICIES.items():
        for redis, these in (("yes", figures), ("no", alone)):
            chat = most(these, machines, policy, 0.0, FLEETS[machines], upto)
            heard = run(these, machines, policy(), 0.9 * chat, 0, FLEETS[machines])
            row(name, redis, f"{chat * machines:,.0f}", firsts(heard), from_memory(heard), keeps(heard))


def by_bound(figures: Mapping[str, Any]) -> None:
    """How far behind a favourite may be, at the same load for all."""
    heading("bound", "first sound, p50, p95", "from memory", "gaps")
    chat = 0.9 * most(
        figures, 100, POLICIES["power of two"], 0.0, FLEETS[100], 2 * listeners_a_machine(figures)
    )
    for bound_s in (0.0, 0.25, 0.5, 1.0, 2.0, 4.0):
        heard = run(figures, 100, Ours(bound_s), chat, 0, FLEETS[100])
        row(f"{bound_s:g} s", firsts(heard), from_memory(heard), keeps(heard))


def by_loss(figures: Mapping[str, Any]) -> None:
    """What the minute after a loss is like, for ten machines at several loads."""
    heading("load", "replies broken", "first sound, p50, p95", "gaps")
    chat = most(figures, 10, Ours, 0.0, FLEETS[10], 2 * listeners_a_machine(figures))
    for load in (0.6, 0.7, 0.8, 0.9):
        people = round(load * chat * 10)
        heard = simulate(figures, 10, Ours(), people, 0, seconds=60, warm_s=WARM_S, lose=1)
        row(f"{load:.0%}", f"{heard.lost} of {people} heard", firsts(heard), keeps(heard))


def by_limit(figures: Mapping[str, Any]) -> None:
    """What doors, Ray's controller and Redis have to do for a fleet at its limit: how many of each it needs."""
    chat = most(figures, 10, Ours, 0.0, FLEETS[10], 2 * listeners_a_machine(figures))
    hit = run(figures, 10, Ours(), chat, 0, FLEETS[10])
    heading("machines", "POSTs a second", *(f"Gbit/s, {name}" for name in figures["network"]["kilobits"]),
            "doors by connections", "doors by CPU", "controller", "Redis: operations a second, Gbit/s")  # fmt: skip
    for machines in FLEETS:
        row(f"{machines:,}", *limits(figures, machines, chat * machines, hit))


def limits(figures: Mapping[str, Any], machines: int, people: float, heard: Heard) -> list[str]:
    """One fleet's row of `by_limit`."""
    door, controller, redis = (figures[name] for name in ("door", "controller", "redis"))
    posts = people / (figures["listener"]["reply_s"] + figures["listener"]["think_s"])
    sound_s = posts * figures["listener"]["reply_s"]
    wires = (sound_s * kilobits / 1e6 for kilobits in figures["network"]["kilobits"].values())
    question_s = door["post_cpu_s"] + door["asked_of_each_s"] * machines
    reports = machines / figures["fleet"]["report_every_s"]
    told = min(reports, 10.0) * machines
    # what was not in memory is asked for, and what was in neither is written
    local = heard.local / max(len(heard.firsts_s), 1)
    remote = heard.remote / max(len(heard.firsts_s), 1)
    operations = posts * ((1 - local) + (1 - local - remote))
    moved = posts * (1 - local) * redis["value_bytes"] * 8 / 1e9
    return [
        f"{posts:,.0f}",
        *(f"{gigabits:.2f}" for gigabits in wires),
        f"{people / door['connections']:.2f}",
        f"{posts * question_s:.2f}",
        f"{reports * controller['report_cpu_s'] + told * controller['told_cpu_s']:.1%}",
        f"{operations:,.0f} ({operations / redis['operations']:.1%}), {moved:.2f}",
    ]


MODES: Final[dict[str, Callable[[Mapping[str, Any]], None]]] = {
    "policies": by_policy,
    "bounds": by_bound,
    "limits": by_limit,
    "loss": by_loss,
}


def main() -> None:
    """Read the options and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    mode = parser.add_mutually_exclusive_group()
    for name in MODES:
        mode.add_argument(f"--{name}", action="store_true")
    parser.add_argument("changes", nargs="*", help="TABLE.NAME=VALUE of capacity.toml")
    options = parser.parse_args()
    chosen = next((do for name, do in MODES.items() if getattr(options, name)), by_machines)
    chosen(read(options.changes))


if __name__ == "__main__":
    main()
