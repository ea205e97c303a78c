"""`kokoro-gateway cluster`: one machine of several that serve as one."""

from __future__ import annotations

import importlib.util
from typing import Annotated

import typer

from gateway import assembly
from gateway.cluster import command
from gateway.commands.options import EVERY, with_settings
from gateway.commands.terminal import err, fail, progress
from gateway.commands.welcome import welcome
from gateway.keys import Keys
from gateway.server import ports
from gateway.settings import Settings, base_url


@with_settings(*EVERY)
def cluster(
    settings: Settings,
    join: Annotated[
        str | None,
        typer.Option(help="Be a further machine of the fleet whose first machine printed this address."),
    ] = None,
    join_port: Annotated[
        int, typer.Option(help="Port at which further machines join the first.")
    ] = command.JOIN_PORT,
) -> None:
    """Serve from several machines, as the first of them or a further one. Needs the extra `ray`."""
    if importlib.util.find_spec("ray") is None:
        fail("Ray is not installed: pip install 'kokoro-gateway[ray]'")
    Keys(settings)
    ports.require_ports(settings, join_port if join is None else None)
    command.require_access(join)
    with progress() as show:
        assembly.prepare(settings, show)  # the replica would do it too, but here somebody sees how far it is

    def announce(address: str) -> None:
        if join is None:
            welcome(settings.host, settings.port)
            _say(f"Further machines: kokoro-gateway cluster --join {address}")
            return
        _say(f"Joined {address}: this machine speaks once its log says worker_ready.")
        if settings.node_port:
            _say(f"Its own Base URL: {base_url(settings.host, settings.node_port)}")

    command.run(settings, join, join_port, announce)


def _say(sentence: str) -> None:
    err.print(sentence, highlight=False)
