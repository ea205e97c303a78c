"""Whatever is sent, the gateway answers in its own words and goes on; texts pass through the real text worker."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

unhurried = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
fields = st.fixed_dictionaries(
    {},
    optional={
        "model": st.just("tts-1") | anything,
        "input": st.just("Hello.") | anything,
        "voice": st.sampled_from(["alloy", "af_heart", "AF_BELLA+af_heart(2)"]) | anything,
        "response_format": st.sampled_from(["mp3", "pcm", "wav", "flac", "opus", "aac"]) | anything,
        "speed": st.floats() | anything,
        "stream_format": st.sampled_from(["audio", "sse"]) | anything,
        "stream": st.booleans() | anything,
        "lang_code": st.sampled_from(["en-us", "es", "zh"]) | anything,
        "volume_multiplier": st.floats() | anything,
        "sample_rate": st.integers() | anything,
        "instructions": anything,
    },
)


@pytest.fixture(scope="module")
def gateway(tone: Path) -> Iterator[Gateway]:
    running = Gateway.start("tests.support.tone_server", str(tone), WORKERS="1", MAX_INPUT_CHARS="400")
    yield running
    assert running.stop() == 0


def post(gateway: Gateway, body: bytes) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return httpx.post(f"{gateway.base_url}/audio/speech", content=body, headers=headers, timeout=60)


def check(answer: httpx.Response) -> None:
    if answer.status_code == 200:
        assert answer.content
        return
    assert 400 <= answer.status_code < 500, answer.text
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert answer.headers["x-request-id"]


@given(st.binary(max_size=300))
@unhurried
def test_arbitrary_bytes_get_an_answer(gateway: Gateway, body: bytes) -> None:
    check(post(gateway, body))


@given(fields)
@unhurried
def test_arbitrary_fields_get_an_answer(gateway: Gateway, body: dict[str, Any]) -> None:
    check(post(gateway, json.dumps(body).encode()))


@given(
    st.text(st.characters(), min_size=1, max_size=200), st.sampled_from(["af_heart", "bf_emma", "ef_dora"])
)
@unhurried
def test_every_text_is_spoken_or_refused_with_a_reason(gateway: Gateway, text: str, voice: str) -> None:
    """All of Unicode, lone surrogates and control characters with it."""
    body = {"model": "tts-1", "input": text, "voice": voice, "response_format": "pcm"}
    answer = post(gateway, json.dumps(body).encode())
    check(answer)
    assert (answer.status_code == 200) == bool(text.strip()) or answer.status_code == 400


def test_nothing_that_was_sent_broke_a_worker(gateway: Gateway) -> None:
    post(gateway, json.dumps({"model": "tts-1", "input": "Hi.", "voice": "alloy"}).encode())
    assert [line for line in gateway.lines if line["event"] in {"worker_died", "worker_lost_in_job"}] == []
