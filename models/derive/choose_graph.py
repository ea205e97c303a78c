"""From a released graph, the graph this machine runs fastest: derive it, hold it against the release, choose, record.

The work happens in two child programs, `models.derive.bake` and `models.derive.compare`; this module orders and judges
it. It loads neither onnx nor onnxruntime, and does not know what a worker or a request is.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Callable, Collection
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from models import children
from models.derive.derived_store import MEASURED, DerivedStore

if TYPE_CHECKING:
    from models.derive.derived_store import Measured

StepProgress: TypeAlias = Callable[[str, float], None]
"""Called with what is being done and the share that is done, 0 to 1."""

GraphKind: TypeAlias = Literal["released", "derived"]

STEPS = 5
"""Lines `models.derive.bake` prints, and the comparison after it: the whole of a progress bar."""

KILLED = 128
"""Exit codes above it tell of a signal: the program did nothing wrong, somebody or something ended it."""

_BAKED_BY = (
    "bake.py",
    "rewrites.py",
    "quantize.py",
    "stages.py",
    "fixed_length.py",
    "norms.py",
    "ranges-v1.npz",
    "norms-v1.npz",
)
_RUNTIME = ("onnxruntime", "onnxruntime-gpu", "onnx-ir", "onnxscript")
_VNNI = {"avx512_vnni", "avx_vnni", "avx512vnni", "avxvnni"}

# What a sound derived graph shows against the release: the derived graph of the recipe is 1.8 dB from it.
MOST_DISTANCE_DB = 5.0
MOST_LENGTH_DIFFERENCE = 0.05
MOST_LEVEL_DIFFERENCE_DB = 1.5
MOST_PEAK = 1.2


class DerivationFailed(Exception):
    """The graph could not be derived or compared; the message says which and why. The release still works."""


class Unusable(DerivationFailed):
    """The derived graph is there but does not load or run: it is not kept."""


@dataclass(frozen=True)
class Recipe:
    """How to derive, as far as it depends on the machine.

    `weight_bits` is 7 where 8-bit products saturate; `target` names the instruction sets that weights are packed for.
    """

    weight_bits: int = 8
    target: str = ""
    is_accelerated: bool = False
    """Its vocoder is for an accelerator, in float; its score, which stays with the CPU, is like any other."""

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
    """Which graph sessions load and why; `graph` is the released file itself or the score stage of a derived one.

    `cost` is CPU seconds of one thread for a second of audio; None where that was not measured.
    """

    kind: GraphKind
    graph: Path
    reason: str
    cost: float | None = None


def derived_directory(source: Path, directory: Path, recipe: Recipe) -> Path:
    """Where the graph derived from this file with this recipe is kept: the name changes with all that it depends on.

    That is the released file, the recipe, the code and ranges that bake it, and the libraries that do.
    """
    digest = hashlib.sha256(json.dumps(asdict(recipe), sort_keys=True).encode())
    digest.update(" ".join(_installed(name) for name in _RUNTIME).encode())
    here = Path(__file__).parent
    for path in (source, *(here / name for name in _BAKED_BY)):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return directory / f"{source.stem}-{digest.hexdigest()[:16]}"


def choose(
    source: Path,
    directory: Path,
    voices: Path,
    *,
    recipe: Recipe,
    force: GraphKind | None = None,
    progress: StepProgress = lambda _doing, _share: None,
) -> Choice:
    """Decide once per machine between the release and its derived graph, and remember (20 s of one core, 1 GB, once).

    The derived graph has to sound like the release, `force` or not; without `force` it also has to cost less.
    A derivation that fails is a reason to run the release this time, never a reason not to run.
    """
    if force == "released":
        return Choice("released", source, "asked for by name")
    try:
        store = DerivedStore(derived_directory(source, directory, recipe))
        measured = store.record() or _measured(store, source, voices, recipe, progress)
    except (DerivationFailed, OSError) as failure:  # the latter: a directory that cannot be written to
        return Choice("released", source, f"deriving failed: {failure}")
    return judge(source, store.graph, measured, force)


def _measured(
    store: DerivedStore, source: Path, voices: Path, recipe: Recipe, progress: StepProgress
) -> Measured:
    """Derive and compare what is not there yet, while others who want the same wait for it."""
    with ExitStack() as stack:
        try:
            workshop = stack.enter_context(store.locked(lambda: progress("another process is at it", 0.0)))
        except OSError:
            if not store.is_whole():
                raise
            return compare(source, store.graph, voices)  # at each start: it cannot be recorded
        return store.record() or _made(store, workshop, source, voices, recipe, progress)


def _made(
    store: DerivedStore, workshop: Path, source: Path, voices: Path, recipe: Recipe, progress: StepProgress
) -> Measured:
    if not store.is_whole():
        baked = workshop / "baked"
        baked.mkdir()
        _bake(source, baked, recipe, progress)
        store.take(baked, workshop)
    progress("comparing with the release", (STEPS - 1) / STEPS)
    try:
        measured = compare(source, store.graph, voices)
    except Unusable:
        store.discard(workshop)
        raise
    with suppress(OSError):  # then it is measured again at the next start
        store.keep(measured, workshop)
    return measured


def compare(source: Path, graph: Path, voices: Path) -> Measured:
    """What `models.derive.compare` measures of two graphs on this machine now; takes 10 s of one core.

    Raises:
        Unusable: one of them does not load or run.
        DerivationFailed: it was ended before it had finished, for want of memory perhaps; that says nothing of them.
    """
    command = children.module("models.derive.compare", source, graph, voices)
    with children.running(command, _environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        words, errors = program.communicate()
    if program.returncode > KILLED:
        raise DerivationFailed(f"the comparison was ended by signal {program.returncode - KILLED}")
    if program.returncode:
        raise Unusable(f"the derived graph does not run: {_last_line(errors)}")
    try:
        return MEASURED.validate_json(words, strict=True)
    except ValueError as error:
        raise DerivationFailed("the comparison gave figures that make no sense") from error


def judge(source: Path, graph: Path, measured: Measured, force: GraphKind | None = None) -> Choice:
    """The choice that a comparison leads to. A figure that is not a number fails like one that is too large."""
    faults = [
        f"{name} differs by {figure:.3g}{unit}, at most {most:g}{unit} is sound"
        for name, figure, most, unit in (
            ("distance", measured.distance, MOST_DISTANCE_DB, " dB"),
            ("length", measured.length, MOST_LENGTH_DIFFERENCE, ""),
            ("level", measured.level, MOST_LEVEL_DIFFERENCE_DB, " dB"),
            ("peak", measured.peak, MOST_PEAK, ""),
        )
        if not figure <= most
    ]
    if faults:
        reason = f"the derived graph fails parity: {'; '.join(faults)}"
        return Choice("released", source, reason, measured.released_cost)
    ratio = measured.derived_cost / measured.released_cost
    if force == "derived":
        return Choice("derived", graph, "asked for by name", measured.derived_cost)
    if ratio >= 1:
        return Choice(
            "released", source, f"the derived graph costs {ratio:.2f} of it", measured.released_cost
        )
    return Choice("derived", graph, f"it costs {ratio:.2f} of the release", measured.derived_cost)


def _bake(source: Path, directory: Path, recipe: Recipe, progress: StepProgress) -> None:
    arguments = (source, directory, recipe.weight_bits, int(recipe.is_accelerated))
    command = children.module("models.derive.bake", *arguments)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        with children.running(command, _environment(), stdout=subprocess.PIPE, stderr=errors) as program:
            for number, line in enumerate(program.stdout or ()):
                progress(line.strip(), number / STEPS)
        if program.returncode:
            errors.seek(0)
            raise DerivationFailed(_last_line(errors.read()) or f"exit status {program.returncode}")


def _installed(distribution: str) -> str:
    """Its version, or nothing: onnxruntime comes under one of two names."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _environment() -> dict[str, str]:
    ours = str(Path(__file__).parents[2])
    return children.environment(PYTHONPATH=ours, ORT_DISABLE_TELEMETRY="1")


def _last_line(text: str) -> str:
    return text.strip().rsplit("\n", 1)[-1]
