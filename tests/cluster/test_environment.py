"""What the processes of Ray, and replicas among them, are told; it needs no Ray."""

from __future__ import annotations

from pathlib import Path

from gateway.cluster.environment import environment
from gateway.settings import Settings


def test_replicas_have_what_was_set_by_option(tmp_path: Path) -> None:
    settings = Settings.from_environment(api_keys_file="keys", console="false", workers="3")
    variables = environment(settings, tmp_path, is_first=True)
    assert variables["KOKORO_API_KEYS_FILE"] == str(Path.cwd() / "keys"), "their working directory is another"
    assert variables["KOKORO_WORKERS"] == "3"
    assert Settings.model_validate({"console": variables["KOKORO_CONSOLE"]}).console is False
    assert "KOKORO_VOICE" not in variables


def test_keys_are_handed_on_by_their_own_variable_alone(tmp_path: Path) -> None:
    variables = environment(Settings.from_environment(api_keys="secret"), tmp_path, is_first=True)
    assert "secret" not in str(variables)


def test_no_time_of_haproxy_is_for_ever(tmp_path: Path) -> None:
    settings = Settings.from_environment(stall_timeout_s=0.2, header_timeout_s=0.2)
    variables = environment(settings, tmp_path, is_first=True)
    assert variables["RAY_SERVE_HAPROXY_TIMEOUT_CLIENT_S"] == "1"
    assert variables["_KOKORO_CLUSTER_HEADER_TIMEOUT_S"] == "1"
