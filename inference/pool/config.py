"""PoolConfig: how many workers of which kind, and how long things may take. Knows no process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inference.protocol import Role, WorkerSpec


@dataclass(frozen=True)
class PoolConfig:
    """What a pool is opened with. Lives as long as that."""

    workers: tuple[WorkerSpec, ...]
    start_timeout_s: float = 120
    """Longest start of a worker, seconds."""

    job_timeout_s: float = 60
    """Longest time that a worker may take for a job of speech, seconds."""

    text_timeout_s: float = 10
    """Longest time that the text worker may take for a stretch, seconds. Most take 0.05, the first Chinese 3 to 8."""

    queue_s: float = 20
    """Longest wait that a new request is admitted to, seconds."""

    cost: float | None = None
    """CPU seconds of one thread for a second of audio, where that was measured."""

    idle_s: float = 0
    """Seconds without a request after which the speech workers are ended until the next one; 0: never."""

    worker_bytes: int = 0
    """Resident memory past which a worker is replaced between two jobs; 0: never."""

    def timeout_s(self, role: Role) -> float:
        """Longest time that a worker of this role may take for a job, seconds."""
        return self.text_timeout_s if role == "text" else self.job_timeout_s
