from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.settings import Settings
from gateway.tools.doctor import Check, Others, beside, examine, runtime
from inference import profile
from tests.support.recorded import linux
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

TIMED = [Check("provider", True, "cpu, loaded in 1.0 s"), Check("speech", True, "spoke 2.0 s in 1.0 s")]
SPIN = "import time; end = time.time() + 2\nwhile time.time() < end: pass"


def test_times_of_a_busy_machine_say_so() -> None:
    for check, told in zip(TIMED, beside(TIMED, 1.34), strict=True):
        assert told.found.startswith(f"{check.found}; busy: other programs took 1.3 of ")
        assert told.is_well


def test_times_of_a_quiet_machine_stand_alone() -> None:
    assert beside(TIMED, 0.05) == TIMED


def test_a_program_that_is_not_ours_is_seen_by_the_cpu_it_takes() -> None:
    others = Others()
    subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -c '{SPIN}' > /dev/null &"], check=True
    )  # not our child
    wait_for(lambda: others.cpus() > 0.2, "its CPU")


def test_a_file_that_is_missing_is_found_and_nothing_is_started(tmp_path: Path) -> None:
    report = examine(Settings.from_environment(port=0, models_dir=tmp_path), lambda *_: None)
    assert not report.is_well
    wrong = [check for check in report.checks if not check.is_well]
    assert len(wrong) == 2
    assert all("models fetch" in check.advice for check in wrong)
    assert not {check.name for check in report.checks} & {"graph", "speech"}


def test_keys_that_cannot_be_read_are_found(tmp_path: Path) -> None:
    settings = Settings.from_environment(port=0, models_dir=tmp_path, api_keys_file=tmp_path / "nothing")
    found = {check.name: check for check in examine(settings, lambda *_: None).checks}
    assert not found["keys"].is_well
    assert "nothing" in found["keys"].found


@pytest.mark.parametrize("gpu_gib", [None, 8])
@pytest.mark.parametrize(
    ("installed", "provider", "is_well"),
    [
        (("onnxruntime",), "auto", True),
        (("onnxruntime",), "cuda", False),
        (("onnxruntime-gpu",), "cuda", True),
        (("onnxruntime", "onnxruntime-gpu"), "auto", False),
    ],
)
def test_the_distribution_of_onnxruntime_fits_what_it_is_wanted_for(
    installed: tuple[str, ...], provider: str, is_well: bool, gpu_gib: int | None
) -> None:
    machine = replace(linux("two_core_vm"), gpu_memory_bytes=gpu_gib and gpu_gib << 30)
    check = runtime(dict.fromkeys(installed, "1.31.1"), profile(machine, provider=provider))
    assert check.is_well == is_well
    assert all(f"{name} 1.31.1" in check.found for name in installed)
    told = check.found if check.is_well else check.advice
    is_missed = installed == ("onnxruntime",) and gpu_gib is not None
    assert ("pip install 'onnxruntime-gpu[cuda,cudnn]" in told) == (is_missed or not is_well)
