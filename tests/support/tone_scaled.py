"""Deploys `tone_cluster` with as many replicas as the load needs: `python -m tests.support.tone_scaled PORT`."""

from __future__ import annotations

import sys

import ray
from ray import serve

from gateway.cluster.deployment import NAME, application, by_promise
from gateway.cluster.scaling import Promise
from gateway.settings import Settings


def main() -> None:
    ray.init(f"127.0.0.1:{sys.argv[1]}", namespace="serve", log_to_driver=False, configure_logging=False)
    scaling = by_promise(1, 2, Promise(wait_s=2.0, up_s=1.0, down_s=6.0))
    scaled = application(Settings.from_environment(), 0, "tests.support.tone_cluster:prepare", scaling)
    serve.run(scaled, name=NAME, route_prefix="/")


if __name__ == "__main__":
    main()
