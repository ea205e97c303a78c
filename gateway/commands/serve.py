"""`kokoro-gateway serve`: the gateway on this machine, until a signal ends it."""

from __future__ import annotations

import uvloop

from gateway import assembly
from gateway.commands.options import EVERY, with_settings
from gateway.commands.terminal import progress
from gateway.commands.welcome import welcome
from gateway.keys import Keys
from gateway.observe.logs import logged
from gateway.server import lifecycle, ports
from gateway.settings import Settings


@with_settings(*EVERY)
def serve(settings: Settings) -> None:
    """Serve the OpenAI speech API; fetches the model first if it is not there."""
    lifecycle.end_on_sigterm()
    with logged(settings) as log:
        keys = Keys(settings)
        listener, for_wyoming = ports.listen(settings, keys), ports.listen_for_wyoming(settings)
        with progress() as show:
            parts = assembly.prepare(settings, show)

        def announce() -> None:
            welcome(*listener.getsockname()[:2])

        uvloop.run(assembly.serve(parts, keys, listener, for_wyoming, log, announce))
