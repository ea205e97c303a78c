"""The account of a soak: what became of every request and turn, and what must not be. Knows figures; asks no server."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from operator import attrgetter
from statistics import median
from typing import TYPE_CHECKING, Final

from rich.table import Table

from gateway.observe.percentile import percentile
from gateway.tools.trend import Trend

if TYPE_CHECKING:
    from collections.abc import Mapping

MORE_FILES: Final = 3
"""Open files more at the end than at the start that are no leak: a log that is reopened, a connection kept alive."""

_SLOW_HEALTH_S: Final = 0.1

_MORE_MEMORY: Final = 0.25
_MORE: Final = 3
"""How much a figure may grow: memory by a share of itself, what is counted by so many."""


@dataclass(frozen=True)
class Held:
    """What the server held at one moment."""

    at_s: float
    memory_mb: float
    """Proportional set size of all its processes, less the cache, which has a limit of its own."""

    gateway_mb: float
    """The same of its first one, where connections, contexts and leases are."""

    files: int
    """Open in the first one."""

    leases: int
    """Requests and turns that are being spoken or sent, or wait to be."""

    contexts: int
    """Texts of sockets that have not ended."""


_FIGURES: Final[Mapping[str, str]] = {
    "memory_mb": "memory (PSS) less the cache, MB",
    "gateway_mb": "the same of the gateway's process, MB",
    "files": "open files",
    "leases": "leases",
    "contexts": "contexts",
}
"""What is watched for growth."""


@dataclass
class Account:
    """What became of every request. Lives as long as one soak."""

    minutes: float
    outcomes: Counter[str] = field(default_factory=Counter)
    """Requests of listeners, by how they ended."""

    turns: Counter[str] = field(default_factory=Counter)
    """Turns of the talker, by how they ended."""

    sockets: int = 0
    """That the talker has opened: one, unless a fault was told on it."""

    hostile: Counter[str] = field(default_factory=Counter)
    """What hostile clients did, and what came of it."""

    unexplained: Counter[str] = field(default_factory=Counter)
    """What nobody should have seen, by what it was."""

    disturbances: Counter[str] = field(default_factory=Counter)
    """What was done to the server itself."""

    first_s: list[float] = field(default_factory=list)
    final_s: list[float] = field(default_factory=list)
    """From breaking in to the last message of a turn."""

    health_s: list[float] = field(default_factory=list)
    """How long each answer of /health took, seen from a process that does nothing else."""

    audio_s: float = 0.0
    held: list[Held] = field(default_factory=list)
    """Looked at every few seconds."""

    files: list[int] = field(default_factory=list)
    """Before the first client came, and after the last one had gone."""

    left: int = 0
    """Leases and contexts after that."""

    @property
    def faults(self) -> list[str]:
        """What must not be; empty when all went well."""
        found = [f"{count} times {what}" for what, count in sorted(self.unexplained.items())]
        if not self.outcomes["spoken whole"]:
            found.append("nothing was spoken")
        if self.outcomes["short"]:
            found.append(f"{self.outcomes['short']} requests short")
        found += [f"{self.turns[how]} turns {how}" for how in ("short", "lost") if self.turns[how]]
        if self.left:
            found.append(f"{self.left} leases and contexts still held when all clients had gone")
        if self.files[-1] > self.files[0] + MORE_FILES:
            found.append(f"open files grew from {self.files[0]} to {self.files[-1]}")
        found += self._grown()
        if self.health_p99_s > _SLOW_HEALTH_S:
            found.append(f"/health took {self.health_p99_s * 1000:.0f} ms (p99)")
        return found

    @property
    def health_p99_s(self) -> float:
        """What 99 of 100 answers of /health do not exceed."""
        return percentile(self.health_s, 0.99) if self.health_s else 0.0

    @property
    def trends(self) -> dict[str, Trend]:
        """Of all that the server held, under load and disturbances."""
        times_s = [held.at_s for held in self.held]
        return {name: Trend.of(times_s, list(map(attrgetter(name), self.held))) for name in _FIGURES}

    def as_dict(self) -> dict[str, object]:
        """For machines."""
        values = dict(vars(self))
        for name in ("first_s", "final_s", "health_s", "held"):
            del values[name]
        return values | {
            "first_audio_p50": median(self.first_s) if self.first_s else None,
            "first_audio_p95": percentile(self.first_s, 0.95) if self.first_s else None,
            "final_p95": percentile(self.final_s, 0.95) if self.final_s else None,
            "health_p50": median(self.health_s) if self.health_s else None,
            "health_p99": self.health_p99_s,
            "held": {name: asdict(trend) for name, trend in self.trends.items()},
            "faults": self.faults,
        }

    def as_table(self) -> Table:
        """For people."""
        table = Table("soak", f"{self.minutes:g} minutes", box=None)
        counted = ((self.outcomes, "requests "), (self.turns, "turns "), (self.hostile, ""))
        for counts, prefix in (*counted, (self.disturbances, "")):
            for name, count in sorted(counts.items()):
                table.add_row(f"{prefix}{name}", str(count))
        table.add_row("sockets that the turns needed", str(self.sockets))
        table.add_row("audio", f"{self.audio_s:.0f} s")
        if self.first_s:
            table.add_row("first audio p50 / p95", _p50_p95(self.first_s))
        if self.final_s:
            table.add_row("last message after breaking in p50 / p95", _p50_p95(self.final_s))
        if self.health_s:
            health = f"{median(self.health_s) * 1000:.0f} / {self.health_p99_s * 1000:.0f} ms"
            table.add_row(f"/health p50 / p99 of {len(self.health_s)}", health)
        for name, trend in self.trends.items():
            table.add_row(f"{_FIGURES[name]}: line from / to", f"{trend.begin:.1f} / {trend.end:.1f}")
        table.add_row("open files before / after", f"{self.files[0]} / {self.files[-1]}")
        table.add_row("faults", "; ".join(self.faults) or "none")
        return table

    def _grown(self) -> list[str]:
        return [
            f"{_FIGURES[name]}: grew from {trend.begin:.0f} to {trend.end:.0f}"
            for name, trend in self.trends.items()
            if trend.sure_growth > (_MORE_MEMORY * trend.begin if name.endswith("_mb") else _MORE)
        ]


def _p50_p95(seconds: list[float]) -> str:
    return f"{median(seconds) * 1000:.0f} / {percentile(seconds, 0.95) * 1000:.0f} ms"
