"""A gateway that other machines can reach is found by them, as long as it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from zeroconf import ServiceBrowser, Zeroconf

from tests.support.gateway import Gateway
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

KIND = "_wyoming._tcp.local."


class Found:
    """The ports that are announced now. Lives as long as a test."""

    def __init__(self) -> None:
        self.ports: dict[str, int | None] = {}

    def add_service(self, network: Zeroconf, kind: str, name: str) -> None:
        service = network.get_service_info(kind, name)
        self.ports[name] = service.port if service else None

    update_service = add_service

    def remove_service(self, _: Zeroconf, kind: str, name: str) -> None:
        del kind
        self.ports.pop(name, None)


def wyoming_port(gateway: Gateway) -> int:
    return int(gateway.told("wyoming_started")["port"])


def test_a_port_for_others_is_announced_and_taken_back_and_one_for_this_machine_is_not(tone: Path) -> None:
    options = {"WORKERS": "1", "THREADS": "1", "WYOMING_PORT": "0"}
    try:
        network = Zeroconf()
    except OSError:
        pytest.skip("no network here takes a message for all")
    found = Found()
    try:
        ServiceBrowser(network, KIND, found)  # type: ignore[arg-type]
        private = Gateway.start("tests.support.tone_server", str(tone), **options)
        open_to_all = Gateway.start("tests.support.tone_server", str(tone), WYOMING_HOST="0.0.0.0", **options)  # noqa: S104
        port = wyoming_port(open_to_all)
        wait_for(lambda: port in found.ports.values(), "its announcement")
        assert wyoming_port(private) not in found.ports.values()
        assert open_to_all.stop() == 0
        wait_for(lambda: port not in found.ports.values(), "that it is taken back")
        assert private.stop() == 0
    finally:
        network.close()
