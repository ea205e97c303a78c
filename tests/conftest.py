"""What tests share: the tone model, and the specs of workers that run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inference.protocol import WorkerSpec
from tests.tone import write_model, write_voices

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory with the tone model and its voices."""
    directory = tmp_path_factory.mktemp("tone")
    write_model(directory / "tone.onnx")
    write_voices(directory / "voices.bin")
    return directory


@pytest.fixture
def speech_spec(tone: Path, tmp_path: Path) -> WorkerSpec:
    """A speech worker that hums, and breaks on demand."""
    return WorkerSpec(
        role="speech",
        model_path=str(tone / "tone.onnx"),
        voices_path=str(tone / "voices.bin"),
        cache_dir=str(tmp_path),
        engine="tests.faults:FaultyEngine",
    )


@pytest.fixture
def text_spec() -> WorkerSpec:
    """The real text worker."""
    return WorkerSpec(role="text", engine="inference.text:TextEngine")
