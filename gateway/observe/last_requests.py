"""The last speech requests and where their time went, for those who watch. Never a text, a key or an address."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gateway.speech.record import RequestRecord

MOST: Final = 50
"""Requests that are remembered: 25 kB of them."""

SHOWN: Final = frozenset(
    {
        "request_id", "path", "status", "outcome", "voice", "language", "format", "characters", "segments",
        "cache", "cache_tier", "retries", "queue_ms", "phonemes_ms", "inference_ms", "encode_ms", "send_ms", "ttfa_ms",
        "total_ms", "audio_s", "rtf", "underruns",
    }
)  # fmt: skip
"""Fields of the record that are shown, and no others: whatever a record learns to hold stays in the log."""


class LastRequests:
    """A ring of them. Lives as long as the application; only its event loop may use it."""

    def __init__(self) -> None:
        self._ended: deque[dict[str, Any]] = deque(maxlen=MOST)
        self._count = 0

    def note(self, record: RequestRecord) -> None:
        """Take in a speech request that has ended."""
        self._count += 1
        shown = {name: value for name, value in record.line().items() if name in SHOWN}
        self._ended.append({"number": self._count, "ended_at": round(time.time(), 3)} | shown)

    def after(self, number: int) -> list[dict[str, Any]]:
        """Those that ended after the one of this number, oldest first; `number` counts from 1 since the start."""
        return [request for request in self._ended if request["number"] > number]
