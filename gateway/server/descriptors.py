"""File descriptors: as many as all connections need, where the machine allows it. Knows limits; knows no socket."""

from __future__ import annotations

import logging
import resource
from typing import Final

logger = logging.getLogger(__name__)

_BESIDE_CONNECTIONS: Final = 1024
"""For the workers, of which there may be 256 with a socket and a pipe each, and as many that replace them."""


def allow_descriptors(connections: int) -> None:
    """Raise this process's soft limit to what so many connections need; a shell on macOS starts us with 256."""
    wanted = connections + _BESIDE_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        logger.warning("few_descriptors", extra={"descriptors": allowed})
