"""The hostile clients of the soak against a gateway that hums: each gets what is its due, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import psutil

from gateway.tools.hostile import CLIENTS, LIMITS_S, Target
from gateway.tools.listeners import Texts
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.gateway import Gateway

DUE = {
    "reads_no_speech": {"cut"},
    "reads_no_page": {"cut"},
    "hangs_up_in_headers": {"gone"},
    "dawdles_in_headers": {"closed"},
    "dawdles_in_its_body": {"told 408"},
    "half_closes": {"spoken whole"},
    "hangs_up_before_its_reply": {"gone"},
    "says_nothing": {"gone"},
    "speaks_another_protocol": {"told 505", "told 400", "told 431"},
    "asks_oddly": {"told 200", "told 400", "told 404", "told 413"},
}


def test_every_hostile_client_gets_what_is_its_due(start: Callable[..., Gateway]) -> None:
    limit = str(LIMITS_S)
    gateway = start(HEADER_TIMEOUT_S=limit, BODY_TIMEOUT_S=limit, STALL_TIMEOUT_S=limit)
    process = psutil.Process(gateway.process.pid)
    files = process.num_fds()
    target = Target("127.0.0.1", gateway.port, Texts(1), random.Random(1))  # noqa: S311 - no secrets
    visits = [client for client in CLIENTS for _ in range(3)]

    async def visit_all() -> list[str]:
        return await asyncio.wait_for(asyncio.gather(*(client(target) for client in visits)), 120)

    for client, outcome in zip(visits, asyncio.run(visit_all()), strict=True):
        assert outcome in DUE[client.__name__], client.__name__
    wait_for(lambda: process.num_fds() <= files + 3, "their files closed")
