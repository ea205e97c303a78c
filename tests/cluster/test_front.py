"""What is made of the configuration that Ray writes for HAProxy; it needs Ray's own, but none that runs."""

from __future__ import annotations

import re
import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from gateway.cluster.environment import HOST, limits
from gateway.cluster.front import mended
from gateway.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

if find_spec("ray") is None:
    pytest.skip("Ray is not installed: tests/cluster/setup.sh says why", allow_module_level=True)

with warnings.catch_warnings(action="ignore"):  # of what it uses of pydantic
    from ray.serve._private.haproxy import HAProxyApi, HAProxyConfig
    from ray.serve.config import HTTPOptions

LIMITS = limits(Settings.from_environment())


@pytest.fixture
def config(tmp_path: Path) -> str:
    options = HTTPOptions(host="0.0.0.0", port=8880)  # noqa: S104 - nobody listens
    written = HAProxyConfig(http_options=options, socket_path=str(tmp_path / "socket"))
    HAProxyApi(written, config_file_path=str(tmp_path / "config"))._generate_config_file_internal()
    return (tmp_path / "config").read_text()


def places(config: str) -> list[str]:
    """Addresses that HAProxy listens on, in the order of the file: metrics, the door, statistics."""
    return [address for address, _ in re.findall(r"^ +bind (\S*):(\d+)", config, flags=re.M)]


def test_what_is_not_for_clients_is_on_loopback(config: str) -> None:
    assert places(config) == ["", "*", "*"]
    assert places(mended(config, LIMITS | {HOST: "10.0.0.1"})) == ["127.0.0.1", "10.0.0.1", "127.0.0.1"]


def test_the_door_is_where_ray_was_told_if_nobody_says_otherwise(config: str) -> None:
    assert places(mended(config, LIMITS)) == ["127.0.0.1", "*", "127.0.0.1"]


def test_headers_have_a_time_and_nothing_goes_to_syslog(config: str) -> None:
    assert "local0" in config
    changed = mended(config, LIMITS)
    assert "\n    timeout http-request 15s\n" in changed
    assert "local0" not in changed


def test_what_another_release_of_ray_writes_is_not_taken() -> None:
    with pytest.raises(ValueError, match="that Ray 2"):
        mended("global\n", LIMITS)
