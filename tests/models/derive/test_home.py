"""What is kept of a derivation, and what a killed one leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from models.derive.home import GRAPH, RECORD, Home, Measured

ROOT = Path(__file__).parents[3]
MEASURED = Measured(released_cost=0.6, derived_cost=0.3, distance=2.0, length=0.0, level=0.3, peak=0.5)

# Takes the lock of the home argv[1], fills the workshop, says so, and then waits to be killed or told to go on.
HOLDER = """
import sys
from pathlib import Path
from models.derive.home import Home

with Home(Path(sys.argv[1])).locked(lambda: print("waits", flush=True)) as workshop:
    (workshop / "baked").mkdir()
    (workshop / "baked" / "score.onnx").write_bytes(b"half a graph")
    print("holds", flush=True)
    sys.stdin.readline()
"""


def holder(home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLDER, str(home)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def make(home: Home) -> None:
    """A home with a graph and the record of its comparison."""
    with home.locked(pytest.fail) as workshop:
        baked = workshop / "baked"
        baked.mkdir()
        (baked / GRAPH).write_bytes(b"a graph")
        (baked / "score.bin").write_bytes(b"its weights")
        home.take(baked, workshop)
        home.keep(MEASURED, workshop)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "not" / "yet" / "kokoro-0123")


def test_what_is_kept_is_found_again_and_nothing_else_is_left(home: Home) -> None:
    assert home.record() is None
    make(home)
    assert home.record() == MEASURED
    assert [path.name for path in home.path.parent.iterdir()] == [home.path.name]
    assert sorted(path.name for path in home.path.iterdir()) == [RECORD, "score.bin", GRAPH]


@pytest.mark.parametrize("name", [GRAPH, "score.bin"])
def test_a_record_of_other_files_is_no_record(home: Home, name: str) -> None:
    make(home)
    (home.path / name).write_bytes(b"damaged")
    assert home.record() is None
    assert not home.is_whole()


def test_figures_that_are_no_numbers_are_kept_too(home: Home) -> None:
    make(home)
    with home.locked(pytest.fail) as workshop:
        home.keep(Measured(0.6, 0.3, float("inf"), 0.0, 0.0, float("nan")), workshop)
    measured = home.record()
    assert measured is not None
    assert str(measured.peak) == "nan"


def damaged(change: dict[str, Any]) -> str:
    """A record with some figures changed, or left out where they are None."""
    measured = {name: value for name, value in (vars(MEASURED) | change).items() if value is not None}
    return json.dumps({"digest": "0" * 64, "measured": measured})


@pytest.mark.parametrize(
    "record",
    [
        "", "[]", "null", "3", '"text"', "{}", '{"digest": 3}', '{"distance": Infinity, "digest": "00"}', "[" * 100_000,
        '{"digest": "0', "\x00\x00\x00", damaged({"level": None}), damaged({"peak": "0.5"}),
        damaged({"derived_cost": 0}), damaged({"released_cost": float("nan")}), damaged({"distance": [1]}),
    ],
)  # fmt: skip
def test_a_damaged_record_is_like_none(home: Home, record: str) -> None:
    make(home)
    (home.path / RECORD).write_text(record.replace("0" * 64, json.loads(text(home))["digest"]))
    assert home.record() is None
    assert not home.is_whole()


def text(home: Home) -> str:
    return (home.path / RECORD).read_text()


def test_a_record_that_is_no_text_or_no_file_is_like_none(home: Home) -> None:
    make(home)
    (home.path / RECORD).write_bytes(b"\xff\xfe{")
    assert home.record() is None
    (home.path / RECORD).unlink()
    (home.path / RECORD).mkdir()
    assert home.record() is None


def test_what_a_killed_process_left_is_cleared_by_the_next_one(home: Home) -> None:
    with holder(home.path) as killed:
        assert said(killed) == "holds"
        killed.kill()
    assert any(home.path.parent.iterdir())
    make(home)
    assert [path.name for path in home.path.parent.iterdir()] == [home.path.name]


def test_what_a_killed_process_left_of_another_graph_is_cleared_too(home: Home) -> None:
    with holder(home.path.with_name("of-another-version")) as killed:
        assert said(killed) == "holds"
        killed.kill()
    (home.path.parent / ".deriving-0123abcd").mkdir()  # as 0.1.0 named it
    (home.path.parent / ".deriving-0123abcd" / GRAPH).write_bytes(b"half a graph")
    make(home)
    assert [path.name for path in home.path.parent.iterdir()] == [home.path.name]


def test_what_a_process_works_on_is_left_to_it(home: Home) -> None:
    with holder(home.path.with_name("another")) as busy:
        assert said(busy) == "holds"
        make(home)
        assert (home.path.parent / ".deriving-another" / "baked" / GRAPH).read_bytes() == b"half a graph"
        busy.communicate("go on\n", timeout=20)
    assert busy.returncode == 0
    assert [path.name for path in home.path.parent.iterdir()] == [home.path.name]


def test_what_a_link_leads_to_is_not_cleared(home: Home, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    home.path.parent.mkdir(parents=True)
    (home.path.parent / ".deriving-link").symlink_to(tmp_path / "precious")
    make(home)
    assert (tmp_path / "precious" / "file").exists()
    (home.path.parent / f".deriving-{home.path.name}").symlink_to(tmp_path / "precious")
    with pytest.raises(NotADirectoryError), home.locked(pytest.fail):
        pass
    assert [path.name for path in (tmp_path / "precious").iterdir()] == ["file"]


def test_one_process_at_a_time_and_the_next_as_soon_as_it_is_killed(home: Home) -> None:
    with holder(home.path) as first:
        assert said(first) == "holds"
        with holder(home.path) as second:
            assert said(second) == "waits"
            first.kill()
            assert said(second) == "holds"
            second.communicate("go on\n", timeout=20)
    assert second.returncode == 0
    assert list(home.path.parent.iterdir()) == []


@pytest.mark.slow
def test_many_processes_take_turns(home: Home) -> None:
    crowd = [holder(home.path) for _ in range(6)]
    for process in crowd:
        assert process.stdin is not None
        process.stdin.write("go on\n")
        process.stdin.flush()
    for process in crowd:
        process.communicate(timeout=60)
    assert [process.returncode for process in crowd] == [0] * 6
    assert list(home.path.parent.iterdir()) == []
