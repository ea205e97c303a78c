from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from gateway.http.responses import AudioResponse, EventStream
from gateway.speech.record import RequestRecord
from gateway.speech.synthesis import ByteStream, Speech
from tests.support.waiting import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.types import Message

KINDS = (AudioResponse, EventStream)
USAGE = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}


@dataclass
class Source:
    """The pieces of a body, and whether it was closed."""

    pieces: tuple[bytes | Exception, ...]
    is_closed: bool = False

    async def speech(self, length: int | None = None) -> Speech:
        rest = self._bytes()
        return Speech("audio/mpeg", length, ByteStream(await anext(rest), rest), lambda: USAGE)

    async def _bytes(self) -> AsyncGenerator[bytes, None]:
        try:
            for piece in self.pieces:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            await asyncio.sleep(0)  # closing may have to wait for something
            self.is_closed = True


@dataclass
class Client:
    """The server's side of one response: takes messages until `leaves_at` of them have come."""

    leaves_at: int = 1_000_000
    blocks: bool = False
    has_blocked: asyncio.Event = field(default_factory=asyncio.Event)
    messages: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        if len(self.messages) == self.leaves_at:
            if self.blocks:
                self.has_blocked.set()
                await asyncio.Event().wait()
            raise ConnectionResetError
        self.messages.append(message)

    async def receive(self) -> Message:
        raise AssertionError("the response must leave listening to the middleware")

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def pieces(self) -> list[bytes]:
        return [message["body"] for message in self.messages[1:] if message["body"]]

    @property
    def has_end(self) -> bool:
        return len(self.messages) > 1 and not self.messages[-1].get("more_body")


def respond(
    kind: type[AudioResponse], source: Source, client: Client, *, length: int | None = None, **options: Any
) -> RequestRecord:
    async def scenario() -> RequestRecord:
        record = RequestRecord()
        response = kind(await source.speech(length), record, **options)
        call = response({"type": "http"}, client.receive, client.send)
        if client.blocks:
            task = asyncio.ensure_future(call)
            await client.has_blocked.wait()
            task.cancel()
            await asyncio.wait((task,))
        else:
            await call
        assert source.is_closed
        return record

    return asyncio.run(asyncio.wait_for(scenario(), DEADLINE_S))


def events(client: Client) -> list[dict[str, Any]]:
    text = b"".join(client.pieces).decode()
    assert text.endswith("\n\n")
    lines = text.removesuffix("\n\n").split("\n\n")
    assert all(line.startswith("data: ") and "\n" not in line for line in lines)
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def audio(client: Client) -> list[bytes]:
    return [b64decode(event["audio"]) for event in events(client) if event["type"] == "speech.audio.delta"]


def test_audio_goes_out_piece_by_piece_and_ends() -> None:
    client = Client()
    respond(AudioResponse, Source((b"one", b"two")), client)
    assert client.pieces == [b"one", b"two"]
    assert client.has_end
    assert client.headers == {
        "content-type": "audio/mpeg",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
    }


def test_length_that_is_known_is_told() -> None:
    client = Client()
    respond(AudioResponse, Source((b"one",)), client, length=3)
    assert client.headers["content-length"] == "3"


def test_events_carry_the_same_bytes_and_end_with_the_usage() -> None:
    client = Client()
    respond(EventStream, Source((b"one", b"two")), client)
    assert audio(client) == [b"one", b"two"]
    assert [event["type"] for event in events(client)] == ["speech.audio.delta"] * 2 + ["speech.audio.done"]
    assert events(client)[-1] == {"type": "speech.audio.done", "usage": USAGE}
    assert client.headers["content-type"] == "text/event-stream"


def test_event_stream_tells_no_length() -> None:
    client = Client()
    respond(EventStream, Source((b"one",)), client, length=3)
    assert "content-length" not in client.headers


def test_no_sample_is_parted_between_events() -> None:
    client = Client()
    respond(EventStream, Source((b"abc", b"d", b"e", b"fgh")), client, sample_bytes=2)
    assert audio(client) == [b"ab", b"cd", b"efgh"]


def test_half_a_sample_at_the_end_is_not_lost() -> None:
    client = Client()
    respond(EventStream, Source((b"abc",)), client, sample_bytes=2)
    assert audio(client) == [b"ab", b"c"]


@pytest.mark.parametrize("kind", KINDS)
def test_fault_of_the_body_passes_through_without_an_end(kind: type[AudioResponse]) -> None:
    client = Client()
    with pytest.raises(ZeroDivisionError):
        respond(kind, Source((b"one", ZeroDivisionError())), client)
    assert len(client.pieces) == 1
    assert not client.has_end
    assert b"done" not in client.pieces[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("leaves_at", [0, 1, 2, 3])
@pytest.mark.parametrize("blocks", [False, True])
def test_body_is_closed_wherever_the_client_leaves(
    kind: type[AudioResponse], leaves_at: int, blocks: bool
) -> None:
    source = Source((b"one", b"two", b"three"))
    client = Client(leaves_at=leaves_at, blocks=blocks)
    if blocks:
        respond(kind, source, client)
    else:
        with pytest.raises(ConnectionResetError):
            respond(kind, source, client)
    assert source.is_closed
    assert not client.has_end


def test_record_says_when_the_first_audio_left_and_how_much_followed() -> None:
    record = respond(AudioResponse, Source((b"one", b"two")), Client())
    assert record.bytes_sent == 6
    assert record.ttfa_ms is not None
    assert record.send_ms is not None
    assert 0 < record.ttfa_ms <= record.elapsed_ms()
