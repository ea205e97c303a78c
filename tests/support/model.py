"""The released model, where it has been fetched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from gateway.model_files import Files, cpu_graph
from gateway.settings import Settings
from gateway.sizing import hardware_profile

MODEL, VOICES = "kokoro-v1.0.int8.onnx", "voices-v1.0.bin"


def released(name: str) -> Path:
    """A file of the release; the test is skipped if it is not there."""
    directory = os.environ.get("KOKORO_MODELS_DIR") or user_cache_path("kokoro-gateway") / "models"
    path = Path(directory) / name
    if not path.is_file():
        pytest.skip(f"{name} is not in {directory}: `make model` fetches it")
    return path


def link_release(directory: Path) -> None:
    """Model and voices in a directory of one's own, in which a start finds nothing derived."""
    for name in (MODEL, VOICES):
        source = released(name)
        try:
            (directory / name).hardlink_to(source)
        except OSError:  # on another file system
            (directory / name).write_bytes(source.read_bytes())


def derived() -> Path:
    """The score stage of the graph that gateways of this machine run: whoever asks first has it made."""
    settings = Settings.from_environment(port=0, graph="derived")
    files = Files(released(MODEL), released(VOICES))
    choice = cpu_graph(settings, hardware_profile(settings), files, lambda *_: None)
    assert choice.kind == "derived", choice.reason
    return choice.graph
