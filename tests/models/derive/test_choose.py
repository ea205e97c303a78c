"""Deriving from the real release: what comes out, when it is made, and when it is not used."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort
import pytest
from platformdirs import user_cache_path

from models.derive import choose as optimize
from models.derive import compare as trial
from models.derive import rewrites as graph

if TYPE_CHECKING:
    from collections.abc import Iterator

RECIPE = optimize.Recipe()
SOUND = {"released_cost": 0.6, "derived_cost": 0.3, "distance": 2.0, "length": 0.0, "level": 0.3, "peak": 0.5}


def model_file(name: str) -> Path:
    directory = os.environ.get("KOKORO_MODELS_DIR") or user_cache_path("kokoro-gateway") / "models"
    path = Path(directory) / name
    if not path.is_file():
        pytest.skip(f"{name} is not in {directory}: `make model` fetches it")
    return path


@pytest.fixture(scope="module")
def release() -> Path:
    return model_file("kokoro-v1.0.int8.onnx")


@pytest.fixture(scope="module")
def voices() -> Path:
    return model_file("voices-v1.0.bin")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("derived")
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def derived(release: Path, home: Path) -> Path:
    return optimize.derive(release, home, recipe=RECIPE)


def counts(path: Path) -> dict[str, int]:
    operators = [node.op_type for node in onnx.load(path, load_external_data=False).graph.node]
    return {name: operators.count(name) for name in ("QLinearConv", "ConvInteger", "Sin", "STFT")}


def greatest_level(path: Path) -> int:
    """The largest weight, in levels, of the convolutions that are not stored packed only."""
    weights = np.fromfile(path.with_name("weights.bin"), np.int8)
    greatest = 0
    for tensor in onnx.load(path, load_external_data=False).graph.initializer:
        if tensor.name.endswith("_levels"):
            where = {entry.key: entry.value for entry in tensor.external_data}
            start, length = int(where["offset"]), int(where["length"])
            greatest = max(greatest, int(np.abs(weights[start : start + length].astype(int)).max()))
    return greatest


def test_derived_graph_takes_and_gives_what_the_release_does(release: Path, derived: Path) -> None:
    theirs, ours = trial.open_session(release), trial.open_session(derived)
    assert [(i.name, i.type) for i in ours.get_inputs()] == [(i.name, i.type) for i in theirs.get_inputs()]
    assert [o.name for o in ours.get_outputs()] == ["audio", graph.FRAMES]


def test_heavy_convolutions_are_eight_bit_and_no_sine_is_left_in_the_vocoder(derived: Path) -> None:
    assert counts(derived) == {"QLinearConv": 83, "ConvInteger": 0, "Sin": 3, "STFT": 0}


def test_weights_lie_in_a_file_that_workers_can_map(derived: Path) -> None:
    assert derived.stat().st_size < 3_000_000
    assert derived.with_name("weights.bin").stat().st_size > 80_000_000


def test_frames_are_the_durations_of_the_tokens(derived: Path, voices: Path) -> None:
    session = trial.open_session(derived)
    inputs = trial.feeds(session, voices)[1]
    audio, frames = session.run(["audio", graph.FRAMES], inputs)
    assert frames.size == inputs["tokens"].size
    assert audio.size == frames.sum() * 600


def test_second_derivation_starts_nothing(
    release: Path, derived: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    assert optimize.derive(release, home, recipe=RECIPE) == derived


def test_choice_is_measured_once_and_remembered(
    release: Path, derived: Path, home: Path, voices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = optimize.choose(release, home, voices, recipe=RECIPE)
    assert (choice.kind, choice.graph) == ("derived", derived), choice.reason
    assert choice.cost_ratio is not None
    assert choice.cost_ratio < 0.7
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    assert optimize.choose(release, home, voices, recipe=RECIPE) == choice


def test_damaged_graph_is_never_used_not_even_by_name(
    release: Path, derived: Path, voices: Path, tmp_path: Path
) -> None:
    home = optimize.derived_directory(release, tmp_path, RECIPE)
    shutil.copytree(derived.parent, home, ignore=shutil.ignore_patterns(optimize.RECORD))
    with (home / "weights.bin").open("r+b") as weights:
        weights.seek(60_000_000)
        weights.write(bytes(15_000_000))
    forces: tuple[optimize.Kind | None, ...] = (None, "derived")
    for force in forces:
        choice = optimize.choose(release, tmp_path, voices, recipe=RECIPE, force=force)
        assert (choice.kind, choice.graph) == ("released", release)
        assert "parity" in choice.reason


def test_graph_damaged_after_its_choice_is_derived_again(
    release: Path, derived: Path, voices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bake(_source: Path, directory: Path, *_: object) -> None:
        shutil.copytree(derived.parent, directory, dirs_exist_ok=True)

    monkeypatch.setattr(optimize, "_bake", bake)
    monkeypatch.setattr(optimize, "compare", lambda *_: SOUND)
    choice = optimize.choose(release, tmp_path, voices, recipe=RECIPE)
    (choice.graph.parent / "weights.bin").write_bytes(b"cut short")
    assert optimize.choose(release, tmp_path, voices, recipe=RECIPE) == choice
    assert (choice.graph.parent / "weights.bin").stat().st_size > 1e8


def test_graph_that_does_not_load_is_never_used(release: Path, voices: Path, tmp_path: Path) -> None:
    home = optimize.derived_directory(release, tmp_path, RECIPE)
    home.mkdir()
    (home / optimize.GRAPH).write_bytes(b"not a graph")
    assert optimize.choose(release, tmp_path, voices, recipe=RECIPE).kind == "released"


def test_float_graph_is_derived_too(release: Path, tmp_path: Path) -> None:
    model = ir.load(release)
    graph.restore_convolutions(model)
    ir.save(model, tmp_path / "float.onnx")
    seven_bits = optimize.Recipe(weight_bits=7)
    path = optimize.derive(tmp_path / "float.onnx", tmp_path, recipe=seven_bits)
    assert counts(path)["QLinearConv"] == 83
    assert greatest_level(path) == 63


def test_failed_derivation_leaves_nothing_and_the_release_is_used(tmp_path: Path, voices: Path) -> None:
    source = tmp_path / "kokoro.onnx"
    source.write_bytes(b"not a graph")
    with pytest.raises(optimize.DerivationFailed):
        optimize.derive(source, tmp_path / "derived", recipe=RECIPE)
    assert list((tmp_path / "derived").iterdir()) == []
    choice = optimize.choose(source, tmp_path / "derived", voices, recipe=RECIPE)
    assert (choice.kind, choice.graph) == ("released", source)
    assert "deriving failed" in choice.reason


def test_progress_runs_from_nothing_towards_one(tmp_path: Path) -> None:
    source = tmp_path / "kokoro.onnx"
    source.write_bytes(b"not a graph")
    seen: list[tuple[str, float]] = []
    with pytest.raises(optimize.DerivationFailed):
        optimize.derive(
            source, tmp_path, recipe=RECIPE, progress=lambda doing, share: seen.append((doing, share))
        )
    assert seen == [("reading the released graph", 0.0)]


@pytest.mark.parametrize(
    "other", [optimize.Recipe(weight_bits=7), optimize.Recipe(target="x86_64 avx2")], ids=["bits", "target"]
)
def test_another_recipe_has_another_name(other: optimize.Recipe, tmp_path: Path) -> None:
    source = tmp_path / "a.onnx"
    source.write_bytes(b"a graph")
    assert optimize.derived_directory(source, tmp_path, other) != optimize.derived_directory(
        source, tmp_path, RECIPE
    )


def test_another_release_has_another_name(tmp_path: Path) -> None:
    source = tmp_path / "a.onnx"
    source.write_bytes(b"a graph")
    before = optimize.derived_directory(source, tmp_path, RECIPE)
    source.write_bytes(b"another")
    assert optimize.derived_directory(source, tmp_path, RECIPE) != before


@pytest.mark.parametrize(
    ("architecture", "instruction_sets", "bits"),
    [
        ("x86_64", {"avx2", "avx512_vnni"}, 8),
        ("AMD64", {"avx2", "avx_vnni"}, 8),
        ("x86_64", {"avx2", "avx512f"}, 7),
        ("arm64", set(), 8),
        ("aarch64", {"asimddp"}, 8),
    ],
)
def test_weights_have_seven_bits_where_eight_would_saturate(
    architecture: str, instruction_sets: set[str], bits: int
) -> None:
    assert optimize.Recipe.for_machine(architecture, instruction_sets).weight_bits == bits


@pytest.mark.parametrize(
    "fault",
    [{"distance": 9.0}, {"length": 0.2}, {"level": 4.0}, {"peak": 3.0}, {"peak": math.nan}, {"level": None}],
)
def test_each_fault_fails_parity(fault: dict[str, Any]) -> None:
    measured = {name: value for name, value in (SOUND | fault).items() if value is not None}
    choice = optimize.judge(Path("a"), Path("b"), measured)
    assert (choice.kind, choice.graph) == ("released", Path("a"))
    assert next(iter(fault)) in choice.reason


def test_slower_graph_is_used_only_by_name() -> None:
    slower = SOUND | {"derived_cost": 0.7}
    assert optimize.judge(Path("a"), Path("b"), slower).kind == "released"
    assert optimize.judge(Path("a"), Path("b"), slower, force="derived").kind == "derived"


def test_release_asked_for_by_name_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    choice = optimize.choose(tmp_path / "a", tmp_path, tmp_path / "v", recipe=RECIPE, force="released")
    assert choice.kind == "released"


def test_a_sound_differs_from_silence_and_not_from_itself() -> None:
    tone = np.sin(np.arange(12_000) * 0.1).astype(np.float32)
    noise = np.random.default_rng(1).standard_normal(12_000).astype(np.float32)
    assert trial.mel_distance(tone, tone) == 0
    assert trial.mel_distance(tone, np.roll(tone, 600)) < 3
    assert trial.mel_distance(tone, noise) > 10


def test_onnxruntime_is_the_version_the_recipe_was_measured_on() -> None:
    assert ort.__version__.startswith("1.32")
