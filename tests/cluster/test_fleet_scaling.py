"""How many machines of a fleet there are under load."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.cluster.fleet import NUMBER, asked
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from tests.cluster.fleet import Fleet


def deploy_scaled(two: Fleet) -> None:
    """The application of `deploy/ray.yaml`, with as many machines as its promise needs; its times are short."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.support.tone_scaled", str(two.join_port)],
        env=os.environ | {"RAY_SERVE_ENABLE_HA_PROXY": "1", "RAY_AUTH_MODE": "token"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not told.returncode, told.stderr


async def stay(two: Fleet, leave: asyncio.Event) -> dict[str, int]:
    """Ask for one text after the other until it is time to leave; bytes of each reply, by its id."""
    sizes = {}
    async with httpx.AsyncClient() as client:
        while not leave.is_set():
            text = f"It takes its time for number {next(NUMBER)}! " * 8  # none that is in a cache
            reply = await client.post(f"{two.first.base_url}/audio/speech", **asked(text, "af_slow"))
            if reply.status_code == HTTPStatus.SERVICE_UNAVAILABLE:  # one machine alone has too much to do
                await asyncio.sleep(0.5)
            else:
                sizes[reply.raise_for_status().headers["x-request-id"]] = len(reply.content)
    return sizes


def logged(two: Fleet, replies: dict[str, int]) -> dict[str, int]:
    """Bytes of these replies, as the log has the length of their sound; empty until it has all."""
    lines = [line for line in two.requests(outcome="ok") if line["request_id"] in replies]
    sizes = {line["request_id"]: round(48_000 * line["audio_s"]) for line in lines}
    return sizes if len(sizes) == len(replies) else {}


def replicas(two: Fleet) -> int:
    return sum(machine.is_ready for machine in two.machines)


async def test_machines_come_under_load_and_go_after_it_with_every_reply_whole(two: Fleet) -> None:
    deploy_scaled(two)
    await asyncio.to_thread(wait_for, lambda: replicas(two) == 1, "one machine let go")
    leave = asyncio.Event()
    staying = [asyncio.create_task(stay(two, leave)) for _ in range(12)]
    try:
        await asyncio.to_thread(wait_for, lambda: replicas(two) == 2, "a second machine", 2 * DEADLINE_S)
    finally:
        leave.set()
    sizes = {name: size for heard in await asyncio.gather(*staying) for name, size in heard.items()}
    assert sizes
    said = await asyncio.to_thread(wait_for, lambda: logged(two, sizes), "lines of the log")
    assert sizes == pytest.approx(said, abs=48)
    await asyncio.to_thread(wait_for, lambda: replicas(two) == 1, "one machine let go")
    two.deploy("tests.support.tone_cluster:prepare")
    await asyncio.to_thread(wait_for, lambda: replicas(two) == 2, "one on each machine again")
