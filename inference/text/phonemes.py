"""What would be spoken of a text: `python -m inference.text.phonemes [--lang en-us] TEXT`, or `-` for lines of stdin.

For people who write pronunciations: needs no server and no model. Prints a line of phonemes for each line of text.
"""

from __future__ import annotations

import argparse
import sys
from typing import Final

from inference.errors import InferenceError
from inference.languages import language_named
from inference.text.phonemizer import Phonemizer

_MISUSED: Final = 2


def main() -> int:
    """Run the program; the exit code is 2 for a language that there is not."""
    parser = argparse.ArgumentParser(prog="kokoro-gateway phonemes", description=__doc__)
    parser.add_argument("--lang", default="en-us", help="language of the text, such as en-gb or pt")
    parser.add_argument("text", help="what is to be spoken, or - to read lines")
    arguments = parser.parse_args()
    try:
        code = language_named(arguments.lang).code
        phonemizer = Phonemizer()
        for line in sys.stdin if arguments.text == "-" else arguments.text.splitlines():
            print(phonemizer.phonemes(line.rstrip("\n"), code), flush=True)
    except InferenceError as error:
        print(error, file=sys.stderr)
        return _MISUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
