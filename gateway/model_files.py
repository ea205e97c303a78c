"""The files of the model on this machine: fetched and checked, and the graphs derived from them. Starts nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from models.derive.choose_graph import Choice, Recipe, choose
from models.fetch import FileState, fetch, verify
from models.manifest import Manifest

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.settings import Settings
    from inference import HardwareProfile
    from models.derive.choose_graph import GraphKind
    from models.manifest import File, Model

Show: TypeAlias = Callable[[str, float | None], None]
"""Told what is being done, and which share of it is done if that is known; often, so it must return quickly."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Files:
    """Where the files of one model are."""

    model: Path
    voices: Path


def model_of(settings: Settings) -> Model:
    """The model that is meant; raises UnknownModel."""
    manifest = Manifest.load()
    return manifest.model(settings.model or manifest.default)


def fetch_files(settings: Settings, show: Show) -> Files:
    """The files of the model, fetched if they are missing or damaged.

    Raises:
        UnknownModel: the manifest has no such model.
        FetchError: a file is not there and cannot be brought.
    """
    model = model_of(settings)
    return Files(_fetched(model, settings, show), _fetched(model.voices, settings, show))


def _fetched(file: File, settings: Settings, show: Show) -> Path:
    def progress(done_bytes: int, total_bytes: int, source: str) -> None:
        if done_bytes < total_bytes:
            what = f"{file.name} from {source}: {done_bytes / 1e6:.0f} of {total_bytes / 1e6:.0f} MB"
            show(what, done_bytes / total_bytes)

    return fetch(file, settings.models_dir, progress)


def file_states(settings: Settings) -> dict[Path, FileState]:
    """What lies where the files of the model should.

    Raises:
        UnknownModel: the manifest has no such model.
    """
    model = model_of(settings)
    return {
        settings.models_dir / file.filename: verify(file, settings.models_dir)
        for file in (model, model.voices)
    }


def cpu_graph(settings: Settings, hardware: HardwareProfile, files: Files, show: Show) -> Choice:
    """The graph that the CPU runs: the released one, or one derived from it for this machine."""
    force = None if settings.graph == "auto" else settings.graph
    choice = _derived(settings, files, _recipe(hardware), force, show)
    logger.info("graph_chosen", extra={"graph": choice.kind, "reason": choice.reason})
    return choice


def accelerated_graph(settings: Settings, hardware: HardwareProfile, files: Files, show: Show) -> Path | None:
    """The graph for what is no CPU: never one with a vocoder in 8 bits, which is 15 times slower there; None: none."""
    if hardware.providers == ("cpu",):
        return None
    recipe = replace(_recipe(hardware), is_accelerated=True)
    choice = _derived(settings, files, recipe, "derived", show)
    if choice.kind == "derived":
        return choice.graph
    logger.warning("accelerator_has_no_graph", extra={"reason": choice.reason})
    return None


def _recipe(hardware: HardwareProfile) -> Recipe:
    return Recipe.for_machine(hardware.machine.architecture, hardware.machine.instruction_sets)


def _derived(settings: Settings, files: Files, recipe: Recipe, force: GraphKind | None, show: Show) -> Choice:
    return choose(
        files.model,
        settings.models_dir,
        files.voices,
        recipe=recipe,
        force=force,
        progress=lambda doing, share: show(f"preparing the model for this machine, once: {doing}", share),
    )
