"""`kokoro-gateway voices`: who can speak."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from gateway.commands.options import FILES, with_settings
from gateway.commands.terminal import out, progress
from gateway.model_files import fetch_files
from gateway.settings import Settings
from gateway.speech.voices import OPENAI_VOICES, Catalogue


@with_settings(*FILES)
def voices(
    settings: Settings, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """The voices, with their languages, and the OpenAI names."""
    with progress() as show:
        catalogue = Catalogue.read(fetch_files(settings, show).voices)
    rows = [
        {"id": v.id, "language": v.language, "gender": v.gender, "openai": _openai_names(v.id)}
        for v in catalogue.voices
    ]
    if as_json:
        out.print_json(data=rows)
        return
    table = Table("voice", "language", "gender", "OpenAI name", box=None)
    for row in rows:
        table.add_row(*row.values())
    out.print(table)


def _openai_names(voice: str) -> str:
    return ", ".join(name for name, id_ in OPENAI_VOICES.items() if id_ == voice)
