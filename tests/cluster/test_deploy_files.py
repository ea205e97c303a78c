"""The files for those who run Ray themselves name what there is, and are as Ray has them."""

from __future__ import annotations

import re
import tomllib
import warnings
from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
import yaml

from gateway.cluster.environment import LEAVING_S, environment
from gateway.settings import Settings
from tests.deploy.tools import DEPLOY

if find_spec("ray") is None:
    pytest.skip("Ray is not installed: tests/cluster/setup.sh says why", allow_module_level=True)

with warnings.catch_warnings(action="ignore"):  # of what it uses of pydantic
    from ray.serve.schema import ServeDeploySchema

SERVE = yaml.safe_load((DEPLOY / "ray.yaml").read_text())
RAY_SERVICE = yaml.safe_load((DEPLOY / "kuberay.yaml").read_text())
CLUSTER = RAY_SERVICE["spec"]["rayClusterConfig"]
PROJECT = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]
GROUPS = [CLUSTER["headGroupSpec"], *CLUSTER["workerGroupSpecs"]]


def variables(group: dict[str, Any]) -> dict[str, str]:
    (container,) = group["template"]["spec"]["containers"]
    return {variable["name"]: variable["value"] for variable in container["env"]}


def test_ray_takes_the_config_file() -> None:
    (application,) = ServeDeploySchema.model_validate(SERVE).applications
    deployments = application.deployments
    assert {deployment.name for deployment in deployments} == {"Replica"}


def test_what_the_config_file_names_is_there() -> None:
    (application,) = SERVE["applications"]
    assert callable(resolve_name(application["import_path"]))
    for deployment in application["deployments"]:
        policy = deployment["autoscaling_config"]["policy"]
        assert resolve_name(policy["policy_function"])(**policy["policy_kwargs"])


def test_the_application_is_built_from_it() -> None:
    (application,) = SERVE["applications"]
    built = resolve_name(application["import_path"])(application["args"])
    assert built._bound_deployment.name == application["deployments"][0]["name"]


def test_kuberay_deploys_the_same() -> None:
    assert yaml.safe_load(RAY_SERVICE["spec"]["serveConfigV2"]) == SERVE
    ports = [port for group in GROUPS for port in group["template"]["spec"]["containers"][0]["ports"]]
    assert {port["containerPort"] for port in ports if port["name"] == "serve"} == {
        SERVE["http_options"]["port"]
    }


def test_ray_gets_the_same_variables_everywhere(tmp_path: Path) -> None:
    ours = environment(Settings.from_environment(), tmp_path, is_first=False)
    named = dict(re.findall(r"^(\w+)=(\S+)", (DEPLOY / "ray.env").read_text(), flags=re.M))
    for group in GROUPS:
        assert named.items() - {("RAY_AUTH_MODE", "token")} <= variables(group).items()
    assert CLUSTER["authOptions"]["mode"] == "token"
    assert Path(named.pop("RAY_SERVE_HAPROXY_BINARY_PATH")).name in PROJECT["scripts"]
    assert {name: float(value) if value[0].isdigit() else value for name, value in named.items()} == {
        name: float(ours[name]) if ours[name][0].isdigit() else ours[name] for name in named
    }


def test_kubernetes_waits_for_the_drain() -> None:
    for group in GROUPS:
        pod = group["template"]["spec"]
        drain_s = float(variables(group)["KOKORO_DRAIN_S"])
        waits_s = float(variables(group)["RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S"])
        assert LEAVING_S + drain_s < waits_s < pod["terminationGracePeriodSeconds"]


def test_pods_are_confined() -> None:
    for group in GROUPS:
        pod = group["template"]["spec"]
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["requests"] == container["resources"]["limits"]
