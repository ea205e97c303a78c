"""As the writer wishes: silence, speed and pronunciations are heard, and the lexicon is read again on SIGHUP."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.gateway import Gateway

BYTES_PER_SECOND = 48_000


def ask(gateway: Gateway, text: str, **fields: Any) -> httpx.Response:
    body = {"model": "tts-1", "input": text, "response_format": "pcm", **fields}
    return httpx.post(f"{gateway.base_url}/audio/speech", json=body, timeout=60)


def seconds(gateway: Gateway, text: str, **fields: Any) -> float:
    reply = ask(gateway, text, **fields)
    assert reply.status_code == 200, reply.text
    return len(reply.content) / BYTES_PER_SECOND


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
@pytest.mark.parametrize(
    "text", ["Never. [pause:1.5s] Never more.", 'Never.<break time="1500ms"/> Never more.']
)
def test_silence_is_as_long_as_asked_for_at_any_speed(kokoro: Gateway, speed: float, text: str) -> None:
    apart = seconds(kokoro, "Never.", speed=speed) + seconds(kokoro, "Never more.", speed=speed)
    assert seconds(kokoro, text, speed=speed) == pytest.approx(apart + 1.5, abs=0.1)


def test_a_text_may_be_all_silence(kokoro: Gateway) -> None:
    assert seconds(kokoro, "[pause:2s]") == pytest.approx(2.0, abs=0.01)


def test_silence_is_bounded(kokoro: Gateway) -> None:
    assert seconds(kokoro, "No. [pause:99s] " * 20) < 60 + 20 * seconds(kokoro, "No.") + 5


def test_slow_speech_is_slower(kokoro: Gateway) -> None:
    text = "The old captain carried a letter to the harbour."
    slow = seconds(kokoro, f'<prosody rate="x-slow">{text}</prosody>')
    assert slow == pytest.approx(seconds(kokoro, text) / 0.8, rel=0.1)


def test_a_pronunciation_is_heard_and_not_mistaken_for_another(kokoro: Gateway) -> None:
    plain = ask(kokoro, "Say ghcr.").content
    words = {"ghcr": "the container registry of somebody else"}
    said = ask(kokoro, "Say ghcr.", pronunciations=words).content
    assert len(said) > 1.5 * len(plain)
    assert ask(kokoro, "Say ghcr.").content == plain
    assert ask(kokoro, "Say ghcr.", pronunciations={"other": "word"}).content == plain
    assert ask(kokoro, "Say ghcr.", pronunciations=words).content == said


def test_a_pronunciation_that_cannot_be_used_is_told_as_openai_tells_faults(kokoro: Gateway) -> None:
    reply = ask(kokoro, "Say it.", pronunciations={"it": "/§/"})
    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == "pronunciations"
    assert "entry 1" in reply.json()["error"]["message"]


def test_pronunciations_that_multiply_a_text_are_refused_before_it_is_spoken(kokoro: Gateway) -> None:
    reply = ask(kokoro, "a " * 2000, pronunciations={"a": "so it is said, " * 13})
    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == "pronunciations"
    assert ask(kokoro, "a", pronunciations={"a": "so it is said, " * 13}).status_code == 200


def test_the_lexicon_is_read_again_and_a_broken_one_changes_nothing(
    start: Callable[..., Gateway], tmp_path: Path
) -> None:
    file = tmp_path / "words.txt"
    file.write_text("ghcr = the container registry of somebody else\n")
    gateway = start(LEXICON=str(file))
    said = seconds(gateway, "Say ghcr.")
    file.write_text("ghcr = it\n")
    gateway.process.send_signal(signal.SIGHUP)
    assert wait_for(lambda: _told(gateway, "lexicon_read"), "the lexicon is read")[-1]["words"] == 1
    short = seconds(gateway, "Say ghcr.")
    assert short < said
    file.write_text("ghcr = it\nsecret = /§/\n")
    gateway.process.send_signal(signal.SIGHUP)
    (line,) = wait_for(lambda: _told(gateway, "lexicon_not_read"), "the lexicon is refused")
    assert "entry 2" in line["reason"]
    assert "secret" not in str(line)
    assert seconds(gateway, "Say ghcr.") == short


def _told(gateway: Gateway, event: str) -> list[dict[str, Any]]:
    return [line for line in list(gateway.lines) if line["event"] == event]
