"""A machine of a fleet on the tone model, with workers that break on demand.

`python -m tests.support.tone_cluster JOIN_PORT [--join ADDRESS]`: everything but the model and the engine's faults is
what `kokoro-gateway cluster` runs. TONE_DIRECTORY has the model.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cluster import command
from gateway.settings import Settings
from tests.support.gateway import START_S
from tests.support.tone_server import parts
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from gateway.assembly import Parts
    from gateway.model_files import Show


def prepare(settings: Settings, show: Show) -> Parts:
    """What makes a gateway that hums."""
    return parts(settings, Path(os.environ["TONE_DIRECTORY"]))


def prepare_anew(settings: Settings, show: Show) -> Parts:
    """The same by another name, as a new release has it."""
    return prepare(settings, show)


def main() -> None:
    settings = Settings.from_environment()
    join_port, join = int(sys.argv[1]), next(iter(sys.argv[3:]), None)

    def announce(address: str) -> None:
        port = settings.port if join is None else settings.node_port
        wait_for(lambda: not socket.socket().connect_ex(("127.0.0.1", port)), "a replica", START_S)
        sys.stderr.write(f"Base URL: http://127.0.0.1:{port}/v1\n")
        sys.stderr.flush()

    command.run(settings, join, join_port, announce, f"{__spec__.name}:prepare")


if __name__ == "__main__":
    main()
