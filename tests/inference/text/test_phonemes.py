"""The program that prints what would be spoken."""

from __future__ import annotations

import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-m", "gateway.cli", "phonemes"]


def printed(*arguments: str, lines: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], input=lines, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "lines", "phonemes"),
    [
        (["No, 5."], "", "nˈO, fˈIv.\n"),
        (["--lang", "es-MX", "Hola."], "", "ˈola.\n"),
        (["--lang", "b", "-"], "Bath.\n\nGo!\n", "bˈɑːθ.\n\nɡˌQ!\n"),
        (["[Wien](/vˈin/) is old."], "", "vˈin ɪz ˈOld.\n"),
    ],
)
def test_phonemes_are_printed_line_by_line(arguments: list[str], lines: str, phonemes: str) -> None:
    assert printed(*arguments, lines=lines).stdout == phonemes


def test_a_language_that_there_is_not_is_told_with_those_there_are() -> None:
    run = printed("--lang", "tlh", "x")
    assert run.returncode == 2
    assert "en-us, en-gb" in run.stderr
