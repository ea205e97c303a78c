"""The modules of the product, by name, and on which side of the socket each stands."""

from __future__ import annotations

from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gateway", "inference", "models")
WORKER_SIDE = ("inference.worker", "inference.engine", "inference.text")


@cache
def modules() -> dict[str, Path]:
    """Every module of the three packages by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = path
    return found


def is_worker_side(name: str) -> bool:
    """True for what runs in a worker process, never in the gateway's."""
    return name.startswith(WORKER_SIDE)
