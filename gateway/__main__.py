"""The program, `kokoro-gateway`. All but one command is in `gateway.cli`, which takes 0.4 s to load."""

from __future__ import annotations

import sys

from gateway.tools.phonemes import print_phonemes


def main() -> None:
    """Run what was typed."""
    if sys.argv[1:2] == ["phonemes"]:
        print_phonemes(sys.argv[2:])
    from gateway.cli import main as run  # noqa: PLC0415 - whoever writes pronunciations need not wait for it

    run()


if __name__ == "__main__":
    main()
