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


BESIDE_ONE_ANOTHER = (
    ("tests/cluster/test_alone.py", "tests/cluster/test_fleet"),  # there is one fleet at a time
    ("tests/test_dependencies.py",),  # it waits for a registry
    (
        "tests/clients/",  # the real model, here and below
        "tests/end_to_end/test_openai_client.py",
        "tests/end_to_end/test_streaming.py",
        "tests/end_to_end/test_wishes.py",
        "tests/end_to_end/test_word_times.py",
    ),
    ("tests/models/derive/test_choose_graph.py",),  # the longest of those that share nothing, here and below
    ("tests/end_to_end/test_first_start.py",),
    ("tests/console/",),  # a browser
    ("tests/test_regular_expressions.py",),
    ("tests/inference/text/test_rules.py",),
)
"""What one process runs, as what it shares is dear to start; begun first, so that nobody works alone at the end.

Modules, by how they begin. Every other module is by itself, in the order of their names.
"""

# A client that is given no deadline has that of all waits, and not the 5 s of httpx.
for part in ("connect", "read", "write", "pool"):
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, part, DEADLINE_S)

# Each client would read the certificates of this machine anew, which takes more CPU than ten requests without TLS.
vars(httpx._transports.default)["create_ssl_context"] = cache(httpx.create_ssl_context)

# On a busy machine any example can be slow: that is no fault of what it holds.
settings.register_profile("unhurried", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=20)
settings.load_profile("unhurried")


def group(nodeid: str) -> int:
    """Which of these a test belongs to; their number if to none."""
    found = (n for n, modules in enumerate(BESIDE_ONE_ANOTHER) if nodeid.startswith(modules))
    return next(found, len(BESIDE_ONE_ANOTHER))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Have one worker run what belongs together."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - tests run without it too

    class Grouped(LoadScopeScheduling):  # type: ignore[misc] # it ships no types
        def _split_scope(self, nodeid: str) -> str:
            number = group(nodeid)
            return str(number if number < len(BESIDE_ONE_ANOTHER) else super()._split_scope(nodeid))

    return Grouped(config, log) if config.getoption("dist") == "loadscope" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; mark as slow whatever runs the released model, or workers of its own."""
    items.sort(key=lambda item: group(item.nodeid))
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
