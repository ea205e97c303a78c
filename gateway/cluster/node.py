"""A node of Ray on this machine, in the foreground: it ends with whoever started it, also when that is killed.

`python -m gateway.cluster.node` takes what `ray start` takes. End of file on standard input tells it to end, as SIGTERM
does: Ray then lets the node's replicas finish, and all its processes end with it. Knows no deployment.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from gateway.cluster.environment import LOG_PIPE


def main() -> None:
    """Run the node until it is told to end."""
    # Nobody else does, where whoever started this was killed. Of those that are registered, the first comes last.
    atexit.register(shutil.rmtree, Path(os.environ[LOG_PIPE]).parent, ignore_errors=True)
    threading.Thread(target=_end_with_starter, daemon=True).start()
    from ray.scripts.scripts import main as ray  # noqa: PLC0415 - takes a second, in which nobody would listen

    sys.argv = ["ray", "start", "--block", *sys.argv[1:]]
    ray()


def trim(params: Any, _: bool) -> None:
    """Ray calls this before it starts anything (`RAY_START_HOOK`): nobody connects to it from afar (50 MB)."""
    params.ray_client_server_port = None


def _end_with_starter() -> None:
    while os.read(0, 1 << 12):  # past the buffer, whose lock would be in the way of an end for another reason
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
