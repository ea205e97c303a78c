"""A repeated request beside a new one, in every format, in one run: `python -m tests.benchmarks.repeats [ROUNDS]`.

Times are the gateway's own, from its log lines: the client's would be mostly those of the client.
"""

from __future__ import annotations

import sys
import time
from statistics import median

import httpx
from rich.console import Console
from rich.table import Table

from gateway.audio.encoders import ENCODERS
from gateway.tools.listeners import Texts
from tests.support.gateway import Gateway
from tests.support.waiting import wait_for


def main(rounds: int) -> None:
    gateway = Gateway.start("gateway.cli", "serve", PORT="0", LOG_FORMAT="json")
    table = Table("format", "kB", "miss, p50 ms", "hit, p50 ms", "hit, p95 ms", box=None)
    try:
        texts = Texts(seed=time.time_ns())
        with httpx.Client(base_url=gateway.base_url, timeout=60) as client:
            for audio_format in ENCODERS:
                table.add_row(audio_format, *measured(gateway, client, texts, audio_format, rounds))
    finally:
        gateway.stop()
    Console().print(table)


def measured(
    gateway: Gateway, client: httpx.Client, texts: Texts, audio_format: str, rounds: int
) -> tuple[str, ...]:
    """Kilobytes of an answer, and the milliseconds that it took."""
    size = 0
    for _ in range(rounds):
        body = {"model": "tts-1", "input": texts.sentence(), "response_format": audio_format}
        for _ in range(5):
            size = len(client.post("/audio/speech", json=body).raise_for_status().content)
    lines = wait_for(
        lambda: len(found := gateway.requests(format=audio_format)) == 5 * rounds and found, "all lines"
    )
    misses = [line["total_ms"] for line in lines if "inference_ms" in line]
    hits = sorted(line["total_ms"] for line in lines if "encode_ms" not in line)
    late = hits[int(0.95 * len(hits))]
    return f"{size / 1000:.0f}", f"{median(misses):.0f}", f"{median(hits):.2f}", f"{late:.2f}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
