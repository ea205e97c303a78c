"""What one gateway has spoken, asked of another with the same cache: `python -m tests.benchmarks.remote_hits [ROUNDS]`.

Needs Redis (tests/deploy/install_tools.sh). Times are the gateways' own, from their log lines, on the real model.
"""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from gateway.audio.encoders import ENCODERS
from gateway.tools.listeners import Texts
from tests.deploy.redis_server import RedisServer, redis_server
from tests.support.gateway import Gateway
from tests.support.waiting import DEADLINE_S, wait_for

Line = dict[str, Any]


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as directory, redis_server(Path(directory)) as server:
        with ThreadPoolExecutor(3) as starting:
            each: tuple[dict[str, str], ...] = ({"CACHE_URL": server.url}, {"CACHE_URL": server.url}, {})
            one, other, alone = starting.map(lambda options: start(**options), each)
        try:
            texts = Texts(seed=time.time_ns())
            Console().print(hits(one, other, texts, rounds))
            Console().print(misses(alone, other, server, texts, rounds))
        finally:
            for gateway in (one, other, alone):
                gateway.stop()


def start(**options: str) -> Gateway:
    gateway = Gateway.start(
        "gateway.cli", "serve", PORT="0", LOG_FORMAT="json", WORKERS="1", THREADS="1", **options
    )
    if options:
        wait_for(lambda: gateway.status()["cache"]["remote"]["is_answering"], "the server found")
    return gateway


def hits(one: Gateway, other: Gateway, texts: Texts, rounds: int) -> Table:
    """Replies that `one` speaks, and `other` has from the server first and then by itself."""
    table = Table(
        "format", "kB", "spoken, p50 ms", "remote hit, p50 ms", "p95 ms", "local hit, p50 ms", box=None
    )
    for audio_format in ENCODERS:
        spoken: list[Line] = []
        found: dict[str, list[Line]] = {"remote": [], "local": []}
        for _ in range(rounds):
            text = texts.sentence()
            spoken.append(ask(one, text, audio_format))
            wait_for(lambda: not one.status()["cache"]["remote"]["queued"], "it is written")
            time.sleep(0.05)
            for line in (ask(other, text, audio_format), ask(other, text, audio_format)):
                if line["cache"] == "hit":
                    found[line["cache_tier"]].append(line)
        size = median(line["bytes_sent"] for line in found["remote"]) / 1000
        late = quantiles(map(total, found["remote"]), n=20)[-1]
        table.add_row(
            audio_format,
            f"{size:.0f}",
            f"{middle(spoken):.0f}",
            f"{middle(found['remote']):.2f}",
            f"{late:.2f}",
            f"{middle(found['local']):.2f}",
        )
    return table


def misses(alone: Gateway, other: Gateway, server: RedisServer, texts: Texts, rounds: int) -> Table:
    """First audio of what nobody has spoken: what the server costs, well and frozen."""
    table = Table("first audio of a new text", "p50 ms", "worst ms", box=None)

    def row(name: str, gateway: Gateway) -> None:
        times = [ask(gateway, texts.sentence(), "mp3")["ttfa_ms"] for _ in range(rounds)]
        table.add_row(name, f"{median(times):.0f}", f"{max(times):.0f}")

    row("without a server", alone)
    row("with one", other)
    server.freeze()
    row("frozen, found out within three", other)
    row("frozen, left alone", other)
    row("without a server, again", alone)
    server.thaw()
    return table


def ask(gateway: Gateway, text: str, audio_format: str) -> Line:
    """The log line of a request."""
    body = {"model": "tts-1", "input": text, "response_format": audio_format}
    answer = httpx.post(f"{gateway.base_url}/audio/speech", json=body, timeout=DEADLINE_S).raise_for_status()
    request_id = answer.headers["x-request-id"]
    lines: list[Line] = wait_for(lambda: gateway.requests(request_id=request_id), "its line")
    return lines[0]


def total(line: Line) -> float:
    """Milliseconds that the gateway took."""
    return float(line["total_ms"])


def middle(lines: list[Line]) -> float:
    """The median of what the gateway took."""
    return median(map(total, lines))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
