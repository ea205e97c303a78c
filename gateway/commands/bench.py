"""`kokoro-gateway bench`: what this machine carries."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.commands.terminal import print_report
from gateway.tools import bench as listening
from gateway.tools import soak, talkers
from gateway.tools.reach import reaching


def bench(
    url: Annotated[
        str | None, typer.Option(help="Measure this server (with /v1) instead of one of our own.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=2, help="Replies that each figure is taken from.")] = 8,
    soak_minutes: Annotated[
        float | None,
        typer.Option("--soak", help="So many minutes of load, hostile clients and killed workers."),
    ] = None,
    talk: Annotated[
        bool, typer.Option("--talk", help="Texts written token by token on a socket, and broken off.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Measure what this machine carries: first audio, cost, streams in real time, memory.

    With --url, a gateway without keys.
    """
    if soak_minutes:
        account = soak.run(soak_minutes)
        print_report(account, as_json=as_json)
        raise typer.Exit(1 if account.as_dict()["faults"] else 0)
    measure = talkers.run if talk else listening.run
    if url is None:
        print_report(measure(None, rounds), as_json=as_json)
        return
    with reaching(url, "bench has no key: measure a gateway without keys"):
        print_report(measure(url, rounds), as_json=as_json)
