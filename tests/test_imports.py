"""Holds who may import whom, so that a wrong edge fails with its name."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("gateway", "inference", "models")
WORKER_SIDE = {
    f"inference.{name}"
    for name in ("worker", "engine", "session", "text", "espeak", "alphabet", "spoken", "east")
}
SHARED = {"inference.protocol", "inference.errors"}
HEAVY = ("numpy", "onnxruntime", "onnx", "kokoro_onnx", "phonemizer", "espeakng_loader", "misaki", "soxr")
"""What the gateway process must not load: it would pay for it in memory and start-up."""


def modules() -> dict[str, Path]:
    """Every module of the three packages by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = path
    return found


def imports(path: Path, *, of_run_time: bool = False) -> set[str]:
    """Modules of ours that a file imports, as `package.module`; without those for the type checker if so wanted."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if of_run_time and node in typing_only:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path}: imports are absolute"
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                found.add(module if module in modules() else node.module)
    return found & modules().keys()


EDGES = [(name, target) for name, path in modules().items() for target in imports(path)]


def package(name: str) -> str:
    return name.partition(".")[0]


def allowed(name: str, target: str) -> bool:
    """The table of who may import whom."""
    match package(name), package(target):
        case "gateway", "gateway":
            return True
        case "gateway", "inference":
            return target == "inference"  # its public names only
        case "gateway", "models":
            return target == "models.manifest" or name == "gateway.cli"
        case "inference", "inference" if name in WORKER_SIDE:
            return target in SHARED | WORKER_SIDE
        case "inference", "inference":
            return target not in WORKER_SIDE
        case ours, theirs:
            return ours == theirs


@pytest.mark.parametrize(("name", "target"), EDGES, ids=str)
def test_imports_follow_the_table(name: str, target: str) -> None:
    assert allowed(name, target), f"{name} must not import {target}"


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = {name: imports(path, of_run_time=True) - {name} for name, path in modules().items()}
    while leaves := [name for name, targets in graph.items() if not targets]:
        for leaf in leaves:
            del graph[leaf]
        for targets in graph.values():
            targets.difference_update(leaves)
    assert not graph, f"a circle runs through {sorted(graph)}"


@pytest.mark.parametrize("module", ["inference", "gateway.app", "gateway.server"])
def test_the_gateway_process_loads_nothing_heavy(module: str) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout.split()
    assert not {name.partition(".")[0] for name in loaded} & set(HEAVY)


def test_files_stay_readable() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    assert {name: length for name, length in lengths.items() if length > 400} == {}
