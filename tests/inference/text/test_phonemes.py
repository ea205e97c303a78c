"""The program that prints what would be spoken."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-m", "gateway", "phonemes"]


def printed(*arguments: str, lines: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], input=lines, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "lines", "phonemes"),
    [
        (["No, 5."], "", "nˈO, fˈIv.\n"),
        (["--lang", "es-MX", "Hola."], "", "ˈola.\n"),
        (["--lang", "b", "-"], "Bath.\n\nGo!\n", "bˈɑːθ.\n\nɡˌQ!\n"),
        (["[Wien](/vˈin/) is old."], "", "vˈin ɪz ˈOld.\n"),
        (["No. [pause:1s] No."], "", "nˈO. [pause:1s] nˈO.\n"),
        (["-"], "No.\n<emphasis>for</emphasis>\n", "nˈO.\nfˈɔɹ\n"),
    ],
)
def test_phonemes_are_printed_line_by_line(arguments: list[str], lines: str, phonemes: str) -> None:
    assert printed(*arguments, lines=lines).stdout == phonemes


def test_a_language_that_there_is_not_is_told_with_those_there_are() -> None:
    run = printed("--lang", "tlh", "x")
    assert run.returncode == 2
    assert "en-us, en-gb" in run.stderr


def test_a_lexicon_is_tried_out(tmp_path: Path) -> None:
    lexicon = tmp_path / "words.txt"
    lexicon.write_text("wien = /vˈin/\n", encoding="utf-8")
    assert printed("--lexicon", str(lexicon), "Wien.").stdout == "vˈin.\n"
    lexicon.write_text("wien = /v1n/\n", encoding="utf-8")
    run = printed("--lexicon", str(lexicon), "Wien.")
    assert (run.returncode, run.stderr) == (2, "entry 1: '1' is no phoneme that Kokoro knows\n")


def test_the_command_line_passes_it_on() -> None:
    command = [sys.executable, "-m", "gateway.cli", "phonemes", "--lang", "b", "Bath."]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "bˈɑːθ.\n"


def test_it_waits_for_no_server_and_no_engine() -> None:
    """All that takes long to load: it is there in 0.25 s on a machine that does nothing else."""
    text = "Hello <break/> <lang xml:lang='fr-fr'>bonjour</lang> 5pm."
    told = {**os.environ, "PYTHONPROFILEIMPORTTIME": "1"}
    run = subprocess.run([*COMMAND, text], env=told, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in run.stderr.splitlines()}
    assert "num2words" in loaded
    assert not loaded & {
        "numpy",
        "onnxruntime",
        "av",
        "starlette",
        "hypercorn",
        "pydantic",
        "structlog",
        "typer",
    }
