"""`kokoro-gateway phonemes`: the text worker's own program, for espeak has no place in this one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable


def print_phonemes(arguments: Iterable[str]) -> NoReturn:
    """Go on as that program, with these arguments of the command line."""
    program = [sys.executable, "-P", "-m", "inference.text.phonemes", *arguments]
    home = str(Path(__file__).resolve().parents[2])
    os.execve(sys.executable, program, os.environ | {"PYTHONPATH": home})  # noqa: S606 - no shell
