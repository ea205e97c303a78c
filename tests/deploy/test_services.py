from __future__ import annotations

import configparser
import plistlib
import re
from typing import TYPE_CHECKING

import pytest
import yaml

from gateway.commands.terminal import CANNOT_START
from gateway.settings import PREFIX, Settings
from tests.deploy.tools import DEPLOY, ROOT, drain_seconds, run, tool

if TYPE_CHECKING:
    from pathlib import Path

UNIT = DEPLOY / "kokoro-gateway.service"
PLIST = DEPLOY / "kokoro-gateway.plist"
WORST_EXPOSURE = 20
"""Of 100, as `systemd-analyze security` counts: what it calls OK ends at 40."""


class Unit(configparser.RawConfigParser):
    """A unit file; of a key that comes twice, the last counts."""

    def __init__(self) -> None:
        super().__init__(strict=False)

    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.fixture
def service() -> configparser.SectionProxy:
    unit = Unit()
    unit.read(UNIT)
    return unit["Service"]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit with this tree in the place of the installed one: verify looks for the program."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/%N", str(ROOT)))
    return unit


def test_systemd_takes_the_unit(installed: Path) -> None:
    run(tool("systemd-analyze"), "verify", "--man=no", installed)


def test_the_unit_is_hardened(installed: Path) -> None:
    offline = ["security", "--offline=true", f"--threshold={WORST_EXPOSURE}", "--no-pager"]
    run(tool("systemd-analyze"), *offline, installed)


def test_what_cannot_start_is_not_started_again(service: configparser.SectionProxy) -> None:
    assert service.getint("RestartPreventExitStatus") == CANNOT_START


def test_signals_go_to_the_gateway_alone_and_it_may_drain(service: configparser.SectionProxy) -> None:
    assert service["KillMode"] == "mixed"
    assert service["ExecReload"].endswith("kill -HUP $MAINPID")
    assert float(service["TimeoutStopSec"]) > drain_seconds()
    assert plistlib.loads(PLIST.read_bytes())["ExitTimeOut"] > drain_seconds()


def test_affinity_is_left_to_the_gateway_and_it_can_read_the_hardware(
    service: configparser.SectionProxy,
) -> None:
    assert not {"CPUAffinity", "ProcSubset", "PrivateUsers"} & set(service)
    assert service["OOMPolicy"] == "continue"


def test_launchd_starts_the_same_script_and_gives_it_files() -> None:
    agent = plistlib.loads(PLIST.read_bytes())
    assert agent["ProgramArguments"][0].endswith("deploy/start_production.sh")
    assert agent["SoftResourceLimits"]["NumberOfFiles"] == 65536
    assert agent["KeepAlive"] == {"SuccessfulExit": False}


FILES = sorted(
    path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix not in {".json", ".jq", ".logql"}
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_every_setting_that_is_named_exists(path: Path) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]*[A-Z]\b", path.read_text()))
    assert named <= known


def test_the_values_of_production_are_valid() -> None:
    lines = [
        line for line in (DEPLOY / "production.env").read_text().splitlines() if not line.startswith("#")
    ]
    values = {
        name.removeprefix(PREFIX).lower(): value for name, _, value in (line.partition("=") for line in lines)
    }
    assert Settings(**values).log_format == "json"  # type: ignore[arg-type]


def test_the_log_is_shipped_under_labels_from_closed_sets() -> None:
    config = yaml.safe_load((DEPLOY / "vector.yaml").read_text())
    sink = config["sinks"]["loki"]
    assert set(sink["labels"]) == {"service", "host", "level"}
    assert sink["inputs"] == ["lines"]
    assert config["transforms"]["lines"]["inputs"] == ["gateway"]
    units = config["sources"]["gateway"]["include_units"]
    assert UNIT.stem in units
