"""A node of Ray on this machine, in the foreground: it ends with whoever started it, also when that is killed.

`python -m gateway.cluster.node` takes what `ray start` takes. End of file on standard input tells it to end, as SIGTERM
does: Ray then lets the node's replicas finish, and all its processes end with it. Knows no deployment.
"""

from __future__ import annotations

import os
import signal
import sys
import threading


def main() -> None:
    """Run the node until it is told to end."""
    threading.Thread(target=_end_with_starter, daemon=True).start()
    from ray.scripts.scripts import main as ray  # noqa: PLC0415 - takes a second, in which nobody would listen

    sys.argv = ["ray", "start", "--block", *sys.argv[1:]]
    ray()


def _end_with_starter() -> None:
    while os.read(0, 1 << 12):  # past the buffer, whose lock would be in the way of an end for another reason
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
