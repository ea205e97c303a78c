"""From a released graph, the graph this machine runs fastest: derive it, hold it against the release, choose, record.

The work happens in two child programs, `models.derive.bake` and `models.derive.compare`; this module names, keeps
and judges what they make. It loads neither onnx nor onnxruntime, and does not know what a worker or a request is.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

Progress: TypeAlias = Callable[[str, float], None]
"""Called with what is being done and the share that is done, 0 to 1."""

Kind: TypeAlias = Literal["released", "derived"]

GRAPH, WEIGHTS = "model.onnx", "weights.bin"
RECORD = "choice.json"
STEPS = 5
"""Lines `models.derive.bake` prints, and the trial after it: the whole of a progress bar."""

_BAKED_BY = ("bake.py", "rewrites.py", "quantize.py", "ranges-v1.npz")
_RUNTIME = ("onnxruntime", "onnx-ir", "onnxscript")
_VNNI = {"avx512_vnni", "avx_vnni", "avx512vnni", "avxvnni"}

# What a sound derived graph shows against the release: the derived graph of the recipe is 1.8 dB from it.
MOST_DISTANCE_DB = 5.0
MOST_LENGTH_DIFFERENCE = 0.05
MOST_LEVEL_DIFFERENCE_DB = 1.5
LOUDEST_PEAK = 1.2


class DerivationFailed(Exception):
    """The graph could not be derived; the message is the child program's last words. The release still works."""


@dataclass(frozen=True)
class Recipe:
    """How to derive, as far as it depends on the machine.

    `weight_bits` is 7 where 8-bit products saturate; `target` names the instruction sets that weights are packed for.
    """

    weight_bits: int = 8
    target: str = ""

    @classmethod
    def for_machine(cls, architecture: str, instruction_sets: Collection[str]) -> Recipe:
        """The recipe for an architecture as `platform.machine` names it and instruction sets as Linux names them.

        x86 without VNNI adds pairs of products in 16 bits: 2 x 255 x 127 overflows, 2 x 255 x 63 does not.
        """
        sets = sorted(name.lower() for name in instruction_sets)
        x86 = architecture.lower() in {"x86_64", "amd64", "i686", "x86"}
        saturates = x86 and not _VNNI.intersection(sets)
        return cls(weight_bits=7 if saturates else 8, target=" ".join([architecture, *sets]))


@dataclass(frozen=True)
class Choice:
    """Which graph sessions load and why; `graph` is the released file itself or a derived one.

    `cost` is CPU seconds of one thread for a second of audio, `cost_ratio` that of the derived graph over that of the
    release for the same sentences, `distance_db` how far apart they sound; None where that was not measured.
    """

    kind: Kind
    graph: Path
    reason: str
    cost: float | None = None
    cost_ratio: float | None = None
    distance_db: float | None = None


def _silent(_doing: str, _share: float) -> None:
    """No progress bar."""


def derived_directory(source: Path, directory: Path, recipe: Recipe) -> Path:
    """Where the graph derived from this file with this recipe is kept: another name when anything it rests on changes.

    That is the released file, the recipe, the code and ranges that bake it, and the libraries that do.
    """
    digest = hashlib.sha256(json.dumps(asdict(recipe), sort_keys=True).encode())
    digest.update(" ".join(version(name) for name in _RUNTIME).encode())
    here = Path(__file__).parent
    for path in (source, *(here / name for name in _BAKED_BY)):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return directory / f"{source.stem}-{digest.hexdigest()[:16]}"


def derive(source: Path, directory: Path, *, recipe: Recipe, progress: Progress | None = None) -> Path:
    """The derived graph's path, made first if it is not there yet (5 to 15 s of one core, 1 GB while it lasts).

    The graph and its weights appear together or not at all, whoever else is deriving the same.

    Raises:
        DerivationFailed: the child program did not finish.
    """
    return _derive_into(derived_directory(source, directory, recipe), source, recipe, progress)


def _derive_into(home: Path, source: Path, recipe: Recipe, progress: Progress | None) -> Path:
    if (home / GRAPH).is_file():
        return home / GRAPH
    home.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".deriving-", dir=home.parent))
    try:
        _bake(source, scratch, recipe, progress or _silent)
        scratch.chmod(0o755)
        try:
            scratch.rename(home)
        except OSError:
            if not (home / GRAPH).is_file():  # anything but another process having been first
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return home / GRAPH


def choose(
    source: Path,
    directory: Path,
    voices: Path,
    *,
    recipe: Recipe,
    force: Kind | None = None,
    progress: Progress | None = None,
) -> Choice:
    """Decide once per machine between the release and its derived graph, and remember.

    The derived graph has to sound like the release, `force` or not; without `force` it also has to cost less.
    A derivation that fails is a reason to run the release, never a reason not to run.
    """
    if force == "released":
        return Choice("released", source, "asked for by name")
    try:
        home = derived_directory(source, directory, recipe)
        _discard_if_damaged(home)
        graph = _derive_into(home, source, recipe, progress)
        measured = _recorded(home)
        digest = _digest(home) if measured is None else None
    except (
        DerivationFailed,
        OSError,
    ) as failure:  # a directory that cannot be written to is no reason either
        return Choice("released", source, f"deriving failed: {failure}")
    if measured is None:
        (progress or _silent)("comparing with the release", (STEPS - 1) / STEPS)
        measured = compare(source, graph, voices) | {"digest": digest}
        with contextlib.suppress(OSError):  # then it is measured again at the next start
            _write(graph.with_name(RECORD), json.dumps(measured, indent=2))
    return judge(source, graph, measured, force)


def _discard_if_damaged(home: Path) -> None:
    """Remove a derived graph that is not what was compared with the release: it is derived again."""
    measured = _recorded(home)
    if measured is None or measured.get("digest") == _digest(home):
        return
    aside = home.with_name(f".damaged-{home.name}-{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):  # another process was first
        home.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def _digest(home: Path) -> str:
    """SHA-256 of a derived graph and its weights, which may lie in the graph (0.1 s)."""
    digest = hashlib.sha256()
    for path in (home / GRAPH, home / WEIGHTS):
        if path.exists():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _recorded(home: Path) -> dict[str, Any] | None:
    """What an earlier comparison measured; None if there is none that can be read."""
    try:
        measured: dict[str, Any] = json.loads((home / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return measured


def compare(source: Path, graph: Path, voices: Path) -> dict[str, Any]:
    """What `models.derive.compare` measures of two graphs on this machine now; takes 10 s of one core.

    A graph that does not load or run is infinitely far from the release.
    """
    with _child("models.derive.compare", source, graph, voices) as trial:
        words, errors = trial.communicate()
    if trial.returncode:
        return {"distance": float("inf"), "failure": _last_line(errors)}
    measured: dict[str, Any] = json.loads(words)
    return measured


def judge(source: Path, graph: Path, measured: dict[str, Any], force: Kind | None = None) -> Choice:
    """The choice that a comparison leads to. A figure that is not a number fails like one that is too large."""
    faults = [
        f"{name} differs by {measured.get(name, float('inf')):.3g}{unit}, at most {most:g}{unit} is sound"
        for name, most, unit in (
            ("distance", MOST_DISTANCE_DB, " dB"),
            ("length", MOST_LENGTH_DIFFERENCE, ""),
            ("level", MOST_LEVEL_DIFFERENCE_DB, " dB"),
            ("peak", LOUDEST_PEAK, ""),
        )
        if not measured.get(name, float("inf")) <= most
    ]
    if faults:
        reason = f"the derived graph fails parity: {'; '.join(faults)}"
        return Choice("released", source, reason, measured.get("released_cost"))
    cost, released_cost, distance = (measured[k] for k in ("derived_cost", "released_cost", "distance"))
    ratio = cost / released_cost
    if force == "derived":
        return Choice("derived", graph, "asked for by name", cost, ratio, distance)
    if ratio >= 1:
        reason = f"the derived graph costs {ratio:.2f} of it"
        return Choice("released", source, reason, released_cost, ratio, distance)
    return Choice("derived", graph, f"it costs {ratio:.2f} of the release", cost, ratio, distance)


def _bake(source: Path, directory: Path, recipe: Recipe, progress: Progress) -> None:
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        with _child("models.derive.bake", source, directory, recipe.weight_bits, errors=errors) as baking:
            for number, line in enumerate(baking.stdout or ()):
                progress(line.strip(), number / STEPS)
        if baking.returncode:
            errors.seek(0)
            raise DerivationFailed(_last_line(errors.read()) or f"exit status {baking.returncode}")


@contextlib.contextmanager
def _child(
    module: str, *arguments: object, errors: IO[str] | int = subprocess.PIPE
) -> Iterator[subprocess.Popen[str]]:
    """A program of this package, found whatever directory the service was started in; who leaves early ends it."""
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    with subprocess.Popen(  # noqa: S603 - our own module, by the interpreter that runs us
        [sys.executable, "-m", module, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "ORT_DISABLE_TELEMETRY": "1"},
    ) as process:
        try:
            yield process
        except BaseException:  # SIGTERM would wait for a gateway that waits for this
            process.kill()
            raise


def _last_line(text: str) -> str:
    return text.strip().rsplit("\n", 1)[-1]


def _write(path: Path, text: str) -> None:
    """Write a file that is either whole or not there."""
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(text, "utf-8")
    partial.replace(path)
