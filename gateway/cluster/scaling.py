"""How many machines a load needs, so that what is promised holds: up fast, down slowly, and never by CPU. Pure.

A machine that speaks is as busy with one listener as with ten, and its CPU says the same of both. What counts is the
work: what is being done all the time, and what waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, TypeAlias

    from ray.serve.config import AutoscalingContext

    Step: TypeAlias = tuple[float, int]
    """So many machines are needed from this moment on."""

BUSY: Final = 0.6
"""Share of its time for which a machine may speak.

Ten that speak for 0.63 of it have a gap in 1 of 100 replies: `python -m tests.benchmarks.capacity`.
"""

_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class Promise:
    """What is promised to listeners, and how soon machines follow. Seconds."""

    wait_s: float = 2.0
    """All that waits is spoken within this."""

    up_s: float = 5.0
    """For so long more machines must be needed before one is added."""

    down_s: float = 300.0
    """For so long fewer must be needed before one is let go."""


@dataclass(frozen=True)
class Load:
    """What a machine reports of itself."""

    busy: float
    """Share of its speech workers that speak, 0 to 1."""

    work_s: float
    """Seconds that it would take to do all that it has to do."""


def needed(loads: Iterable[Load], wait_s: float) -> int:
    """Machines that the load needs: for what is spoken all the time, or to do what waits within `wait_s`."""
    loads = tuple(loads)
    lasting = sum(load.busy for load in loads) / BUSY
    waiting = sum(load.work_s for load in loads) / wait_s
    return max(ceil(max(lasting, waiting) - _ROUNDING), 1)


def follow(steps: Sequence[Step], needed: int, now: float, down_s: float) -> list[Step]:
    """The steps with the newest, and without those that are older than anybody asks for."""
    changed = [] if steps and steps[-1][1] == needed else [(now, needed)]
    begun = [index for index, (at, _) in enumerate(steps) if at <= now - down_s]
    return [*steps[begun[-1] if begun else 0 :], *changed]


def wanted(steps: Sequence[Step], current: int, now: float, promise: Promise) -> int:
    """Machines there should be: no fewer than were needed all the last while, no more than at any time of a longer one.

    It never goes up and down again in less than `down_s`, for the least of a short while is no more than the most of a
    longer one which that is the end of.
    """
    lowest = min(_within(steps, now - promise.up_s, current))
    highest = max(_within(steps, now - promise.down_s, current))
    return min(max(current, lowest), highest)


def _within(steps: Sequence[Step], since: float, before: int) -> list[int]:
    """What was needed since then; `before` the first step, which nobody has watched."""
    begun = [count for at, count in steps if at <= since]
    return [begun[-1] if begun else before, *(count for at, count in steps if at > since)]


class ByPromise:
    """The rule as Ray's policy for scaling. Lives as long as the deployment's configuration.

    Ray's own delays must be 0. The figures are those of `Replica.record_autoscaling_stats`.
    """

    def __init__(self, wait_s: float, up_s: float, down_s: float) -> None:
        self._promise = Promise(wait_s, up_s, down_s)

    def __call__(self, context: AutoscalingContext) -> tuple[int, dict[str, Any]]:
        """Machines there should be, and what to remember; Ray keeps to the least and most that are configured."""
        figures = context.aggregated_metrics or {}
        work_s = figures.get("work_s", {})
        loads = [Load(busy, work_s.get(replica, 0.0)) for replica, busy in figures.get("busy", {}).items()]
        now, current = context.current_time or 0.0, context.target_num_replicas
        if not loads:  # nobody has reported yet, or reports do not come: nothing is known
            return current, dict(context.policy_state)
        need = needed(loads, self._promise.wait_s)
        steps = follow(context.policy_state.get("needed", ()), need, now, self._promise.down_s)
        return wanted(steps, current, now, self._promise), {"needed": steps}
