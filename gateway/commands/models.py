"""`kokoro-gateway models list`, `fetch` and `verify`: the files of the model on this machine."""

from __future__ import annotations

import typer
from rich.table import Table

from gateway.commands.options import FILES, with_settings
from gateway.commands.terminal import out, progress
from gateway.model_files import fetch_files, file_states
from gateway.settings import Settings
from models.fetch import FileState, verify
from models.manifest import Manifest


@with_settings("models_dir")
def list_(settings: Settings) -> None:
    """The model files there are, and which of them are here."""
    table = Table("name", "state", "MB", "licence", "what", box=None)
    for file in Manifest.load().files:
        state = verify(file, settings.models_dir)
        table.add_row(file.name, state.value, f"{file.bytes / 1e6:.0f}", file.licence, file.about)
    out.print(table)
    out.print(f"in {settings.models_dir}", highlight=False, soft_wrap=True)


@with_settings(*FILES)
def fetch(settings: Settings) -> None:
    """Fetch the model files that are missing or damaged. Another model than the default: --model."""
    with progress() as show:
        files = fetch_files(settings, show)
    for path in (files.model, files.voices):
        out.print(f"{path} is there", highlight=False, soft_wrap=True)


@with_settings(*FILES)
def verify_(settings: Settings) -> None:
    """Check the model files against their SHA-256; the exit code is 1 unless all are good."""
    states = file_states(settings)
    for path, state in states.items():
        out.print(f"{path.name}: {state.value}", highlight=False)
    raise typer.Exit(0 if all(state is FileState.GOOD for state in states.values()) else 1)
