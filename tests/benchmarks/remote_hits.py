"""What one gateway has spoken, asked of another with the same cache: `python -m tests.benchmarks.remote_hits [ROUNDS]`.

Needs Redis (tests/deploy/install_tools.sh), and two to three minutes. Times are the gateways' own, from their log
lines, on the real model.
"""

from __future__ import annotations

import http.client
import json
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from gateway.audio.encoders import ENCODERS
from gateway.tools.listeners import Texts
from tests.deploy.redis_server import RedisServer, redis_server
from tests.support.gateway import Gateway
from tests.support.waiting import DEADLINE_S, wait_for

Line = dict[str, Any]

PAGE: Final = 6
"""Times that a sentence is said: 40 s of speech, as pcm 2 MB of the 4 MiB that are held of a reply, and soon spoken."""

MOST_S: Final = 40.0
"""For a table: where the server is late, the reply is spoken again."""

HITS_PER_MISS: Final = 19
"""No multiple of the formats: each has its misses."""

FIRST_AUDIOS: Final = 3
"""Of each kind: a few seconds each."""


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as directory, redis_server(Path(directory)) as server:
        shared = {"CACHE_URL": server.url}
        with ThreadPoolExecutor(3) as starting:
            # The other one forgets each reply with the next, so that it can be asked for the same ones again.
            each: tuple[dict[str, str], ...] = (shared, shared | {"CACHE_ENTRIES": "1"}, {})
            one, other, alone = starting.map(lambda options: start(**options), each)
        texts = Texts(seed=time.time_ns())
        try:
            Console().print(hits(one, other, "a chat line", texts.reply(), rounds, texts))
            Console().print(hits(one, other, "a page", " ".join([texts.sentence()] * PAGE), rounds))
            Console().print(misses(alone, other, server, texts))
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


def hits(
    one: Gateway, other: Gateway, name: str, text: str, rounds: int, misses: Texts | None = None
) -> Table:
    """A reply that `one` speaks, once for all formats; `other` has it from the server first and then from itself.

    In between it is asked for new texts.
    """
    for audio_format in ENCODERS:
        ask(one, text, audio_format)
        wait_for(lambda: not one.status()["cache"]["remote"]["queued"], "it is written")
        time.sleep(0.1)
    end = time.monotonic() + MOST_S
    lines: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for number, audio_format in enumerate([*ENCODERS] * rounds):
        if time.monotonic() > end:
            break
        new = [misses.reply()] if misses and number % HITS_PER_MISS == 0 else []
        for line in [ask(other, wanted, audio_format) for wanted in (text, text, *new)]:
            answered_by = line["cache_tier"] if line["cache"] == "hit" else line["cache"]
            lines[audio_format, answered_by].append(line)
    table = Table(name, "kB", "answered by", "n", "first byte, p50 ms", "all of it, p50 ms", "p95", box=None)
    for audio_format, tier in product(ENCODERS, ("miss", "remote", "local")):
        if found := lines[audio_format, tier]:
            table.add_row(audio_format, *figures(tier, found))
    return table


def figures(tier: str, lines: list[Line]) -> list[str]:
    """The rest of a row."""
    total = [line["total_ms"] for line in lines]
    size = median(line["bytes_sent"] for line in lines) / 1000
    first = median(line["ttfa_ms"] for line in lines)
    p95 = quantiles(total, n=20)[-1] if len(total) > 1 else total[0]
    return [f"{size:.0f}", tier, str(len(lines)), f"{first:.1f}", f"{median(total):.1f}", f"{p95:.1f}"]


def misses(alone: Gateway, other: Gateway, server: RedisServer, texts: Texts) -> Table:
    """First audio of what nobody has spoken: what the server costs, well and frozen."""
    table = Table("first audio of a new text", "p50 ms", "worst ms", box=None)

    def row(name: str, gateway: Gateway) -> None:
        times = [ask(gateway, texts.reply(), "mp3")["ttfa_ms"] for _ in range(FIRST_AUDIOS)]
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
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=DEADLINE_S)
    connection.request("POST", "/v1/audio/speech", json.dumps(body), {"content-type": "application/json"})
    answer = connection.getresponse()
    answer.read()  # at once: a client that reads slowly would be measured
    connection.close()
    lines: list[Line] = wait_for(
        lambda: gateway.requests(request_id=answer.headers["x-request-id"]), "its line"
    )
    return lines[0]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
