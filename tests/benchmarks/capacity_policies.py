"""Rules for which simulated machine is sent a request: that of the fleet itself, and others beside it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

from gateway.cluster.routing import BOUND_S, Machine, order
from tests.benchmarks.capacity_model import Policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.capacity_model import Fleet, Host


class RoundRobin(Policy):
    """One after the other."""

    def __init__(self) -> None:
        self._turn = count()

    def choose(self, fleet: Fleet, router: int, key: int, sound_s: float) -> int:
        """The next."""
        return fleet.up[next(self._turn) % len(fleet.up)]


class LeastConnections(Policy):
    """Where this door has the fewest requests; in turn among equals, as HAProxy does."""

    def __init__(self) -> None:
        self._turn = count()

    def choose(self, fleet: Fleet, router: int, key: int, sound_s: float) -> int:
        """The one with the fewest."""
        open_, turn = fleet.open[router], next(self._turn) % len(fleet.up)
        return min(fleet.up[turn:] + fleet.up[:turn], key=open_.__getitem__)


class PowerOfTwo(Policy):
    """Of two at random the one with fewer requests in flight, which are asked for: what Ray does by itself."""

    def choose(self, fleet: Fleet, router: int, key: int, sound_s: float) -> int:
        """The better of two."""
        two = (fleet.random.choice(fleet.up), fleet.random.choice(fleet.up))
        return min(two, key=lambda place: len(fleet.hosts[place].streams))


class Ours(Policy):
    """The rule of gateway/cluster/routing.py, with reports as old as they are."""

    def __init__(self, bound_s: float = BOUND_S) -> None:
        self._bound_s = bound_s
        self._machines: list[list[Machine]] = []

    def begin(self, fleet: Fleet) -> None:
        """Have every machine report now and then."""
        self._machines = [
            [Machine(f"machine {host.place}") for host in fleet.hosts] for _ in range(fleet.routers)
        ]
        for host in fleet.hosts:
            fleet.clock.after(fleet.random.uniform(0, fleet.report_every_s), self._report, fleet, host)

    def _report(self, fleet: Fleet, host: Host) -> None:
        fleet.clock.after(fleet.report_late_s, self._arrive, fleet, host, host.work_s, fleet.clock.now)
        fleet.clock.after(fleet.report_every_s * fleet.random.uniform(0.9, 1.1), self._report, fleet, host)

    def _arrive(self, fleet: Fleet, host: Host, work_s: float, taken_at: float) -> None:
        for machines in self._machines:
            machines[host.place].report(work_s, fleet.speed, taken_at, fleet.clock.now)

    def choose(self, fleet: Fleet, router: int, key: int, sound_s: float) -> int:
        """What the rule says."""
        machines, now = self._machines[router], fleet.clock.now
        if len(fleet.up) == len(machines):
            chosen = order(key, machines, now, self._bound_s)[0]
        else:
            chosen = order(key, [machines[place] for place in fleet.up], now, self._bound_s)[0]
        chosen.send(min(sound_s, fleet.ahead_s), now)
        return int(chosen.name.rpartition(" ")[2])


POLICIES: Final[dict[str, Callable[[], Policy]]] = {
    "round robin": RoundRobin,
    "least connections": LeastConnections,
    "power of two": PowerOfTwo,
    "hash and work": Ours,
}
