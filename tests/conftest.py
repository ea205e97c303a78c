"""What tests share: the gateway on the real model, the tone model, and the specs of workers that run it."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import settings

from inference.protocol import WorkerSpec
from tests.support.gateway import Gateway
from tests.support.tone import write_model, write_voices
from tests.support.tone_stages import write_stages
from tests.support.waiting import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


FLEET = ("tests/cluster/test_alone.py", "tests/cluster/test_fleet")
"""How the modules begin that start machines of Ray."""

NETWORK = "tests/test_dependencies.py"
"""The module that waits for a registry, with a process that could do something else."""

# A client that is given no deadline has that of all waits, and not the 5 s of httpx.
for part in ("connect", "read", "write", "pool"):
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, part, DEADLINE_S)

# Each client would read the certificates of this machine anew, which takes more CPU than ten requests without TLS.
vars(httpx._transports.default)["create_ssl_context"] = cache(httpx.create_ssl_context)

# On a busy machine any example can be slow: that is no fault of what it holds.
settings.register_profile("unhurried", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=20)
settings.load_profile("unhurried")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Have one worker run all that starts machines of Ray: there is one fleet at a time."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - tests run without it too

    class OneFleet(LoadScopeScheduling):  # type: ignore[misc] # it ships no types
        def _split_scope(self, nodeid: str) -> str:
            module = str(super()._split_scope(nodeid))
            return "a fleet" if module.startswith(FLEET) else module

    return OneFleet(config, log) if config.getoption("dist") == "loadscope" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow whatever runs the released model, or workers of its own; begin with what takes longest by itself."""
    items.sort(key=lambda item: not item.nodeid.startswith((*FLEET, NETWORK)))
    slow = {"kokoro", "release", "speech_spec", "staged_spec", "text_spec"}
    for item in items:
        if slow & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def kokoro() -> Iterator[Gateway]:
    """What `make serve` starts, on a free port: the real model, two workers."""
    gateway = Gateway.start("gateway.cli", "serve", PORT="0", WORKERS="2", THREADS="1")
    yield gateway
    assert gateway.stop() == 0


@pytest.fixture(scope="session")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory with the tone model and its voices."""
    directory = tmp_path_factory.mktemp("tone")
    write_model(directory / "tone.onnx")
    write_stages(directory)
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
        engine="tests.support.faults:FaultyEngine",
    )


@pytest.fixture
def staged_spec(tone: Path, speech_spec: WorkerSpec) -> WorkerSpec:
    """The same on a graph in two stages."""
    return dataclasses.replace(speech_spec, model_path=str(tone / "score.onnx"))


@pytest.fixture
def text_spec() -> WorkerSpec:
    """The real text worker."""
    return WorkerSpec(role="text", engine="inference.text.engine:TextEngine")
