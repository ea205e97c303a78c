"""What would be spoken of a text: `python -m inference.text.phonemes [--lang en-us] TEXT`, or `-` for lines of stdin.

For people who write pronunciations: needs no server and no model. Prints a line of phonemes for each line of text, and
`[pause:1s]` where the writer asked for silence.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inference.errors import InferenceError
from inference.languages import language_named
from inference.pronunciations import Pronunciations, read_file
from inference.protocol import WorkerSpec
from inference.text.engine import TextEngine

if TYPE_CHECKING:
    from inference.protocol import Sentence

_MISUSED: Final = 2


def main() -> int:
    """Run the program; the exit code is 2 for a language that there is not, and a lexicon that cannot be used."""
    parser = argparse.ArgumentParser(prog="kokoro-gateway phonemes", description=__doc__)
    parser.add_argument("--lang", default="en-us", help="language of the text, such as en-gb or pt")
    parser.add_argument("--lexicon", type=Path, help="file of pronunciations")
    parser.add_argument("text", help="what is to be spoken, or - to read lines")
    arguments = parser.parse_args()
    try:
        code = language_named(arguments.lang).code
        lexicon = read_file(arguments.lexicon) if arguments.lexicon else Pronunciations()
        engine = TextEngine(WorkerSpec("text"))
        for line in sys.stdin if arguments.text == "-" else arguments.text.splitlines():
            read = engine.sentences(line.rstrip("\n"), code, lexicon.found_in(line))
            print(*filter(None, map(_shown, read)), flush=True)
    except InferenceError as error:
        print(error, file=sys.stderr)
        return _MISUSED
    return 0


def _shown(sentence: Sentence) -> str:
    return f"[pause:{sentence.pause_s:g}s]" if sentence.pause_s else sentence.phonemes


if __name__ == "__main__":
    sys.exit(main())
