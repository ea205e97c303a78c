"""The replica: our application and its pool in a process that Ray places, watches and ends. Knows Ray's hooks alone.

There is one on each machine. Requests come from HAProxy to uvicorn, which Ray runs in this process, and then here.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import time
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Final

import ray
from ray import serve

from gateway import assembly
from gateway.cluster.door import Door
from gateway.cluster.environment import HOST, LOG_PIPE, PREPARE
from gateway.cluster.request_router import figures
from gateway.keys import Keys
from gateway.observe.logs import logged
from gateway.server import lifecycle, ports
from gateway.server.connections import Connections
from gateway.settings import Settings

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from typing import TextIO

    from starlette.applications import Starlette

    from gateway.assembly import Gateway, Parts

logger = logging.getLogger(__name__)


_LOOK_S: Final = 1.0


class NotReady(Exception):
    """No worker can take a request now. Said several times in a row, Ray replaces the replica."""


@serve.ingress()
class Replica:
    """The gateway on one machine. Lives as long as Ray lets it, and is the only one on its node.

    It takes its settings from the environment of its own node. What `prepare` names makes the parts of them.
    """

    async def __init__(self, prepare: str = PREPARE) -> None:  # type: ignore[misc] # Ray awaits it
        self._open = AsyncExitStack()
        self._settings = settings = Settings.from_environment()
        context = serve.get_replica_context()
        origin = {"node": ray.util.get_node_ip_address(), "replica": context.replica_id.unique_id}
        log = self._open.enter_context(logged(settings, self._log_stream(), origin))
        self._keys = Keys(settings)
        ports.warn_if_open(settings, self._keys)
        # It may take minutes, in which Ray wants to hear from this process.
        parts: Parts = await asyncio.to_thread(resolve_name(prepare), settings, lambda doing, share: None)
        self._lexicon = parts.lexicon
        wyoming = ports.listen_for_wyoming(settings)
        self._gateway: Gateway = await self._open.enter_async_context(
            assembly.opened(parts, self._keys, wyoming, log)
        )
        self._renewed: int | None = None
        self._renewing: asyncio.Task[None] | None = None
        app = self._gateway.app
        lifespan: AbstractAsyncContextManager[Any] = app.router.lifespan_context(app)
        state = dict(await self._open.enter_async_context(lifespan))
        if listener := ports.listen_on_node(settings):
            await self._open.enter_async_context(_served(app, settings, listener, state))
        # Who runs Ray by other means than `cluster` keeps strangers from the replicas by other means as well.
        machines = Machines() if HOST in os.environ else None
        self._door = Door(app, state, settings, machines)

    def __serve_build_asgi_app__(self) -> Door:
        return self._door

    async def __del__(self) -> None:
        """Ray has waited by now for the requests in flight, for as long as it was told to."""
        if hasattr(self, "_gateway"):
            self._gateway.pool.drain()
        await self._open.aclose()

    async def check_health(self) -> None:
        """What `/ready` says, for Ray.

        Raises:
            NotReady: it would answer 503.
        """
        if not self._gateway.pool.is_ready:
            raise NotReady("no worker can take a request now")

    async def record_routing_stats(self) -> dict[str, float]:
        """What the rule of `routing.py` goes by."""
        return figures(self._gateway.pool.status())

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """What the rule of `scaling.py` goes by: a `Load`."""
        status = self._gateway.pool.status()
        speech = [worker.state == "busy" for worker in status.workers if worker.role == "speech"]
        return {"busy": sum(speech) / len(speech), "work_s": status.work_s}

    async def reconfigure(self, config: dict[str, Any]) -> None:
        """Do what SIGHUP asks for on one machine, whenever the number of `renewed` has changed."""
        before, self._renewed = self._renewed, config.get("renewed", 0)
        if before in {None, self._renewed}:  # None: Ray calls this at the start too
            return
        lifecycle.read_again(self._keys, self._lexicon)
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.get_running_loop().create_task(self._gateway.pool.replace())

    def _log_stream(self) -> TextIO | None:
        path = os.environ.get(LOG_PIPE)
        return self._open.enter_context(Path(path).open("w", encoding="utf-8")) if path else None


@asynccontextmanager
async def _served(
    app: Starlette, settings: Settings, listener: socket.socket, state: dict[str, Any]
) -> AsyncIterator[None]:
    """Our own server on a port of this machine, past Ray: what a machine says of itself is not mixed with others."""
    leave = asyncio.Event()
    server = asyncio.create_task(Connections(app, settings).serve(listener, leave, state))
    try:
        yield
    finally:
        leave.set()
        await server


class Machines:
    """The addresses of the fleet's machines: HAProxy comes from one of them. Lives as long as the replica."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._looked_at = 0.0

    async def have(self, address: str) -> bool:
        """Whether it belongs to one of them; who is not known is looked for, once a second."""
        if address in self._known or ipaddress.ip_address(address).is_loopback:
            return True
        if time.monotonic() - self._looked_at < _LOOK_S:
            return False
        self._looked_at = time.monotonic()
        self._known = {node["NodeManagerAddress"] for node in await asyncio.to_thread(ray.nodes)}
        return address in self._known
