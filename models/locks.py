"""A lock on an open file is worth something only while the file still has its name. Knows neither files nor holders."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def is_at(path: Path, descriptor: int) -> bool:
    """Whether the open file is the one at this path: the last holder may have removed it, and another made anew."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
