"""The versions that the lock file names have no vulnerability that is known to the registry."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_no_dependency_has_a_known_vulnerability() -> None:
    command = [sys.executable, "-m", "pip_audit", "-r", str(ROOT / "requirements.lock"), "-f", "json"]
    audit = subprocess.run(
        [*command, "--no-deps", "--disable-pip", "--progress-spinner", "off"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if "dependencies" not in audit.stdout:
        pytest.skip(f"pip-audit got no data: {audit.stderr.strip().splitlines()[-1:]}")
    dependencies = json.loads(audit.stdout)["dependencies"]
    audited = [dependency for dependency in dependencies if "vulns" in dependency]
    if not audited:
        pytest.skip("pip-audit got no data: its service knows none of the packages")
    assert not [(found["name"], found["version"], found["vulns"]) for found in audited if found["vulns"]]
