"""The rule of `routing.py` in Ray: HAProxy asks `Router` for each POST, and that asks Ray's router for the deployment.

HAProxy sends requests straight to the replicas, past Ray's routers. Its one way to have a rule of somebody else's is
Ray's ingress request router (Serve has it for language models, and marks it internal): a deployment with a replica
beside each HAProxy, which is sent the body and replies with the name of a replica. Sockets and GETs have no text to
go by: they go where the fewest are.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from ray import serve
from ray.serve.config import RequestRouterConfig
from ray.serve.exceptions import DeploymentUnavailableError
from ray.serve.request_router import PendingRequest, RequestRouter, RunningReplica
from starlette.requests import Request
from starlette.responses import JSONResponse

from gateway.cluster.lifespan import follow_lifespan
from gateway.cluster.routing import BOUND_S, Machine, asked, order

if TYPE_CHECKING:
    from ray.serve import Application, Deployment
    from ray.serve.handle import DeploymentHandle
    from ray.serve.request_router import ReplicaID
    from starlette.types import Receive, Scope, Send

    from inference import PoolStatus

REPORT_S: Final = 0.5
"""How often a replica is asked for its work."""

_TRUNCATED: Final = "x-body-truncated"
"""Ray's header for a body that did not fit the buffer: `bytes that came/bytes there are`."""


def figures(status: PoolStatus) -> dict[str, float]:
    """What a replica reports for routing (`record_routing_stats`)."""
    return {"work_s": status.work_s, "speed": status.speed, "taken_at": time.time()}


def router_config(bound_s: float = BOUND_S) -> RequestRouterConfig:
    """For the deployment of the replicas."""
    options: dict[str, Any] = {
        "request_router_class": WorkRouter,
        "request_router_kwargs": {"bound_s": bound_s},
        "request_routing_stats_period_s": REPORT_S,
        "request_routing_stats_timeout_s": 4 * REPORT_S,
    }
    return RequestRouterConfig(**options)


def routed(replicas: Application, version: str, logging: dict[str, Any]) -> Application:
    """The application with a router beside each HAProxy, which is replaced when its version changes."""
    options: dict[str, Any] = {"max_ongoing_requests": 10_000, "logging_config": logging}
    router: Deployment = serve.deployment(Router, **options).options(version=version, _internal=True)
    return replicas._with_ingress_request_router(router.bind(replicas))


class WorkRouter(RequestRouter):
    """Chooses by hash and work. Lives as long as the process that routes, and knows what that has sent."""

    def initialize_state(self, **options: Any) -> None:
        """Ray calls this once, before anything else, with what `router_config` has for it."""
        self._bound_s: float = options["bound_s"]
        self._machines: dict[ReplicaID, Machine] = {}

    def update_replicas(self, replicas: list[RunningReplica]) -> None:
        """Ray calls this whenever a replica comes, goes or reports.

        A replica is known by its node: one that takes another's place has its texts too.
        """
        super().update_replicas(replicas)
        known, now = self._machines, time.time()
        self._machines = {
            replica.replica_id: known.get(replica.replica_id) or Machine(replica.node_id)
            for replica in replicas
        }
        for replica in replicas:
            if report := replica.routing_stats:
                self._machines[replica.replica_id].report(**report, now=now)

    async def choose_replicas(
        self, candidate_replicas: list[RunningReplica], pending_request: PendingRequest | None = None
    ) -> list[list[RunningReplica]]:
        """The replicas in the order to ask; the first counts as asked.

        The arguments are those of `asked`, except where HAProxy is not there and Ray's proxy has a request.
        """
        args = pending_request.args if pending_request else []
        key, sound_s = args if len(args) == 2 else (None, 0.0)  # noqa: PLR2004 - a pair
        candidates = {self._machines[replica.replica_id]: replica for replica in candidate_replicas}
        now = time.time()
        ordered = order(key, list(candidates), now, self._bound_s)
        if ordered:
            ordered[0].send(sound_s, now)
        return [[candidates[machine]] for machine in ordered]


@serve.ingress()
class Router:
    """Tells HAProxy which replica a request goes to. Lives as long as Ray lets it; there is one beside each HAProxy."""

    def __init__(self, replicas: DeploymentHandle[Any]) -> None:
        self._app = RouterApp(replicas)

    def __serve_build_asgi_app__(self) -> RouterApp:
        return self._app


class RouterApp:
    """`POST /internal/route` of Ray's HAProxy, with the body of a request. Lives as long as its Router."""

    def __init__(self, replicas: DeploymentHandle[Any]) -> None:
        self._replicas = replicas
        self._replicas._init()  # else the first request waits for the replicas

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or Ray's word that it begins and ends."""
        if scope["type"] == "lifespan":
            await follow_lifespan(receive, send)
            return
        request = Request(scope, receive)
        body = await request.body()
        _, _, there_are = request.headers.get(_TRUNCATED, "").partition("/")
        wish = asked(body, int(there_are) if there_are.isdigit() else len(body))
        try:
            async with self._replicas.choose_replica(*wish, _reserve=False) as chosen:
                reply = JSONResponse({"replica_id": chosen._replica.replica_id.to_full_id_str()})
                await reply(scope, receive, send)
        except DeploymentUnavailableError:
            await JSONResponse({}, HTTPStatus.SERVICE_UNAVAILABLE)(scope, receive, send)
