"""The tables of `data/`: words, units, signs, by language or by use. Knows nothing of what is in them."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any


def tables(name: str) -> dict[str, Any]:
    """Those of `data/NAME.toml`."""
    return tomllib.loads(files("inference.text").joinpath(f"data/{name}.toml").read_text(encoding="utf-8"))
