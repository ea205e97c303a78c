"""Keys that are given and taken back while the gateway runs."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.gateway import Gateway


def status(gateway: Gateway, key: str) -> int:
    return gateway.get("/v1/models", headers={"authorization": f"Bearer {key}"}).status_code


def test_sighup_takes_a_key_back_and_gives_another(start: Callable[..., Gateway], tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("an-old-key\nanother-key\n")
    gateway = start(API_KEYS_FILE=str(file))
    assert status(gateway, "an-old-key") == 200
    file.write_bytes(b"\xef\xbb\xbfa-new-key\n  # the other one is kept\nanother-key\n")
    assert status(gateway, "an-old-key") == 200
    gateway.process.send_signal(signal.SIGHUP)
    assert gateway.told("keys_read")["keys"] == 2
    assert [status(gateway, key) for key in ("an-old-key", "a-new-key", "another-key")] == [401, 200, 200]


def test_a_file_of_keys_that_became_unusable_lets_in_whom_it_did(
    start: Callable[..., Gateway], tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    file.write_text("a-key\n")
    gateway = start(API_KEYS_FILE=str(file))
    file.write_text("")
    gateway.process.send_signal(signal.SIGHUP)
    line = gateway.told("keys_not_read")
    assert "no key" in line["reason"]
    assert line["level"] == "error"
    assert [status(gateway, key) for key in ("a-key", "another")] == [200, 401]
    gateway.told("worker_replaced")
