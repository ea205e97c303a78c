"""What a gateway is made of on machines of which facts are recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.assembly import Parts, assemble
from gateway.model_files import Files
from gateway.observe.status import ModelFacts
from gateway.settings import Settings
from inference import profile
from models.derive.choose_graph import Choice
from tests.support.recorded import linux, mac

if TYPE_CHECKING:
    from pathlib import Path

    from inference import WorkerSpec
    from inference.hardware.machine import Machine

MIB = 1 << 20


def parts(
    tone: Path,
    machine: Machine,
    cost: float | None = None,
    accelerated: Path | None = None,
    **options: object,
) -> Parts:
    settings = Settings(**options)  # type: ignore[arg-type]
    hardware = profile(machine, workers=settings.workers, provider=settings.provider)
    files = Files(tone / "tone.onnx", tone / "voices.bin")
    choice = Choice("derived", tone / "derived.onnx", "it costs less", cost)
    facts = ModelFacts(name="tone", sha256="", voices_sha256="", graph=choice.kind, reason=choice.reason)
    return assemble(settings, hardware, files, choice, facts, accelerated)


def of_role(made: Parts, role: str) -> list[WorkerSpec]:
    return [spec for spec in made.pool.workers if spec.role == role]


def test_there_is_one_text_worker_and_the_speech_workers_of_the_profile(tone: Path) -> None:
    made = parts(tone, linux("two_core_vm"))
    assert [spec.role for spec in made.pool.workers] == ["text", "speech", "speech"]
    assert [spec.cpus for spec in of_role(made, "speech")] == [(0,), (1,)]


@pytest.mark.parametrize(
    ("name", "threads"), [("two_core_vm", 2), ("raspberry_pi_5", 4), ("epyc_64_core", 0)]
)
def test_one_worker_takes_the_cores_of_the_others_while_they_are_idle(
    tone: Path, name: str, threads: int
) -> None:
    first, *others = of_role(parts(tone, linux(name)), "speech")
    assert first.alone_threads == threads
    assert {spec.alone_threads for spec in others} == {0}
    assert {spec.alone_threads for spec in parts(tone, linux(name), express=False).pool.workers} == {0}


@pytest.mark.parametrize("graph", [None, "float.onnx"])
def test_accelerators_are_given_a_graph_in_float_or_none_and_the_cpu_its_own(
    tone: Path, graph: str | None
) -> None:
    accelerated = tone / graph if graph else None
    spec = of_role(parts(tone, mac("m1"), accelerated=accelerated), "speech")[0]
    assert spec.providers == ("coreml", "cpu")
    assert spec.model_path == (str(accelerated) if accelerated else "")
    assert spec.cpu_model_path == str(tone / "derived.onnx")
    assert not spec.provider_is_forced


def test_a_provider_that_is_asked_for_is_forced_on_all_that_speak(tone: Path) -> None:
    made = parts(tone, mac("m1"), provider="cpu")
    assert {spec.providers for spec in made.pool.workers[1:]} == {("cpu",)}
    assert all(spec.provider_is_forced for spec in made.pool.workers[1:])


@pytest.mark.parametrize(
    ("machine", "cost", "is_proven"),
    [("linux", 0.3, True), ("linux", None, False), ("mac", 0.3, False)],
)
def test_a_graph_that_was_compared_here_is_not_tried_again_on_the_cpu(
    tone: Path, machine: str, cost: float | None, is_proven: bool
) -> None:
    made = parts(tone, linux("two_core_vm") if machine == "linux" else mac("m1"), cost=cost)
    assert {spec.is_proven for spec in of_role(made, "speech")} == {is_proven}


def test_limits_of_time_and_the_measured_cost_reach_the_pool(tone: Path) -> None:
    pool = parts(tone, linux("two_core_vm"), cost=0.3, start_timeout_s=7, job_timeout_s=8, queue_s=9).pool
    assert (pool.start_timeout_s, pool.job_timeout_s, pool.queue_s, pool.cost) == (7, 8, 9, 0.3)


def test_the_cache_takes_what_is_set_or_a_sixteenth_of_the_memory(tone: Path) -> None:
    machine = linux("two_core_vm")
    small = replace(machine, memory_limit_bytes=512 * MIB)
    assert parts(tone, small).running.cache_bytes == 32 * MIB
    assert parts(tone, replace(machine, memory_bytes=1 << 40)).running.cache_bytes == 256 * MIB
    assert parts(tone, small, cache_mb=7).running.cache_bytes == 7 * MIB
    assert parts(tone, small, cache_mb=0).running.cache_bytes == 0
