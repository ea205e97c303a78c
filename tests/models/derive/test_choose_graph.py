"""Deriving from the real release: what comes out, when it is made, and when it is not used."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort
import pytest

from models.derive import compare, quantize
from models.derive import rewrites as graph
from models.derive.bake import RANGES, bake
from models.derive.choose_graph import GraphKind, Recipe, choose, derived_directory, judge
from models.derive.derived_store import GRAPH, RECORD, DerivedStore, Measured
from models.derive.stages import split
from tests.support.model import MODEL, VOICES, released
from tests.support.processes import descendants
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psutil

RECIPE = Recipe()
SOUND = Measured(released_cost=0.6, derived_cost=0.3, distance=2.0, length=0.0, level=0.3, peak=0.5)


@pytest.fixture(scope="module")
def release() -> Path:
    return released(MODEL)


@pytest.fixture(scope="module")
def voices() -> Path:
    return released(VOICES)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("derived")
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def derived(release: Path, store: Path) -> Path:
    path = derived_directory(release, store, RECIPE)
    path.mkdir()
    bake(release, path, RECIPE.weight_bits)
    return path / GRAPH


def counts(score: Path) -> dict[str, int]:
    """How often some operators occur in both stages."""
    graphs = [onnx.load(path, load_external_data=False).graph for path in (score, vocoder(score))]
    operators = [node.op_type for graph in graphs for node in graph.node]
    return {name: operators.count(name) for name in ("QLinearConv", "ConvInteger", "Sin", "STFT")}


def vocoder(score: Path) -> Path:
    return score.with_name("vocoder.onnx")


def greatest_level(path: Path) -> int:
    """The largest weight, in levels, of the convolutions of one stage that are not stored packed only."""
    weights = np.fromfile(path.with_suffix(".bin"), np.int8)
    greatest = 0
    for tensor in onnx.load(path, load_external_data=False).graph.initializer:
        if tensor.name.endswith("_levels"):
            where = {entry.key: entry.value for entry in tensor.external_data}
            start, length = int(where["offset"]), int(where["length"])
            greatest = max(greatest, int(np.abs(weights[start : start + length].astype(int)).max()))
    return greatest


def test_stages_take_and_give_together_what_the_release_does(release: Path, derived: Path) -> None:
    theirs, score = (compare.open_session(path).get_inputs() for path in (release, derived))
    assert [(i.name, i.type) for i in score] == [(i.name, i.type) for i in theirs]
    last = ort.InferenceSession(vocoder(derived))
    assert [i.name for i in last.get_inputs()] == ["features", "source", "style"]
    assert [o.name for o in last.get_outputs()] == ["audio"]


def test_heavy_convolutions_are_eight_bit_and_no_sine_is_left_in_the_vocoder(derived: Path) -> None:
    assert counts(derived) == {"QLinearConv": 83, "ConvInteger": 0, "Sin": 3, "STFT": 0}


def test_weights_lie_in_files_that_workers_can_map(derived: Path) -> None:
    assert max(path.stat().st_size for path in (derived, vocoder(derived))) < 1_000_000
    assert derived.with_suffix(".bin").stat().st_size > 80_000_000
    assert vocoder(derived).with_suffix(".bin").stat().st_size > 20_000_000


def test_a_token_lasts_two_steps_a_frame_and_a_step_is_300_samples(derived: Path, voices: Path) -> None:
    stages = compare.open_session(derived)
    assert isinstance(stages, compare.Stages)
    inputs = compare.feeds(stages, voices)[1]
    (audio,) = stages.run(["audio"], inputs)
    frames, features, source, energy = ort.InferenceSession(derived).run(
        ["frames", "features", "source", "energy"], inputs
    )
    assert frames.size == inputs["tokens"].size
    steps = 2 * int(frames.sum())
    assert features.shape == (1, 512, steps)
    assert source.shape == (1, 22, 60 * steps + 1)
    assert energy.size == steps
    assert audio.size == 300 * steps


def test_stages_give_the_samples_of_the_graph_they_were_cut_from(
    release: Path, derived: Path, voices: Path, tmp_path: Path
) -> None:
    model = ir.load(release)
    graph.prepare(model)
    quantize.quantize_convolutions(model, quantize.load(RANGES), RECIPE.weight_bits)
    ir.save(model, tmp_path / "whole.onnx")
    whole, stages = compare.open_session(tmp_path / "whole.onnx"), compare.open_session(derived)
    for inputs in compare.feeds(stages, voices):
        assert np.array_equal(compare.speak(whole, inputs)[0], compare.speak(stages, inputs)[0])


def test_graph_that_cannot_be_cut_in_two_is_not_derived(release: Path, tmp_path: Path) -> None:
    model = ir.load(release)
    for node in model.graph:
        for value in node.outputs:
            value.name = f"other_{value.name}"
    with pytest.raises(ValueError, match="frames"):
        split(model)


def test_damaged_graph_is_never_used_not_even_by_name(
    release: Path, derived: Path, voices: Path, tmp_path: Path
) -> None:
    store = derived_directory(release, tmp_path, RECIPE)
    shutil.copytree(derived.parent, store, ignore=shutil.ignore_patterns(RECORD))
    with (store / "vocoder.bin").open("r+b") as weights:
        weights.seek(8_000_000)
        weights.write(bytes(8_000_000))
    forces: tuple[GraphKind | None, ...] = (None, "derived")
    for force in forces:
        choice = choose(release, tmp_path, voices, recipe=RECIPE, force=force)
        assert (choice.kind, choice.graph) == ("released", release)
        # ONNX Runtime lays weights out anew each time: the damage may also hit what a kernel checks as it loads.
        assert "parity" in choice.reason or "does not run" in choice.reason


def copied(derived: Path, store: Path) -> Path:
    """A store as a derivation leaves it that was killed before its comparison."""
    shutil.copytree(derived.parent, store, ignore=shutil.ignore_patterns(RECORD))
    return store


def kill_the_comparison() -> None:
    """Kill the program that compares, as the kernel does when memory is short."""

    def comparing() -> list[psutil.Process]:
        below = descendants(os.getpid())
        return [
            child for child, command in below.items() if command[1:4] == ["-P", "-m", "models.derive.compare"]
        ]

    wait_for(comparing, "the comparison runs")[0].kill()


def test_choice_is_remembered_once_its_comparison_has_been_finished(
    release: Path, derived: Path, voices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = copied(derived, derived_directory(release, tmp_path, RECIPE))
    with ThreadPoolExecutor(1) as threads:
        chosen = threads.submit(choose, release, tmp_path, voices, recipe=RECIPE)
        kill_the_comparison()
        choice = chosen.result()
    assert (choice.kind, choice.reason) == (
        "released",
        "deriving failed: the comparison was ended by signal 9",
    )
    assert [path.name for path in tmp_path.iterdir()] == [store.name]
    assert not (store / RECORD).exists()
    before = (store / GRAPH).stat().st_ino

    choice = choose(release, tmp_path, voices, recipe=RECIPE)
    assert (choice.kind, choice.graph) == ("derived", store / GRAPH), choice.reason
    assert float(re.findall(r"it costs (.*) of the release", choice.reason)[0]) < 0.9  # 0.5 mostly
    assert (store / GRAPH).stat().st_ino == before  # compared anew, not derived anew
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    assert choose(release, tmp_path, voices, recipe=RECIPE) == choice


def test_graph_damaged_after_its_choice_is_derived_again(
    release: Path, derived: Path, voices: Path, tmp_path: Path
) -> None:
    store = DerivedStore(copied(derived, derived_directory(release, tmp_path, RECIPE)))
    with store.locked(pytest.fail) as workshop:
        store.keep(SOUND, workshop)
    assert choose(release, tmp_path, voices, recipe=RECIPE).graph == store.graph
    (store.path / "score.bin").write_bytes(b"cut short")
    again = choose(release, tmp_path, voices, recipe=RECIPE)
    assert (again.kind, again.graph) == ("derived", store.graph)
    assert (store.path / "score.bin").stat().st_size > 1e8


def test_graph_that_does_not_load_is_never_used(release: Path, voices: Path, tmp_path: Path) -> None:
    store = derived_directory(release, tmp_path, RECIPE)
    store.mkdir()
    (store / GRAPH).write_bytes(b"not a graph")
    choice = choose(release, tmp_path, voices, recipe=RECIPE)
    assert (choice.kind, choice.graph) == ("released", release)
    assert "does not run" in choice.reason
    assert list(tmp_path.iterdir()) == []  # not kept: the next start derives it anew


def test_where_nothing_can_be_written_what_is_there_is_compared_at_each_start(
    release: Path, voices: Path, tmp_path: Path
) -> None:
    store = derived_directory(release, tmp_path, RECIPE)
    store.mkdir()
    (store / GRAPH).write_bytes(b"not a graph")
    store.with_name(f".deriving-{store.name}").write_text("a file where a folder would be made")
    for _ in range(2):
        assert "does not run" in choose(release, tmp_path, voices, recipe=RECIPE).reason
    (store / RECORD).write_text("[]")
    choice = choose(release, tmp_path, voices, recipe=RECIPE)
    assert (choice.kind, choice.graph) == ("released", release)
    assert "Not a directory" in choice.reason


def test_float_graph_is_derived_too(release: Path, tmp_path: Path) -> None:
    model = ir.load(release)
    graph.restore_convolutions(model)
    ir.save(model, tmp_path / "float.onnx")
    bake(tmp_path / "float.onnx", tmp_path, bits=7)
    path = tmp_path / GRAPH
    assert counts(path)["QLinearConv"] == 83
    assert max(greatest_level(path), greatest_level(vocoder(path))) == 63


def test_failed_derivation_leaves_nothing_and_the_release_is_used(tmp_path: Path, voices: Path) -> None:
    source = tmp_path / "kokoro.onnx"
    source.write_bytes(b"not a graph")
    choice = choose(source, tmp_path / "derived", voices, recipe=RECIPE)
    assert list((tmp_path / "derived").iterdir()) == []
    assert (choice.kind, choice.graph) == ("released", source)
    assert "deriving failed" in choice.reason


def test_progress_runs_from_nothing_towards_one(tmp_path: Path) -> None:
    source = tmp_path / "kokoro.onnx"
    source.write_bytes(b"not a graph")
    seen: list[tuple[str, float]] = []

    def show(doing: str, share: float) -> None:
        seen.append((doing, share))

    choose(source, tmp_path, tmp_path / "voices", recipe=RECIPE, progress=show)
    assert seen == [("reading the released graph", 0.0)]


@pytest.mark.parametrize(
    "other",
    [Recipe(weight_bits=7), Recipe(target="x86_64 avx2"), Recipe(is_accelerated=True)],
    ids=["bits", "target", "accelerated"],
)
def test_another_recipe_has_another_name(other: Recipe, tmp_path: Path) -> None:
    source = tmp_path / "a.onnx"
    source.write_bytes(b"a graph")
    assert derived_directory(source, tmp_path, other) != derived_directory(source, tmp_path, RECIPE)


def test_another_release_has_another_name(tmp_path: Path) -> None:
    source = tmp_path / "a.onnx"
    source.write_bytes(b"a graph")
    before = derived_directory(source, tmp_path, RECIPE)
    source.write_bytes(b"another")
    assert derived_directory(source, tmp_path, RECIPE) != before


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
    assert Recipe.for_machine(architecture, instruction_sets).weight_bits == bits


@pytest.mark.parametrize(
    "fault",
    [
        {"distance": 9.0},
        {"length": 0.2},
        {"level": 4.0},
        {"peak": 3.0},
        {"peak": math.nan},
        {"level": math.inf},
    ],
)
def test_each_fault_fails_parity(fault: dict[str, float]) -> None:
    choice = judge(Path("a"), Path("b"), replace(SOUND, **fault))
    assert (choice.kind, choice.graph) == ("released", Path("a"))
    assert next(iter(fault)) in choice.reason


def test_slower_graph_is_used_only_by_name() -> None:
    slower = replace(SOUND, derived_cost=0.7)
    assert judge(Path("a"), Path("b"), slower).kind == "released"
    assert judge(Path("a"), Path("b"), slower, force="derived").kind == "derived"


def test_release_asked_for_by_name_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    choice = choose(tmp_path / "a", tmp_path, tmp_path / "v", recipe=RECIPE, force="released")
    assert choice.kind == "released"


def test_a_sound_differs_from_silence_and_not_from_itself() -> None:
    tone = np.sin(np.arange(12_000) * 0.1).astype(np.float32)
    noise = np.random.default_rng(1).standard_normal(12_000).astype(np.float32)
    assert compare.mel_distance(tone, tone) == 0
    assert compare.mel_distance(tone, np.roll(tone, 600)) < 3
    assert compare.mel_distance(tone, noise) > 10


def test_onnxruntime_is_the_version_the_recipe_was_measured_on() -> None:
    assert ort.__version__.startswith("1.32")
