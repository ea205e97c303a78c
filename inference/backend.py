"""Backend: what a gateway needs of whatever speaks for it. Knows no process and no queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from inference.pool.lease import Lease
    from inference.pool.pool import PoolStatus


class Backend(Protocol):
    """The pool of this machine, or what stands for several. Open before the application begins, and after it ends."""

    @property
    def is_ready(self) -> bool:
        """True while requests are taken and there is, or will be in a moment, a worker for each part of one."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that can be read."""

    @property
    def cost(self) -> float | None:
        """CPU seconds of one thread for a second of audio, where that was measured."""

    def status(self) -> PoolStatus:
        """What there is, at this moment, for an operator."""

    def lease(self, request_id: str, tokens: int) -> Lease:
        """Admit a request of about `tokens` tokens.

        Raises:
            PoolSaturated: it would have to wait for too long.
            PoolClosed: no requests are taken any more.
        """

    def drain(self) -> None:
        """Take no new requests; those that hold a lease go on."""

    async def replace(self) -> None:
        """Replace every worker, losing no request."""
