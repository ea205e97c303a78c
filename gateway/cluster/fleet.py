"""Tells Ray what is to be: the door is open and the gateway deployed, its files are read again, all of it ends.

`python -m gateway.cluster.fleet ADDRESS deploy|end [RENEWED [PREPARE]]` is a program of its own: Ray takes over the
signals of the process that it is loaded into, and 90 MB. Serve stays when it leaves.
"""

from __future__ import annotations

import logging
import sys

import ray
from ray import serve

from gateway.cluster.deployment import LOGGING, NAME, application
from gateway.cluster.environment import PREPARE
from gateway.server.connection import KEEP_ALIVE_S
from gateway.settings import Settings


def main() -> None:
    """Do what the command line says, and print where further machines join."""
    address, what, *rest = sys.argv[1:]
    logging.getLogger("ray.serve").setLevel(logging.WARNING)
    ray.init(address, namespace="serve", log_to_driver=False, configure_logging=False)
    if what == "deploy":
        deploy(Settings.from_environment(), *rest)
    else:
        end()
    sys.stdout.write(f"{ray.util.get_node_ip_address()}:{address.rpartition(':')[2]}\n")


def deploy(settings: Settings, renewed: str = "0", prepare: str = PREPARE) -> None:
    """Open the door if it is not, and wait until there is a replica behind it."""
    serve.start(
        proxy_location="HeadOnly",
        # Replicas are reached from the machine with the door; the door itself is bound in `front.py`.
        http_options={
            "host": "0.0.0.0",  # noqa: S104
            "port": settings.port,
            "keep_alive_timeout_s": int(KEEP_ALIVE_S),
        },
        logging_config=LOGGING,
    )
    serve.run(application(settings, int(renewed), prepare), name=NAME, route_prefix="/")


def end() -> None:
    """End the replicas, which finish the replies in flight, then Serve."""
    serve.delete(NAME)
    serve.shutdown()


if __name__ == "__main__":
    main()
