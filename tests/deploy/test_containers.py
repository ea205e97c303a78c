from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gateway.http.routes import ENDPOINTS, paths
from gateway.settings import Settings
from models.manifest import Manifest
from tests.deploy.tools import DEPLOY, ROOT, drain_seconds, free_port, run, tool
from tests.support.waiting import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.gateway import Gateway

DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
KUBERNETES = {d["kind"]: d for d in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())}


def test_hadolint_has_nothing_to_say() -> None:
    run(tool("hadolint"), DEPLOY / "Dockerfile")


def test_compose_is_as_the_specification_says() -> None:
    run(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")


def test_kubernetes_is_as_its_schemas_say() -> None:
    run(tool("kubernetes-validate"), "--strict", DEPLOY / "kubernetes.yaml")


def test_the_image_is_made_of_files_that_are_there_and_let_in() -> None:
    let_in = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for name in line.split()
    ]
    assert len(copied) > 3
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name}" in let_in


def test_the_image_holds_what_the_packages_read() -> None:
    """pip takes modules by itself and other files by package-data."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = [
        path.parent
        for glob in tools["packages"]["find"]["include"]
        for path in ROOT.glob(f"{glob}/**/__init__.py")
    ]
    assert ROOT / "models" / "derive" in folders
    for folder in folders:
        package = ".".join(folder.relative_to(ROOT).parts)
        taken = {path for glob in tools["package-data"].get(package, []) for path in folder.glob(glob)}
        read = {path for path in folder.iterdir() if path.is_file() and path.suffix != ".py"}
        assert read <= taken


def test_the_image_holds_the_default_model() -> None:
    models = set(re.findall(r"^ARG MODEL=(.+)$", DOCKERFILE, re.MULTILINE))
    assert models == {Manifest.load().default}
    assert Manifest.load().model(*models).voices.bytes > 0


def test_the_image_runs_as_nobody_in_particular() -> None:
    last = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert not re.search(r"^RUN ", last, re.MULTILINE)


def health_check() -> list[str]:
    found = re.search(r"HEALTHCHECK [^[]*(\[.*\])", DOCKERFILE)
    assert found
    command: list[str] = json.loads(found[1])
    assert command[0] == "python"
    return [sys.executable, *command[1:]]


def check_health(port: int) -> int:
    variables = os.environ | {"KOKORO_PORT": str(port)}
    return subprocess.run(
        health_check(), env=variables, stderr=subprocess.DEVNULL, timeout=DEADLINE_S, check=False
    ).returncode


def test_the_health_check_tells_a_gateway_from_none(start: Callable[..., Gateway]) -> None:
    assert check_health(start().port) == 0
    assert check_health(free_port()) != 0


@pytest.mark.parametrize("service", COMPOSE["services"].values(), ids=COMPOSE["services"])
def test_every_service_of_compose_is_confined(service: dict[str, Any]) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert ":" in service["image"] or "build" in service


def test_compose_mounts_only_what_is_there() -> None:
    mounts = [m.split(":")[0] for s in COMPOSE["services"].values() for m in s.get("volumes", [])]
    local = [mount for mount in mounts if mount.startswith(".")]
    assert len(local) == 4
    assert all((DEPLOY / mount).exists() for mount in local)
    assert {mount for mount in mounts if not mount.startswith(".")} == set(COMPOSE["volumes"])


def test_compose_lets_the_gateway_drain_and_keeps_its_root_read_only() -> None:
    gateway = COMPOSE["services"]["gateway"]
    assert float(gateway["stop_grace_period"].removesuffix("s")) > drain_seconds()
    assert gateway["read_only"] is True
    assert (DEPLOY / gateway["env_file"]).exists()
    assert (DEPLOY / gateway["build"]["context"] / gateway["build"]["dockerfile"]).exists()


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = KUBERNETES["Deployment"]["spec"]["template"]["spec"]
    return spec


def test_kubernetes_waits_for_the_drain() -> None:
    (container,) = pod()["containers"]
    drain = next(float(e["value"]) for e in container["env"] if e["name"] == "KOKORO_DRAIN_S")
    pause = float(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod()["terminationGracePeriodSeconds"] > pause + drain


def test_kubernetes_probes_what_the_gateway_answers() -> None:
    (container,) = pod()["containers"]
    probed = {
        name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")
    }
    assert probed == {"startup": "/health", "liveness": "/health", "readiness": "/ready"}
    assert set(probed.values()) <= paths(
        endpoint for endpoint in ENDPOINTS if endpoint.is_quiet and not endpoint.needs_key
    )
    startup = container["startupProbe"]
    longest = Settings.model_fields["start_timeout_s"].default
    assert startup["periodSeconds"] * startup["failureThreshold"] > longest


def test_kubernetes_confines_the_pod() -> None:
    (container,) = pod()["containers"]
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert pod()["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod()["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_kubernetes_finds_the_same_pods_everywhere() -> None:
    labels = KUBERNETES["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert KUBERNETES["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert KUBERNETES["Service"]["spec"]["selector"] == labels
    assert KUBERNETES["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert KUBERNETES["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == "kokoro-gateway"
    mounted = {mount["name"] for mount in pod()["containers"][0]["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod()["volumes"]}


def test_kubernetes_scales_on_the_metric_that_the_adapter_serves() -> None:
    (metric,) = KUBERNETES["HorizontalPodAutoscaler"]["spec"]["metrics"]
    (rule,) = yaml.safe_load((DEPLOY / "prometheus-adapter.yaml").read_text())["rules"]
    assert metric["pods"]["metric"]["name"] == rule["name"]["as"]
    assert rule["seriesQuery"].startswith(rule["name"]["as"])
    refused_at = Settings.model_fields["queue_s"].default
    assert float(metric["pods"]["target"]["averageValue"]) < refused_at / 2
