"""A server of our own under mixed load for minutes: hang-ups, killed workers, and an account of every request.

Knows processes and HTTP; knows nothing of how the server works. Kills only workers of the server it started.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import Final

import httpx
import psutil
from rich.table import Table

from gateway.tools.bench import memory_mb, own_server, tree
from gateway.tools.listeners import Texts, listen, percentile

_CLIENTS: Final = 6
_KILL_EVERY_S: Final = (10.0, 30.0)
_HANG_UPS: Final = 0.15
_PAGES: Final = 0.2
_FASTEST_CHARS_PER_S: Final = 28
"""Nobody speaks faster at speed 1: a reply that is shorter has lost something."""

_SETTLE_S: Final = 20.0
_MORE_MEMORY: Final = 1.25
_MORE_FILES: Final = 3


@dataclass
class Account:
    """What became of every request. Lives as long as one soak."""

    outcomes: Counter[str] = field(default_factory=Counter)
    first_s: list[float] = field(default_factory=list)
    audio_s: float = 0.0
    kills: int = 0
    memory_mb: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    jobs_left: int = 0
    minutes: float = 0.0

    @property
    def faults(self) -> list[str]:
        """What must not be; empty when all went well."""
        found = [
            f"{self.outcomes[name]} requests {name}"
            for name in ("short", "unexplained")
            if self.outcomes[name]
        ]
        if self.jobs_left:
            found.append(f"{self.jobs_left} requests still held when all clients had gone")
        if self.files[-1] > self.files[0] + _MORE_FILES:
            found.append(f"open files grew from {self.files[0]} to {self.files[-1]}")
        early = median(self.memory_mb[: max(1, len(self.memory_mb) // 4)])
        late = median(self.memory_mb[-max(1, len(self.memory_mb) // 4) :])
        if late > early * _MORE_MEMORY:
            found.append(f"memory grew from {early:.0f} to {late:.0f} MB")
        return found

    def as_dict(self) -> dict[str, object]:
        """For machines."""
        values = dataclasses.asdict(self) | {"outcomes": dict(self.outcomes), "faults": self.faults}
        del values["first_s"]
        return values | {
            "first_audio_p50": median(self.first_s),
            "first_audio_p95": percentile(self.first_s, 0.95),
        }

    def as_table(self) -> Table:
        """For people."""
        table = Table("soak", f"{self.minutes:g} minutes, {_CLIENTS} clients", box=None)
        for name, count in sorted(self.outcomes.items()):
            table.add_row(f"requests {name}", str(count))
        table.add_row("workers killed", str(self.kills))
        table.add_row("audio", f"{self.audio_s:.0f} s")
        first = f"{median(self.first_s) * 1000:.0f} / {percentile(self.first_s, 0.95) * 1000:.0f} ms"
        table.add_row("first audio p50 / p95", first)
        table.add_row(
            "memory (PSS) least / most", f"{min(self.memory_mb):.0f} / {max(self.memory_mb):.0f} MB"
        )
        table.add_row("open files at start / end", f"{self.files[0]} / {self.files[-1]}")
        table.add_row("faults", "; ".join(self.faults) or "none")
        return table


def run(minutes: float) -> Account:
    """Soak a server of our own for so many minutes."""
    with own_server() as (url, pid, _):
        return asyncio.run(_soak(url, pid, minutes))


async def _soak(url: str, pid: int, minutes: float) -> Account:
    account = Account(minutes=minutes)
    texts, chance = Texts(time.time_ns()), random.Random()  # noqa: S311 - no secrets
    end = time.monotonic() + minutes * 60
    async with httpx.AsyncClient(timeout=120, trust_env=False) as client:
        await listen(client, url, texts.sentence())
        account.files.append(psutil.Process(pid).num_fds())
        helpers = [
            asyncio.create_task(_kill(pid, account, chance)),
            asyncio.create_task(_watch(pid, account)),
        ]
        clients = (_client(client, url, account, texts, chance, end) for _ in range(_CLIENTS))
        await asyncio.gather(*clients)
        for helper in helpers:
            helper.cancel()
        account.jobs_left = await _left(client, url)
    account.files.append(await _settled_files(pid, account.files[0]))
    return account


async def _client(
    client: httpx.AsyncClient, url: str, account: Account, texts: Texts, chance: random.Random, end: float
) -> None:
    """One client after the other request, until the end."""
    while time.monotonic() < end:
        text = texts.page(1200) if chance.random() < _PAGES else texts.sentence()
        hang_up_s = chance.uniform(0.05, 2) if chance.random() < _HANG_UPS else None
        account.outcomes[await _ask(client, url, account, text, hang_up_s)] += 1
        await asyncio.sleep(chance.uniform(0, 1))


async def _ask(
    client: httpx.AsyncClient, url: str, account: Account, text: str, hang_up_s: float | None
) -> str:
    try:
        async with asyncio.timeout(hang_up_s):
            heard = await listen(client, url, text)
    except TimeoutError:
        return "hung up by us"
    except httpx.HTTPStatusError as error:
        return {503: "refused", 500: "failed visibly"}.get(error.response.status_code, "unexplained")
    except httpx.RemoteProtocolError:
        return "cut visibly"
    except httpx.HTTPError:
        return "unexplained"
    account.audio_s += heard.audio_s
    account.first_s.append(heard.first_s)
    return "spoken whole" if heard.audio_s >= len(text) / _FASTEST_CHARS_PER_S else "short"


async def _kill(pid: int, account: Account, chance: random.Random) -> None:
    while True:
        await asyncio.sleep(chance.uniform(*_KILL_EVERY_S))
        workers = [child for child in tree(pid)[1:] if _is_worker(child)]
        if workers:
            with contextlib.suppress(psutil.NoSuchProcess):
                chance.choice(workers).send_signal(signal.SIGKILL)
                account.kills += 1


def _is_worker(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.status() != psutil.STATUS_ZOMBIE and "inference.worker" in process.cmdline()
    return False


async def _watch(pid: int, account: Account) -> None:
    while True:
        account.memory_mb.append(await asyncio.to_thread(memory_mb, pid))
        await asyncio.sleep(5)


async def _left(client: httpx.AsyncClient, url: str) -> int:
    """Requests that the server still holds after it had time to settle."""
    end = time.monotonic() + _SETTLE_S
    while True:
        status = (await client.get(f"{url.removesuffix('/v1')}/status")).json()
        left = int(status["queue"]["requests"])
        if not left or time.monotonic() > end:
            return left
        await asyncio.sleep(0.2)


async def _settled_files(pid: int, wanted: int) -> int:
    end = time.monotonic() + _SETTLE_S
    files = psutil.Process(pid).num_fds()
    while files > wanted + _MORE_FILES and time.monotonic() < end:
        await asyncio.sleep(0.2)
        files = psutil.Process(pid).num_fds()
    return files
