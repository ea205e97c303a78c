"""Long texts, streams of speech that are read or not, and the workers that speak them."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import httpx

from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

PAGE = "This sentence is here to make a page of speech that takes its time. " * 20
SLOW = "This sentence takes its time! " * 40


def speak(
    gateway: Gateway, text: str = "Hello.", voice: str = "af_heart", **fields: object
) -> httpx.Response:
    body = {"model": "tts-1", "input": text, "voice": voice, "response_format": "pcm"} | fields
    return httpx.post(f"{gateway.base_url}/audio/speech", json=body, timeout=60)


def spoken(gateway: Gateway, count: int) -> list[dict[str, Any]]:
    """What the log says of so many requests for speech, once it has been written."""

    def lines() -> list[dict[str, Any]]:
        return gateway.requests(path="/v1/audio/speech")

    wait_for(lambda: len(lines()) >= count, f"{count} lines of the log")
    return lines()


def pids(gateway: Gateway) -> set[int]:
    return {worker.pid for worker in gateway.workers()}


def open_stream(
    gateway: Gateway, text: str, voice: str = "af_heart", audio_format: str = "pcm", key: str = "x"
) -> socket.socket:
    """A connection that has asked for speech; what comes back is for the caller to read, or not."""
    body = f'{{"model":"tts-1","input":"{text}","voice":"{voice}","response_format":"{audio_format}"}}'
    connection = socket.create_connection(("127.0.0.1", gateway.port), timeout=DEADLINE_S)
    head = "POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += f"Authorization: Bearer {key}\r\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    return connection
