"""The provider ladder with two providers, in real workers.

The second one is `azure`, which every CPU build of onnxruntime has, and which leaves the work to the CPU: what it
speaks is decided by the graph that it is given, while the CPU provider has one of its own.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from inference.engine.session import provider_options
from inference.errors import WorkerFailedToStart
from inference.pool.process import WorkerProcess
from tests.support.tone import SAMPLES_PER_TOKEN, write_model

if TYPE_CHECKING:
    from pathlib import Path

    from inference.protocol import Trial, WorkerSpec

START_S = 60.0
SLOW = 1e5
"""Numbers computed for a token and thrown away: sixty times the work."""


@pytest.fixture
def ladder(speech_spec: WorkerSpec) -> WorkerSpec:
    """The tone model on the CPU, below a provider that the user has not insisted on."""
    return dataclasses.replace(speech_spec, cpu_model_path=speech_spec.model_path, providers=("azure", "cpu"))


async def trials(spec: WorkerSpec) -> dict[str, Trial]:
    """What came of each rung."""
    worker = await WorkerProcess.start(spec, START_S)
    await worker.stop()
    assert worker.ready is not None
    assert worker.ready.trials[-1].provider == worker.ready.provider
    return {trial.provider: trial for trial in worker.ready.trials}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"amplitude": 0.0}, "its loudest sample is 0.000"),
        ({"amplitude": 20.0}, "its loudest sample is 20.000"),
        ({"amplitude": float("nan")}, "it speaks numbers that are not finite"),
        ({"amplitude": 0.25}, "its loudness differs from the CPU's by 50%"),
        ({"samples": SAMPLES_PER_TOKEN * 0.8}, "samples where the CPU speaks"),
        ({"samples": SAMPLES_PER_TOKEN * 1.2}, "samples where the CPU speaks"),
    ],
)
async def test_a_provider_that_does_not_sound_like_the_cpu_is_not_used(
    ladder: WorkerSpec, tmp_path: Path, fault: dict[str, float], reason: str
) -> None:
    model = write_model(tmp_path / "broken.onnx", **fault)
    found = await trials(dataclasses.replace(ladder, model_path=str(model), provider_is_forced=True))
    assert reason in found["azure"].outcome
    assert found["cpu"].outcome == "chosen"


async def test_a_provider_that_is_forced_and_unsound_is_a_start_up_error(
    ladder: WorkerSpec, tmp_path: Path
) -> None:
    model = write_model(tmp_path / "silent.onnx", amplitude=0.0)
    spec = dataclasses.replace(ladder, model_path=str(model), providers=("azure",), provider_is_forced=True)
    with pytest.raises(WorkerFailedToStart, match=r"provider azure: its loudest sample is 0\.000"):
        await WorkerProcess.start(spec, START_S)


async def test_a_provider_that_is_not_faster_than_the_cpu_is_not_used(
    ladder: WorkerSpec, tmp_path: Path
) -> None:
    slow = write_model(tmp_path / "slow.onnx", wasted=SLOW)
    found = await trials(dataclasses.replace(ladder, model_path=str(slow)))
    assert "not faster than the CPU" in found["azure"].outcome
    assert found["cpu"].outcome == "chosen"


async def test_a_slow_provider_is_used_all_the_same_when_the_user_names_it(
    ladder: WorkerSpec, tmp_path: Path
) -> None:
    slow = write_model(tmp_path / "slow.onnx", wasted=SLOW)
    found = await trials(dataclasses.replace(ladder, model_path=str(slow), provider_is_forced=True))
    assert found["azure"].outcome == "chosen"
    assert "cpu" not in found


async def test_a_provider_that_is_faster_than_the_cpu_and_sounds_like_it_is_used(
    ladder: WorkerSpec, tmp_path: Path
) -> None:
    slow = write_model(tmp_path / "slow.onnx", wasted=SLOW)
    found = await trials(dataclasses.replace(ladder, cpu_model_path=str(slow)))
    assert found["azure"].outcome == "chosen"
    assert found["azure"].real_time_factor is not None


async def test_a_graph_in_two_stages_speaks_on_another_provider_as_on_the_cpu(
    ladder: WorkerSpec, staged_spec: WorkerSpec
) -> None:
    graph = staged_spec.model_path
    spec = dataclasses.replace(ladder, model_path=graph, cpu_model_path=graph, provider_is_forced=True)
    spec = dataclasses.replace(spec, alone_threads=2)
    worker = await WorkerProcess.start(spec, START_S)
    await worker.stop()
    assert worker.ready is not None
    assert (worker.ready.provider, worker.ready.is_staged) == ("azure", True)


async def test_without_a_graph_in_float_only_the_cpu_speaks(ladder: WorkerSpec) -> None:
    found = await trials(dataclasses.replace(ladder, model_path="", provider_is_forced=True))
    assert found["azure"].outcome == "there is no graph in float for it"
    assert found["cpu"].outcome == "chosen"


def test_cuda_searches_by_heuristics_and_computes_in_full_precision(ladder: WorkerSpec) -> None:
    options = provider_options("CUDAExecutionProvider", ladder)
    assert (options["cudnn_conv_algo_search"], options["use_tf32"]) == ("HEURISTIC", "0")


def test_coreml_keeps_what_it_compiles_for_each_length_apart(ladder: WorkerSpec) -> None:
    kept = {provider_options("CoreMLExecutionProvider", ladder, n)["ModelCacheDirectory"] for n in (160, 288)}
    assert len(kept) == 2


async def test_a_cpu_that_speaks_silence_is_a_start_up_error(ladder: WorkerSpec, tmp_path: Path) -> None:
    silent = write_model(tmp_path / "silent.onnx", amplitude=0.0)
    spec = dataclasses.replace(ladder, cpu_model_path=str(silent), model_path=str(silent))
    with pytest.raises(WorkerFailedToStart, match=r"provider azure: .*provider cpu: its loudest sample"):
        await WorkerProcess.start(spec, START_S)
