"""The replica: our application and its pool in a process that Ray places, watches and ends. Knows Ray's hooks alone.

There is one on each machine. Requests come from HAProxy to uvicorn, which Ray runs in this process, and then here.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import AsyncExitStack
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

import ray
from ray import serve

from gateway import assembly
from gateway.cluster.door import Door
from gateway.cluster.environment import LOG_PIPE, PREPARE
from gateway.keys import Keys
from gateway.observe.logs import logged
from gateway.server import lifecycle
from gateway.settings import Settings

if TYPE_CHECKING:
    from typing import TextIO

    from gateway.assembly import Gateway, Parts

logger = logging.getLogger(__name__)


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
        lifecycle.warn_if_open(settings, self._keys)
        # It may take minutes, in which Ray wants to hear from this process.
        parts: Parts = await asyncio.to_thread(resolve_name(prepare), settings, lambda doing, share: None)
        self._lexicon = parts.lexicon
        wyoming = lifecycle.listen_for_wyoming(settings)
        self._gateway: Gateway = await self._open.enter_async_context(
            assembly.opened(parts, self._keys, wyoming, log)
        )
        self._renewed = 0
        self._renewing: asyncio.Task[None] | None = None
        app = self._gateway.app
        state = await self._open.enter_async_context(app.router.lifespan_context(app))
        self._door = Door(app, dict(state or {}), settings)

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

    async def reconfigure(self, config: dict[str, Any]) -> None:
        """Do what SIGHUP asks for on one machine, whenever the number of `renewed` has changed."""
        if (renewed := config.get("renewed", 0)) == self._renewed:
            return
        self._renewed = renewed
        lifecycle.read_again(self._keys, self._lexicon)
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.get_running_loop().create_task(self._gateway.pool.replace())

    def _log_stream(self) -> TextIO | None:
        path = os.environ.get(LOG_PIPE)
        return self._open.enter_context(Path(path).open("w", encoding="utf-8")) if path else None
