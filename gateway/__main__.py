"""The program, `kokoro-gateway`. All but one command is in `gateway.cli`, which takes 0.4 s to load."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gateway.tools.phonemes import print_phonemes


def main() -> None:
    """Run what was typed."""
    _open_standard_streams()
    if sys.argv[1:2] == ["phonemes"]:
        print_phonemes(sys.argv[2:])
    from gateway.cli import main as run  # noqa: PLC0415 - whoever writes pronunciations need not wait for it

    run()


def _open_standard_streams() -> None:
    """Put nothing where one of the three is closed: libuv ends a program that gets such a descriptor for a socket."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            setattr(sys, name, Path(os.devnull).open("r" if name == "stdin" else "w"))  # noqa: SIM115 - to the end


if __name__ == "__main__":
    main()
