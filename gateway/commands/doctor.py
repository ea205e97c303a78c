"""`kokoro-gateway doctor`: what could be wrong here."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.commands.options import SERVER, SPEECH, with_settings
from gateway.commands.terminal import log_errors, print_report, progress
from gateway.settings import Settings
from gateway.tools.doctor import examine


@with_settings(*SERVER, *SPEECH)
def doctor(
    settings: Settings, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """Look at everything that could be wrong here, and say what to do; the exit code is 1 if something is."""
    log_errors(settings)
    with progress() as show:
        report = examine(settings, show)
    print_report(report, as_json=as_json)
    raise typer.Exit(0 if report.is_well else 1)
