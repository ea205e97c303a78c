"""The deployment: how many replicas there are, where, and for how long Ray waits for them. Knows no process.

`gateway.cluster.deployment:gateway` is what a Serve config file names as `import_path`. What is set there for the
deployment `Replica` stands in front of what is set here.

Which replica a request goes to is settled by the rule of `routing.py`, where HAProxy is there to ask it; how many a
load needs, by that of `scaling.py` if a config file names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ray
from ray import serve
from ray.serve.config import AutoscalingConfig, AutoscalingPolicy

from gateway import __version__
from gateway.cluster.environment import PREPARE, grace_s, has_haproxy
from gateway.cluster.replica import Replica
from gateway.cluster.request_router import routed, router_config
from gateway.settings import Settings

if TYPE_CHECKING:
    from ray.serve import Application
    from ray.serve.config import AutoscalingContext

NAME: Final = "kokoro-gateway"
"""The application's name in Ray."""

MOST_MACHINES: Final = 1000

_LOOK_S: Final = 1.0

LOGGING: Final[dict[str, Any]] = {"enable_access_log": False, "log_level": "WARNING"}
"""Our own lines say what was asked; Ray's would have the ids that clients give."""


def gateway(arguments: dict[str, Any] | None = None) -> Application:
    """The application for Serve, its limits from the environment of whoever deploys it.

    Of the `args` of a config file, `prepare` names what makes the parts of a gateway; the others make a release.
    """
    return application(Settings.from_environment(), prepare=(arguments or {}).get("prepare", PREPARE))


def application(settings: Settings, renewed: int = 0, prepare: str = PREPARE) -> Application:
    """A replica on each machine; a higher number of `renewed` has each read its files again, as SIGHUP does.

    Ray's own limit of requests is above ours: the replica refuses, in the words of the API.
    """
    deployed = serve.deployment(
        Replica,
        max_replicas_per_node=1,
        max_ongoing_requests=2 * settings.max_connections,
        ray_actor_options={"num_cpus": 1},
        autoscaling_config=AutoscalingConfig(
            min_replicas=1,
            max_replicas=MOST_MACHINES,
            upscale_delay_s=0,
            downscale_delay_s=10,
            policy=AutoscalingPolicy(policy_function=every_machine),
        ),
        graceful_shutdown_timeout_s=grace_s(settings),
        graceful_shutdown_wait_loop_s=0.5,
        health_check_period_s=5,
        health_check_timeout_s=30,
        user_config={"renewed": renewed},
        logging_config=LOGGING,
        request_router_config=router_config(),
    )
    # Without a version, every deployment would replace every replica, for a changed `user_config` too.
    version = f"{__version__} {prepare}"
    replicas = deployed.options(version=version, _internal=True).bind(prepare)
    return routed(replicas, version, LOGGING) if has_haproxy() else replicas


def every_machine(context: AutoscalingContext) -> tuple[int, dict[str, Any]]:
    """A replica on each machine that has joined: the policy where machines are there anyway."""
    state, now = dict(context.policy_state), context.current_time or 0.0
    if now - state.get("looked_at", -_LOOK_S) >= _LOOK_S:
        alive = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
        state |= {"looked_at": now, "machines": len(alive)}
    return max(state.get("machines", 1), 1), state
