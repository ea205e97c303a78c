"""Orders for speech as OpenAI's clients send them, and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

ORDER: dict[str, Any] = {"model": "tts-1", "input": "Good morning, everyone.", "voice": "af_heart"}
LONG = " ".join(f"This is sentence number {number}, and it takes its time." for number in range(12))


def speak(gateway: Gateway, path: str = "/v1/audio/speech", **fields: Any) -> httpx.Response:
    return httpx.post(gateway.root + path, json=ORDER | fields, timeout=60)


def spoken(gateway: Gateway, **fields: Any) -> bytes:
    response = speak(gateway, **fields)
    assert response.status_code == 200, response.text
    return response.content


def error_of(response: httpx.Response) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert list(body) == ["error"]
    assert set(body["error"]) == {"message", "type", "param", "code"}
    error: dict[str, Any] = body["error"]
    return error
