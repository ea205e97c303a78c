"""A server of our own under mixed load: listeners, a talker, hostile clients and disturbances, and an account of all.

Knows processes and HTTP; knows nothing of how the server works.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx
import psutil

from gateway.tools.account import MORE_FILES, Account, Held
from gateway.tools.bench import memory_mb, own_server, process_memory_mb
from gateway.tools.disturb import LogReader, disturb, timed_health
from gateway.tools.hostile import LIMITS_S, Target, Unexplained, is_whole, visit
from gateway.tools.listeners import Texts, listen
from gateway.tools.turns import Talker

if TYPE_CHECKING:
    from collections.abc import Coroutine

_LISTENERS: Final = 6
_HOSTILE: Final = 4
_HANG_UPS: Final = 0.15
_PAGES: Final = 0.2
_SETTLE_S: Final = 30.0
_LOOK_S: Final = 5.0
_QUEUE_S: Final = 10
"""How long clients are let wait: where other programs keep the machine busy too, all would be refused."""

_OPTIONS: Final = (
    *(
        word
        for name in ("--header-timeout-s", "--body-timeout-s", "--stall-timeout-s")
        for word in (name, str(LIMITS_S))
    ),
    *("--queue-s", str(_QUEUE_S)),
)


def run(minutes: float) -> Account:
    """Soak a server of our own for so many minutes."""
    log = LogReader()
    with own_server(*_OPTIONS, log=log.write_end) as (url, pid, _):
        os.close(log.write_end)
        return asyncio.run(_Soak(url, pid, minutes).run(log))


class _Soak:
    """One soak of one server. Lives as long as it runs."""

    def __init__(self, url: str, pid: int, minutes: float) -> None:
        self._url = url
        self._root = httpx.URL(url.removesuffix("/v1"))
        self._pid = pid
        self._end = 0.0
        self._account = Account(minutes)
        self._texts = Texts(time.time_ns())
        self._chance = random.Random()  # noqa: S311 - no secrets

    async def run(self, log: LogReader) -> Account:
        """Load, disturb and watch the server until the time is over; then see what it still holds."""
        account = self._account
        async with httpx.AsyncClient(timeout=120, trust_env=False) as client:
            await listen(client, self._url, self._texts.sentence())
            account.files.append(psutil.Process(self._pid).num_fds())
            self._end = time.monotonic() + account.minutes * 60
            beside = [
                asyncio.create_task(disturb(self._pid, log, self._chance, account.disturbances)),
                asyncio.create_task(self._watch(client)),
            ]
            async with timed_health(self._url, account.health_s):
                await asyncio.gather(*self._visitors(client))
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
            account.left = await self._left(client)
        account.files.append(await self._settled_files())
        return account

    def _visitors(self, client: httpx.AsyncClient) -> list[Coroutine[None, None, None]]:
        return [
            *(self._listen(client) for _ in range(_LISTENERS)),
            *(self._be_hostile() for _ in range(_HOSTILE)),
            Talker(self._root, self._texts, self._chance, self._account).talk(self._end),
        ]

    async def _listen(self, client: httpx.AsyncClient) -> None:
        """One listener after the other, until the end."""
        chance = self._chance
        while time.monotonic() < self._end:
            text = self._texts.page(1200) if chance.random() < _PAGES else self._texts.sentence()
            hang_up_s = chance.uniform(0.05, 2) if chance.random() < _HANG_UPS else None
            self._account.outcomes[await self._ask(client, text, hang_up_s)] += 1
            await asyncio.sleep(chance.uniform(0, 1))

    async def _ask(self, client: httpx.AsyncClient, text: str, hang_up_s: float | None) -> str:
        try:
            async with asyncio.timeout(hang_up_s):
                heard = await listen(client, self._url, text)
        except TimeoutError:
            return "hung up by us"
        except httpx.HTTPStatusError as error:
            return self._told(error.response.status_code)
        except httpx.RemoteProtocolError:
            return "cut visibly"
        except httpx.HTTPError as error:
            self._account.unexplained[f"a listener met {type(error).__name__}"] += 1
            return "lost"
        self._account.audio_s += heard.audio_s
        self._account.first_s.append(heard.first_s)
        return "spoken whole" if is_whole(text, heard.audio_s) else "short"

    def _told(self, status: int) -> str:
        outcome = {503: "refused", 500: "failed visibly"}.get(status)
        if outcome is None:
            self._account.unexplained[f"a listener was told {status}"] += 1
        return outcome or "lost"

    async def _be_hostile(self) -> None:
        """One hostile client after the other, until the end."""
        address = urlsplit(self._url)
        target = Target(address.hostname or "127.0.0.1", address.port or 80, self._texts, self._chance)
        while time.monotonic() < self._end:
            try:
                name, outcome = await visit(target)
                self._account.hostile[f"{name}: {outcome}"] += 1
            except Unexplained as error:
                self._account.unexplained[str(error)] += 1
            await asyncio.sleep(self._chance.uniform(0, 1))

    async def _watch(self, client: httpx.AsyncClient) -> None:
        """See what the server holds, as long as clients come."""
        while time.monotonic() < self._end:
            status = await self._status(client)
            queue, cache_mb = status["queue"], status["cache"]["bytes"] / 1e6
            gateway_mb = await asyncio.to_thread(process_memory_mb, psutil.Process(self._pid))
            self._account.held.append(
                Held(
                    at_s=time.monotonic(),
                    memory_mb=await asyncio.to_thread(memory_mb, self._pid) - cache_mb,
                    gateway_mb=gateway_mb - cache_mb,
                    files=psutil.Process(self._pid).num_fds(),
                    leases=queue["requests"],
                    contexts=queue["contexts"],
                )
            )
            await asyncio.sleep(_LOOK_S)

    async def _left(self, client: httpx.AsyncClient) -> int:
        """Leases and contexts that the server still holds after it had time to settle."""
        end = time.monotonic() + _SETTLE_S
        while True:
            queue = (await self._status(client))["queue"]
            left: int = queue["requests"] + queue["contexts"]
            if not left or time.monotonic() > end:
                return left
            await asyncio.sleep(0.2)

    async def _status(self, client: httpx.AsyncClient) -> dict[str, Any]:
        status: dict[str, Any] = (await client.get(self._root.join("/status"))).raise_for_status().json()
        return status

    async def _settled_files(self) -> int:
        end = time.monotonic() + _SETTLE_S
        files = psutil.Process(self._pid).num_fds()
        while files > self._account.files[0] + MORE_FILES and time.monotonic() < end:
            await asyncio.sleep(0.2)
            files = psutil.Process(self._pid).num_fds()
        return files
