"""Deploys `deploy/ray.yaml` for `tone_cluster`, as `serve deploy` would: `python -m tests.support.tone_scaled PORT`.

`serve deploy` itself asks Ray's dashboard, which `cluster` does not start. The times of the promise are short here.
"""

from __future__ import annotations

import sys

import ray
import yaml
from ray import serve
from ray.serve.schema import ServeDeploySchema

from tests.deploy.tools import DEPLOY


def main() -> None:
    config = yaml.safe_load((DEPLOY / "ray.yaml").read_text())
    (application,) = config["applications"]
    application["args"]["prepare"] = "tests.support.tone_cluster:prepare"
    (replica,) = application["deployments"]
    replica["autoscaling_config"] |= {"max_replicas": 2, "look_back_period_s": 1}
    replica["autoscaling_config"]["policy"]["policy_kwargs"] |= {"up_s": 1, "down_s": 6}
    ray.init(f"127.0.0.1:{sys.argv[1]}", namespace="serve", log_to_driver=False, configure_logging=False)
    serve.context._get_global_client().deploy_apps(ServeDeploySchema.model_validate(config), _blocking=True)


if __name__ == "__main__":
    main()
