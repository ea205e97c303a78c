"""What the processes of Ray find in their environment: Ray has no other place for most of what we ask of it.

Read before Ray is loaded, so it is settled here and nowhere else. Knows names of variables; knows no Ray.
"""

from __future__ import annotations

import os
import sys
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.settings import Settings

PREPARE: Final = "gateway.assembly:prepare"
"""What makes the parts of a gateway from its settings, in each replica."""

LOG_PIPE: Final = "_KOKORO_CLUSTER_LOG"
"""Variable with the path of the pipe that whoever started this node reads the log from; unset: standard output."""

HOST: Final = "_KOKORO_CLUSTER_HOST"
"""Variable with the address that clients connect to; Ray would bind all addresses."""

HEADER_TIMEOUT_S: Final = "_KOKORO_CLUSTER_HEADER_TIMEOUT_S"
"""Variable with the longest time for the headers of a request, whole seconds; Ray would set no limit."""

BODY_TIMEOUT_S: Final = "_KOKORO_CLUSTER_BODY_TIMEOUT_S"
"""Variable with the longest time for the body of a request, whole seconds; Ray would have 5."""

LEAVING_S: Final = 3.0
"""How long a replica that is told to end still takes requests: HAProxy has to hear of it, which takes 1 s as a rule."""

_ENDING_S: Final = 5.0
"""For what comes after the last reply; Ray kills a replica that takes longer."""

_HAS_HAPROXY: Final = "RAY_SERVE_ENABLE_HA_PROXY"

_ROOT: Final = Path(__file__).parents[2]


def grace_s(settings: Settings) -> float:
    """How long a replica that is told to end may take."""
    return LEAVING_S + settings.drain_s + _ENDING_S


def has_haproxy() -> bool:
    """Whether Ray brings requests by HAProxy here, and not by its own proxy."""
    return os.environ.get(_HAS_HAPROXY) == "1"


def environment(settings: Settings, directory: Path, *, is_first: bool) -> dict[str, str]:
    """Variables for the processes of one node, whose files are in `directory`."""
    program = directory / "front"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={_ROOT} exec {sys.executable} -m gateway.cluster.front "$@"\n')
    program.chmod(0o700)
    chosen = _chosen(settings) | limits(settings)
    return chosen | {
        "PYTHONPATH": os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH")))),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_START_HOOK": "gateway.cluster.node.trim",
        "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0" if is_first else str(grace_s(settings) + 5),
        _HAS_HAPROXY: "1",
        # Otherwise what the application sends goes to a queue that has no end.
        "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": str(LEAVING_S),
        "RAY_SERVE_HAPROXY_BINARY_PATH": str(program),
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(directory / "haproxy.cfg"),
        "RAY_SERVE_HAPROXY_SOCKET_PATH": str(directory / "admin.sock"),
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(directory),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(directory / "server-state"),
        "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": str(directory / "metrics.sock"),
        "RAY_SERVE_HAPROXY_METRICS_ENABLED": "0",
        "RAY_SERVE_HAPROXY_NBTHREAD": "2",
        "RAY_SERVE_HAPROXY_TIMEOUT_CLIENT_S": _whole(settings.stall_timeout_s),
        # Each change of the replicas starts a new HAProxy; the old one has its streams to finish.
        "RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S": _whole(settings.request_timeout_s),
        # A door that was killed is missed after three looks; Ray would take 10 s for each.
        "RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S": "2",
        # The rule for where a request goes looks at its text (`routing.py`), of which all but surrogates fit this.
        "RAY_SERVE_INGRESS_REQUEST_ROUTER_FORWARD_BODY": "1",
        "RAY_SERVE_HAPROXY_INGRESS_REQUEST_ROUTER_BUFSIZE": str(64 << 10),
        # Who waits for the rule is in no queue of ours, which would refuse: on a machine short of CPU (load 31), 200 at
        # once waited for 4 to 7 s. After this time, a request goes where the fewest are.
        "RAY_SERVE_HAPROXY_INGRESS_REQUEST_ROUTER_TIMEOUT_S": "1",
        # Figures for `scaling.py` come every second, not every ten.
        "RAY_SERVE_REPLICA_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
        # Replicas look at who has connected; uvicorn would believe what HAProxy passes on.
        "FORWARDED_ALLOW_IPS": "",
        HOST: settings.host,
        LOG_PIPE: str(directory / "log"),
    }


def limits(settings: Settings) -> dict[str, str]:
    """Variables for the door."""
    return {
        HEADER_TIMEOUT_S: _whole(settings.header_timeout_s),
        BODY_TIMEOUT_S: str(ceil(settings.body_timeout_s)),
    }


def _chosen(settings: Settings) -> dict[str, str]:
    """What was set, by option or variable: replicas read variables alone, and in another working directory."""
    from gateway.settings import PREFIX  # noqa: PLC0415 - the door starts without it, 0.4 s sooner

    values = {name: getattr(settings, name) for name in settings.model_fields_set - {"api_keys"}}
    return {
        f"{PREFIX}{name.upper()}": str(value.absolute() if isinstance(value, Path) else value)
        for name, value in values.items()
        if value is not None
    }


def _whole(seconds: float) -> str:
    """HAProxy's times as Ray has them are whole seconds, and 0 is for ever."""
    return str(max(ceil(seconds), 1))
