from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.assembly import Files, Parts, assemble, file_states, hardware_profile
from gateway.observe.status import ModelFacts
from gateway.settings import Settings
from inference import UnknownVoice
from models.derive.choose import Choice
from models.fetch import FileState
from models.manifest import Manifest

if TYPE_CHECKING:
    from pathlib import Path

FACTS = ModelFacts(name="tone", sha256="", voices_sha256="", graph="released", reason="it hums")
MB = 1 << 20


def parts(
    tone: Path, cost: float | None = None, memory_limit_bytes: int | None = None, **given: Any
) -> Parts:
    """What these settings make on two workers of this machine."""
    settings = Settings.from_environment(workers=2, threads=1, **given)
    hardware = hardware_profile(settings)
    machine = replace(hardware.machine, memory_bytes=64 << 30, memory_limit_bytes=memory_limit_bytes)
    files = Files(tone / "tone.onnx", tone / "voices.bin")
    choice = Choice("derived", tone / "derived.onnx", "it hums", cost)
    return assemble(settings, replace(hardware, machine=machine), files, choice, FACTS)


def test_each_role_runs_its_part_of_the_model(tone: Path) -> None:
    text, express, *speech = parts(tone).pool.workers
    assert [spec.role for spec in (text, express, *speech)] == ["text", "express", "speech", "speech"]
    assert text.model_path == ""
    for spec in (express, *speech):
        assert (spec.model_path, spec.cpu_model_path) == (
            str(tone / "tone.onnx"),
            str(tone / "derived.onnx"),
        )
        assert spec.voices_path == str(tone / "voices.bin")


def test_speech_workers_make_way_for_the_express_worker_if_there_is_one(tone: Path) -> None:
    _, express, *speech = parts(tone).pool.workers
    assert express.nice == 0
    assert {spec.nice for spec in speech} == {10}
    _, *speech = parts(tone, express=False).pool.workers
    assert {spec.role for spec in speech} == {"speech"}
    assert {spec.nice for spec in speech} == {0}


def test_segments_are_as_long_as_the_measured_cost_of_speech_wants(tone: Path) -> None:
    assert parts(tone).pool.cost is None
    assert parts(tone, cost=0.9).pool.cost == 0.9


@pytest.mark.parametrize(
    ("cache_mb", "memory_limit_bytes", "expected"),
    [(None, None, 256 * MB), (None, 1024 * MB, 64 * MB), (7, 1024 * MB, 7 * MB), (0, None, 0)],
)
def test_the_cache_fits_the_machine_unless_its_size_is_set(
    tone: Path, cache_mb: int | None, memory_limit_bytes: int | None, expected: int
) -> None:
    made = parts(tone, cache_mb=cache_mb, memory_limit_bytes=memory_limit_bytes)
    assert made.running.cache_bytes == expected


def test_the_times_of_the_settings_are_those_of_the_pool(tone: Path) -> None:
    pool = parts(tone, queue_s=1.5, job_timeout_s=2.5, start_timeout_s=3.5).pool
    assert (pool.queue_s, pool.job_timeout_s, pool.start_timeout_s) == (1.5, 2.5, 3.5)


def test_a_default_voice_that_does_not_exist_is_told_before_anything_starts(tone: Path) -> None:
    with pytest.raises(UnknownVoice):
        parts(tone, voice="nobody")


def test_without_a_name_the_model_is_the_manifests_default(tmp_path: Path) -> None:
    manifest = Manifest.load()
    states = file_states(Settings.from_environment(models_dir=tmp_path))
    default = manifest.model(manifest.default)
    assert states == {tmp_path / file.filename: FileState.MISSING for file in (default, default.voices)}
