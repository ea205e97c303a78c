"""`kokoro-gateway config`: every option, and where its value came from."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Column, Table

from gateway.commands.options import EVERY, with_settings
from gateway.commands.terminal import out
from gateway.settings import PREFIX, Settings, as_markdown, without_secrets


@with_settings(*EVERY)
def config(
    settings: Settings,
    context: typer.Context,
    markdown: Annotated[bool, typer.Option("--markdown", help="As the table of deploy/README.md.")] = False,
) -> None:
    """Every option: its value, where that came from, and what it means."""
    if markdown:
        sys.stdout.write(f"{as_markdown()}\n")
        return
    table = Table(Column("variable", no_wrap=True), "value", "from", "meaning", box=None)
    for name, field in Settings.model_fields.items():
        value = _shown(name, settings)
        table.add_row(PREFIX + name.upper(), value, _source(name, settings, context), field.description)
    out.print(table)


def _shown(name: str, settings: Settings) -> str:
    """The value of an option, as anybody may see it."""
    value = getattr(settings, name)
    if name == "cache_url" and value:
        return without_secrets(value.get_secret_value())
    return "********" if name in {"api_keys", "cache_secret"} and value else str(value)


def _source(name: str, settings: Settings, context: typer.Context) -> str:
    """Where the value of an option came from."""
    if name not in settings.model_fields_set:
        return "default"
    return "environment" if context.params.get(name) is None else "option"
