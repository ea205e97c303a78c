"""The one percentile, for the status, the benchmarks and the soak. Knows numbers only."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


def percentile(values: Collection[float], share: float) -> float:
    """The smallest of the values that `share` of them do not exceed (nearest rank): one that was really measured.

    Raises:
        IndexError: there are none.
    """
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]
