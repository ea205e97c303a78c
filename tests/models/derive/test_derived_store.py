"""What is kept of a derivation, and what a killed one leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from models.derive.derived_store import GRAPH, RECORD, DerivedStore, Measured
from tests.support.waiting import DEADLINE_S

ROOT = Path(__file__).parents[3]
MEASURED = Measured(released_cost=0.6, derived_cost=0.3, distance=2.0, length=0.0, level=0.3, peak=0.5)

# Takes the lock of the store argv[1], fills the workshop, says so, and then waits to be killed or told to go on.
HOLDER = """
import sys
from pathlib import Path
from models.derive.derived_store import DerivedStore

with DerivedStore(Path(sys.argv[1])).locked(lambda: print("waits", flush=True)) as workshop:
    (workshop / "baked").mkdir()
    (workshop / "baked" / "score.onnx").write_bytes(b"half a graph")
    print("holds", flush=True)
    sys.stdin.readline()
"""

# Takes it a thousand times: one in a thousand finds the folder gone between two looks at it.
TAKER = """
import sys
from pathlib import Path
from models.derive.derived_store import DerivedStore

for _ in range(1000):
    with DerivedStore(Path(sys.argv[1])).locked(lambda: None):
        pass
"""


def holder(store: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLDER, str(store)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def make(store: DerivedStore) -> None:
    """A store with a graph and the record of its comparison."""
    with store.locked(pytest.fail) as workshop:
        baked = workshop / "baked"
        baked.mkdir()
        (baked / GRAPH).write_bytes(b"a graph")
        (baked / "score.bin").write_bytes(b"its weights")
        store.take(baked, workshop)
        store.keep(MEASURED, workshop)


@pytest.fixture
def store(tmp_path: Path) -> DerivedStore:
    return DerivedStore(tmp_path / "not" / "yet" / "kokoro-0123")


def test_what_is_kept_is_found_again_and_nothing_else_is_left(store: DerivedStore) -> None:
    assert store.record() is None
    make(store)
    assert store.record() == MEASURED
    assert [path.name for path in store.path.parent.iterdir()] == [store.path.name]
    assert sorted(path.name for path in store.path.iterdir()) == [RECORD, "score.bin", GRAPH]


@pytest.mark.parametrize("name", [GRAPH, "score.bin"])
def test_a_record_of_other_files_is_no_record(store: DerivedStore, name: str) -> None:
    make(store)
    (store.path / name).write_bytes(b"damaged")
    assert store.record() is None
    assert not store.is_whole()


def test_figures_that_are_no_numbers_are_kept_too(store: DerivedStore) -> None:
    make(store)
    with store.locked(pytest.fail) as workshop:
        store.keep(Measured(0.6, 0.3, float("inf"), 0.0, 0.0, float("nan")), workshop)
    measured = store.record()
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
def test_a_damaged_record_is_like_none(store: DerivedStore, record: str) -> None:
    make(store)
    (store.path / RECORD).write_text(record.replace("0" * 64, json.loads(text(store))["digest"]))
    assert store.record() is None
    assert not store.is_whole()


def text(store: DerivedStore) -> str:
    return (store.path / RECORD).read_text()


def test_a_record_that_is_no_text_or_no_file_is_like_none(store: DerivedStore) -> None:
    make(store)
    (store.path / RECORD).write_bytes(b"\xff\xfe{")
    assert store.record() is None
    (store.path / RECORD).unlink()
    (store.path / RECORD).mkdir()
    assert store.record() is None


def test_what_a_killed_process_left_is_cleared_by_the_next_one(store: DerivedStore) -> None:
    with holder(store.path) as killed:
        assert said(killed) == "holds"
        killed.kill()
    assert any(store.path.parent.iterdir())
    make(store)
    assert [path.name for path in store.path.parent.iterdir()] == [store.path.name]


def test_what_a_killed_process_left_of_another_graph_is_cleared_too(store: DerivedStore) -> None:
    with holder(store.path.with_name("of-another-version")) as killed:
        assert said(killed) == "holds"
        killed.kill()
    (store.path.parent / ".deriving-0123abcd").mkdir()  # as 0.1.0 named it
    (store.path.parent / ".deriving-0123abcd" / GRAPH).write_bytes(b"half a graph")
    make(store)
    assert [path.name for path in store.path.parent.iterdir()] == [store.path.name]


def test_what_a_process_works_on_is_left_to_it(store: DerivedStore) -> None:
    with holder(store.path.with_name("another")) as busy:
        assert said(busy) == "holds"
        make(store)
        assert (store.path.parent / ".deriving-another" / "baked" / GRAPH).read_bytes() == b"half a graph"
        busy.communicate("go on\n", timeout=DEADLINE_S)
    assert busy.returncode == 0
    assert [path.name for path in store.path.parent.iterdir()] == [store.path.name]


def test_what_a_link_leads_to_is_not_cleared(store: DerivedStore, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    store.path.parent.mkdir(parents=True)
    (store.path.parent / ".deriving-link").symlink_to(tmp_path / "precious")
    make(store)
    assert (tmp_path / "precious" / "file").exists()
    (store.path.parent / f".deriving-{store.path.name}").symlink_to(tmp_path / "precious")
    with pytest.raises(NotADirectoryError), store.locked(pytest.fail):
        pass
    assert [path.name for path in (tmp_path / "precious").iterdir()] == ["file"]


def test_one_process_at_a_time_and_the_next_as_soon_as_it_is_killed(store: DerivedStore) -> None:
    with holder(store.path) as first:
        assert said(first) == "holds"
        with holder(store.path) as second:
            assert said(second) == "waits"
            first.kill()
            assert said(second) == "holds"
            second.communicate("go on\n", timeout=DEADLINE_S)
    assert second.returncode == 0
    assert list(store.path.parent.iterdir()) == []


@pytest.mark.slow
def test_many_processes_take_turns(store: DerivedStore) -> None:
    crowd = [subprocess.Popen([sys.executable, "-c", TAKER, str(store.path)], cwd=ROOT) for _ in range(6)]
    assert [process.wait(DEADLINE_S) for process in crowd] == [0] * 6
    assert list(store.path.parent.iterdir()) == []
