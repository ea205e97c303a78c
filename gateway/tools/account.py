"""The account of a soak: what became of every request, and what must not be. Knows figures; asks no server."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from rich.table import Table

from gateway.observe.percentile import percentile

MORE_FILES: Final = 3
"""Open files more at the end than at the start that are no leak: a log that is reopened, a connection kept alive."""

_MORE_MEMORY: Final = 1.25
_SLOW_HEALTH_S: Final = 0.1


@dataclass
class Account:
    """What became of every request. Lives as long as one soak."""

    minutes: float
    outcomes: Counter[str] = field(default_factory=Counter)
    """Requests of listeners, by how they ended."""

    hostile: Counter[str] = field(default_factory=Counter)
    """What hostile clients did, and what came of it."""

    unexplained: Counter[str] = field(default_factory=Counter)
    """What nobody should have seen, by what it was."""

    disturbances: Counter[str] = field(default_factory=Counter)
    """What was done to the server itself."""

    first_s: list[float] = field(default_factory=list)
    health_s: list[float] = field(default_factory=list)
    """How long each answer of /health took, seen from a process that does nothing else."""

    audio_s: float = 0.0
    memory_mb: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    jobs_left: int = 0

    @property
    def faults(self) -> list[str]:
        """What must not be; empty when all went well."""
        found = [f"{count} times {what}" for what, count in sorted(self.unexplained.items())]
        if not self.outcomes["spoken whole"]:
            found.append("nothing was spoken")
        if self.outcomes["short"]:
            found.append(f"{self.outcomes['short']} requests short")
        if self.jobs_left:
            found.append(f"{self.jobs_left} requests still held when all clients had gone")
        if self.files[-1] > self.files[0] + MORE_FILES:
            found.append(f"open files grew from {self.files[0]} to {self.files[-1]}")
        early, late = self._quarter(first=True), self._quarter(first=False)
        if late > early * _MORE_MEMORY:
            found.append(f"memory grew from {early:.0f} to {late:.0f} MB")
        if self.health_p99_s > _SLOW_HEALTH_S:
            found.append(f"/health took {self.health_p99_s * 1000:.0f} ms (p99)")
        return found

    @property
    def health_p99_s(self) -> float:
        """What 99 of 100 answers of /health do not exceed."""
        return percentile(self.health_s, 0.99) if self.health_s else 0.0

    def as_dict(self) -> dict[str, object]:
        """For machines."""
        values = dict(vars(self))
        first_s, health_s = values.pop("first_s"), values.pop("health_s")
        return values | {
            "first_audio_p50": median(first_s) if first_s else None,
            "first_audio_p95": percentile(first_s, 0.95) if first_s else None,
            "health_p50": median(health_s) if health_s else None,
            "health_p99": self.health_p99_s,
            "faults": self.faults,
        }

    def as_table(self) -> Table:
        """For people."""
        table = Table("soak", f"{self.minutes:g} minutes", box=None)
        for counts, prefix in ((self.outcomes, "requests "), (self.hostile, ""), (self.disturbances, "")):
            for name, count in sorted(counts.items()):
                table.add_row(f"{prefix}{name}", str(count))
        table.add_row("audio", f"{self.audio_s:.0f} s")
        if self.first_s:
            first = f"{median(self.first_s) * 1000:.0f} / {percentile(self.first_s, 0.95) * 1000:.0f} ms"
            table.add_row("first audio p50 / p95", first)
        if self.health_s:
            health = f"{median(self.health_s) * 1000:.0f} / {self.health_p99_s * 1000:.0f} ms"
            table.add_row(f"/health p50 / p99 of {len(self.health_s)}", health)
        least_most = f"{min(self.memory_mb):.0f} / {max(self.memory_mb):.0f} MB"
        table.add_row("memory (PSS) least / most", least_most)
        table.add_row("open files at start / end", f"{self.files[0]} / {self.files[-1]}")
        table.add_row("faults", "; ".join(self.faults) or "none")
        return table

    def _quarter(self, *, first: bool) -> float:
        """The median of the first or of the last quarter of what was seen of the memory."""
        size = max(1, len(self.memory_mb) // 4)
        return median(self.memory_mb[:size] if first else self.memory_mb[-size:])
