from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx

from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

SENTENCES = [
    "The lighthouse keeper counted the ships each evening before the fog came in.",
    "On Tuesday there were seven, and one of them carried nothing but oranges.",
    "He wrote the number in a small green book, and then he put out the lamp.",
    "Nobody had ever asked him why he did it, and he had never thought of a reason.",
    "In winter the harbour froze, so the page for January was usually quite empty.",
    "Once a stranger came by and offered to buy the book for a bag of silver coins.",
    "The keeper laughed, poured two cups of tea, and showed him the empty pages first.",
    "They talked until the morning about storms, about islands, and about the price of rope.",
    "When the stranger left, the keeper found that the bag was still on the table.",
    "He counted the coins, wrote down the number, and never spent a single one of them.",
]
PAGE = " ".join(SENTENCES * 2)[:1500].rsplit(".", 1)[0] + "."


def test_a_page_streams_from_both_workers_and_starts_early(kokoro: Gateway) -> None:
    body = {"model": "tts-1", "input": PAGE, "voice": "af_heart", "response_format": "pcm"}
    started, first, audio = time.monotonic(), 0.0, bytearray()
    with httpx.stream("POST", f"{kokoro.base_url}/audio/speech", json=body, timeout=120) as response:
        for piece in response.iter_raw():
            first = first or time.monotonic() - started
            audio += piece
    total = time.monotonic() - started
    assert first < 0.3 * total
    line = wait_for(lambda: kokoro.requests(request_id=response.headers["x-request-id"]), "its log line")[0]
    assert set(line["worker_pids"]) >= {worker.pid for worker in kokoro.workers()}
    assert line["characters"] == len(PAGE)
    assert line["segments"] >= 10
    assert abs(line["audio_s"] - len(audio) / 48000) < 0.01
    assert line["audio_s"] > len(PAGE) / 25, "nobody speaks that fast: something is missing"


def test_a_text_without_a_full_stop_is_spoken_whole(kokoro: Gateway) -> None:
    words = "one two three four five six seven eight nine ten " * 30
    lengths = []
    for text in (words[: len(words) // 2], words):
        body = {"model": "tts-1", "input": text, "voice": "am_adam", "response_format": "pcm", "speed": 2}
        lengths.append(len(httpx.post(f"{kokoro.base_url}/audio/speech", json=body, timeout=120).content))
    assert 1.8 < lengths[1] / lengths[0] < 2.2
