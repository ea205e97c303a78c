"""This version against another, interleaved in one run: `python -m tests.benchmarks.versions CHECKOUT [ROUNDS]`.

CHECKOUT is a clone at the other version; both run with this environment's packages and stand ready all the time.
No text comes twice. Prints figures and their ratio.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

from rich.console import Console

from gateway.tools.bench import own_server
from tests.benchmarks.sides import Side, compared, take_turns

HERE: Final = Path(__file__).parents[2]


def main() -> None:
    """Measure and print."""
    checkout, rounds = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 4
    with own_server(checkout=checkout) as before, own_server(checkout=HERE) as now:
        other, this = Side(*before), Side(*now)
        asyncio.run(take_turns((other, this), rounds))
        Console(width=110).print(compared(("other", "this"), other.figures(), this.figures()))


if __name__ == "__main__":
    main()
