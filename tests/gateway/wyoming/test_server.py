"""Wyoming, as Home Assistant speaks it, against a gateway that hums."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event, async_read_event, async_write_event
from wyoming.info import Describe, Info
from wyoming.ping import Ping
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from tests.support.gateway import Gateway
from tests.support.orders import spoken
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

TEXT = "Good morning to you all, my friends. The kettle is on."
VOICE = SynthesizeVoice(name="af_heart")
TOKENS = [TEXT[start : start + 5] for start in range(0, len(TEXT), 5)]


@pytest.fixture(scope="module")
def house(tone: Path) -> Iterator[Gateway]:
    options = {"WORKERS": "2", "THREADS": "1", "CACHE_MB": "0", "WYOMING_PORT": "0", "STALL_TIMEOUT_S": "3"}
    started = Gateway.start("tests.support.tone_server", str(tone), **options)
    yield started
    assert started.stop() == 0


def port(house: Gateway) -> int:
    return int(house.told("wyoming_started")["port"])


async def said(house: Gateway, *events: Any, until: str | None = None) -> list[Event]:
    """What comes back, until that event, or until the server closes."""
    found: list[Event] = []
    async with AsyncTcpClient("127.0.0.1", port(house)) as client, asyncio.timeout(DEADLINE_S):
        for event in events:
            await client.write_event(event if isinstance(event, Event) else event.event())
        while event := await client.read_event():
            found.append(event)
            if event.type == until:
                break
    return found


def kinds(events: list[Event]) -> list[str]:
    """Their types, with the chunks between two others as one."""
    types = [event.type for event in events]
    return [kind for before, kind in zip([None, *types], types, strict=False) if kind != before]


def pcm(events: list[Event]) -> bytes:
    chunks = [AudioChunk.from_event(event) for event in events if AudioChunk.is_type(event.type)]
    assert {(chunk.rate, chunk.width, chunk.channels) for chunk in chunks} == {(24000, 2, 1)}
    return b"".join(chunk.audio for chunk in chunks)


async def test_every_voice_is_described_and_that_texts_are_taken_as_they_come(house: Gateway) -> None:
    (event,) = await said(house, Describe(), until="info")
    (program,) = Info.from_event(event).tts
    assert program.supports_synthesize_streaming
    voices = {voice.name: voice.languages for voice in program.voices}
    assert voices["af_heart"] == voices["alloy"] == ["en-US", "en"]
    assert voices["ef_dora"] == ["es"]


async def test_a_whole_text_is_spoken(house: Gateway) -> None:
    events = await said(house, Synthesize(TEXT, VOICE), until="audio-stop")
    assert kinds(events) == ["audio-start", "audio-chunk", "audio-stop"]
    assert AudioStart.from_event(events[0]).rate == 24000
    assert pcm(events) == spoken(house, input=TEXT, response_format="pcm")


async def test_a_whole_text_does_not_come_slower_than_it_is_made(house: Gateway) -> None:
    began = time.monotonic()
    events = await said(house, Synthesize(TEXT * 20, VOICE), until="audio-stop")
    assert time.monotonic() - began < len(pcm(events)) / 48000 / 2


async def test_a_text_is_spoken_as_it_is_written_with_one_start(house: Gateway) -> None:
    events = await said(
        house,
        SynthesizeStart(VOICE),
        *map(SynthesizeChunk, TOKENS),
        Synthesize(TEXT, VOICE),  # the same again, for servers that know no chunks
        SynthesizeStop(),
        until="synthesize-stopped",
    )
    assert kinds(events) == ["audio-start", "audio-chunk", "audio-stop", "synthesize-stopped"]
    assert SynthesizeStopped.is_type(events[-1].type)
    # Two sentences are spoken one by one where the second comes later: at most a pause of difference.
    assert len(pcm(events)) / 48000 == pytest.approx(
        len(spoken(house, input=TEXT, response_format="pcm")) / 48000, abs=0.6
    )


async def test_sound_comes_before_the_text_has_ended(house: Gateway) -> None:
    events = await said(
        house, SynthesizeStart(VOICE), SynthesizeChunk("Good morning, my friends. "), until="audio-chunk"
    )
    assert kinds(events) == ["audio-start", "audio-chunk"]


@pytest.mark.parametrize("text", ["", " ", "…"])
async def test_a_text_of_nothing_has_its_beginning_and_its_end(house: Gateway, text: str) -> None:
    assert kinds(await said(house, Synthesize(text, VOICE), until="audio-stop")) == [
        "audio-start",
        "audio-stop",
    ]
    assert kinds(
        await said(
            house, SynthesizeStart(), SynthesizeChunk(text), SynthesizeStop(), until="synthesize-stopped"
        )
    ) == ["audio-start", "audio-stop", "synthesize-stopped"]


@pytest.mark.parametrize("voice", [None, SynthesizeVoice(language="en-GB"), SynthesizeVoice(language="xx")])
async def test_a_language_finds_a_voice_and_nothing_finds_the_usual_one(
    house: Gateway, voice: SynthesizeVoice | None
) -> None:
    found = "bf_emma" if voice and voice.language == "en-GB" else "af_heart"
    known = house.known(method="WYOMING", voice=found, outcome="ok")
    await said(house, Synthesize(TEXT, voice), until="audio-stop")
    wait_for(lambda: len(house.requests(method="WYOMING", voice=found, outcome="ok")) > known, "its line")


STREAMED = (SynthesizeStart(SynthesizeVoice(name="af_fail")), SynthesizeChunk("Not this! "), SynthesizeStop())
FAULTS: dict[str, tuple[tuple[Any, ...], str, str]] = {
    "voice": ((Synthesize(TEXT, SynthesizeVoice(name="nobody")),), "voice_not_found", ""),
    "worker": (
        (Synthesize("Not this!", SynthesizeVoice(name="af_fail")),),
        "internal_server_error",
        "failed",
    ),
    "stream": (STREAMED, "internal_server_error", "failed"),
    "text": ((Event("synthesize", {"text": 5}),), "invalid_request", ""),
    "length": ((Synthesize("a" * 5000, VOICE),), "max_character_limit_exceeded", ""),
    "no start": ((SynthesizeChunk(TEXT), SynthesizeStop()), "invalid_request", "invalid"),
    "an end alone": ((SynthesizeStop(),), "invalid_request", "invalid"),
    "more after the end": (
        (SynthesizeStart(VOICE), SynthesizeChunk(TEXT), SynthesizeStop(), SynthesizeChunk(TEXT)),
        "invalid_request",
        "",
    ),
    "two": ((SynthesizeStart(VOICE), SynthesizeStart(VOICE)), "invalid_request", ""),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_told_and_the_connection_closed_at_once(house: Gateway, fault: str) -> None:
    events, code, outcome = FAULTS[fault]
    known = house.known(method="WYOMING", outcome=outcome)
    *_, last = await said(house, *events)
    assert (last.type, last.data["code"]) == ("error", code)
    assert AudioStop().event().type not in kinds([last])
    if outcome:
        wait_for(lambda: len(house.requests(method="WYOMING", outcome=outcome)) == known + 1, "its line")


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"[]\n",
        b'{"type": "synthesize", "data_length": 999999999}\n',
        b'{"type": "describe", "payload_length": 99999999}\n',
        b'{"type": "synthesize", "data": ["text"]}\n',
        b'{"type": "synthesize", "data_length": -1}\n',
        b'{"type": "describe", "data_length": true}\n',
        b'{"type": "describe", "payload_length": 9223372036854775808}\n',
        b'{"type": {}}\n',
        b"\n",
        b'{"type": "synthesize-stop"}\n' * 50_000,
        b"[" * 60_000 + b"\n",
        b"x" * 200_000,
    ],
)
def test_what_is_no_event_ends_the_connection(house: Gateway, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port(house)), timeout=DEADLINE_S) as wire:
        wire.sendall(data)
        answer = b"".join(iter(lambda: wire.recv(1 << 16), b""))
    assert b'"error"' in answer
    assert b"invalid_request" in answer


async def test_what_is_not_ours_is_passed_over_and_a_ping_answered(house: Gateway) -> None:
    events = await said(house, Event("transcribe", {"a": 1}, b"payload"), Ping("there?"), until="pong")
    assert events[-1].data == {"text": "there?"}


@pytest.mark.parametrize(("text", "told"), [(["a"], None), ("\ud800", "\ufffd")])
async def test_a_ping_of_no_text_is_answered_too(house: Gateway, text: Any, told: str | None) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port(house))
    writer.write(json.dumps({"type": "ping", "data": {"text": text}}).encode() + b"\n")
    pong = await asyncio.wait_for(async_read_event(reader), DEADLINE_S)
    writer.close()
    assert pong
    assert (pong.type, pong.data.get("text")) == ("pong", told)


def test_a_client_that_reads_nothing_is_let_go(house: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", port(house)), timeout=DEADLINE_S) as wire:

        def is_held() -> bool:
            held = psutil.Process(house.process.pid).net_connections("tcp")
            return wire.getsockname() in {connection.raddr for connection in held}

        wire.sendall(b'{"type": "describe"}\n' * 2000)
        wait_for(is_held, "its place")
        wait_for(lambda: not is_held(), "its place given back")


async def test_who_leaves_is_noticed(house: Gateway) -> None:
    known = house.known(method="WYOMING", outcome="client_gone")
    slow = SynthesizeVoice(name="af_slow")
    await said(house, SynthesizeStart(slow), SynthesizeChunk("Good morning! " * 100), until="audio-chunk")
    wait_for(lambda: len(house.requests(method="WYOMING", outcome="client_gone")) > known, "its line")


def test_who_never_reads_is_cut_off(tone: Path) -> None:
    options = {"WORKERS": "1", "THREADS": "1", "WYOMING_PORT": "0", "STALL_TIMEOUT_S": "0.5"}
    gateway = Gateway.start("tests.support.tone_server", str(tone), **options)
    with socket.socket() as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.connect(("127.0.0.1", port(gateway)))
        text = json.dumps({"type": "synthesize", "data": {"text": TEXT * 60}})
        wire.sendall(f"{text}\n".encode())
        wait_for(lambda: gateway.requests(method="WYOMING", outcome="client_gone"), "its line")
    assert gateway.stop() == 0


def test_nobody_listens_unless_it_is_wanted(gateway: Gateway) -> None:
    assert not [line for line in gateway.lines if line["event"] == "wyoming_started"]


async def closed_after_asking(house: Gateway, *events: Any) -> list[Event]:
    """What comes back to a script, which closes its own side once it has asked."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port(house))
    for event in events:
        await async_write_event(event.event(), writer)
    writer.write_eof()
    found = []
    async with asyncio.timeout(DEADLINE_S):
        while event := await async_read_event(reader):
            found.append(event)
    writer.close()
    return found


async def test_who_says_no_more_still_hears_all(house: Gateway) -> None:
    assert kinds(await closed_after_asking(house, Describe())) == ["info"]
    whole = await closed_after_asking(house, Synthesize(TEXT, VOICE))
    assert kinds(whole) == ["audio-start", "audio-chunk", "audio-stop"]
    assert pcm(whole) == spoken(house, input=TEXT, response_format="pcm")
    written = await closed_after_asking(house, SynthesizeStart(VOICE), SynthesizeChunk(TEXT))
    assert kinds(written) == ["audio-start", "audio-chunk", "audio-stop", "synthesize-stopped"]


async def test_who_has_left_is_noticed_before_the_first_sound(house: Gateway) -> None:
    known = house.known(outcome="client_gone")
    _, writer = await asyncio.open_connection("127.0.0.1", port(house))
    await async_write_event(Synthesize("Good morning!", SynthesizeVoice(name="af_slow")).event(), writer)
    writer.close()
    lines = await asyncio.to_thread(
        wait_for, lambda: house.requests(outcome="client_gone")[known:], "the line of who has left"
    )
    assert lines[0].get("audio_s") is None
