"""What holds for every conversation, on a wire that is only a list of messages."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from gateway.http.sockets import tell
from gateway.settings import Settings
from gateway.speech.elevenlabs_order import Wish
from gateway.speech.request import SpeechRequest
from gateway.speech.turn import Sound
from gateway.speech.voices import Catalogue
from gateway.talk.context import Context
from gateway.talk.deepgram import DeepgramSpeak
from gateway.talk.elevenlabs import MultiStream
from gateway.talk.host import Host

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gateway.speech.synthesis import Synthesis


@dataclass
class Flood:
    """A client that has said everything already, and reads whatever it is told. Lives as long as a test."""

    messages: int
    answered: int = 0

    async def receive(self) -> str | None:
        self.messages -= 1
        return '{"type": "Flush"}' if self.messages >= 0 else None

    async def send(self, _: str | bytes) -> None:
        self.answered += 1


CATALOGUE = Catalogue(["af_heart"])
ORDER = SpeechRequest.without_text(CATALOGUE, "af_heart", response_format="pcm")


def host(synthesis: object) -> Host:
    return Host(
        synthesis=cast("Synthesis", synthesis),
        catalogue=CATALOGUE,
        settings=Settings.from_environment(),
        closing=asyncio.Event(),
        tell=tell,
        write=lambda record, path: None,
    )


async def test_a_flood_of_messages_waits_for_its_turn_with_each() -> None:
    flood, most_at_once, before = Flood(500), 0, 0
    talk = asyncio.create_task(
        DeepgramSpeak(ORDER, host=host(None), wire=flood, path="/v1/speak", request_id="r", key=None).run()
    )
    while not talk.done():
        await asyncio.sleep(0)
        most_at_once, before = max(most_at_once, flood.answered - before), flood.answered
    assert flood.answered == 501, "a greeting, too"
    assert most_at_once <= 2


class Dropping:
    """A turn that takes a moment to be gone once it is dropped. Lives as long as a test."""

    is_ended, is_closed = False, False

    def append(self, _: str) -> None: ...

    def rest(self) -> None: ...

    async def sounds(self, *, gives_way: bool) -> AsyncGenerator[Sound, None]:
        try:
            yield Sound(b"")
            await asyncio.Event().wait()
        finally:
            for _ in range(5):  # of tasks that are cancelled, each waits for those behind it
                await asyncio.sleep(0)

    def close(self) -> None:
        self.is_closed = True


async def test_who_is_told_that_a_text_was_broken_off_finds_its_work_gone() -> None:
    turn, found, is_heard = Dropping(), [], asyncio.Event()

    async def ended(_: Context) -> None:
        found.append(turn.is_closed)

    async def heard(*_: object) -> None:
        is_heard.set()

    talk: Any = SimpleNamespace(
        request_id="r", method="GET", path="/", key=None, lead=None, gives_way=False, ended=ended, heard=heard
    )
    synthesis = SimpleNamespace(turn=lambda *_: turn)
    context = Context(None, ORDER, host(synthesis), talk, is_auto=False)
    context.append("Hello.")
    await is_heard.wait()
    await context.close()
    assert found == [True]


class Writing:
    """A client that begins one text and has not ended it. Lives as long as a test."""

    is_new = True

    async def receive(self) -> str:
        if not self.is_new:
            await asyncio.Event().wait()
        self.is_new = False
        return '{"text": "Hello", "context_id": "a"}'

    async def send(self, _: str) -> None: ...


async def test_of_texts_that_begin_at_once_each_waits_for_its_turn() -> None:
    begun: list[Dropping] = []

    def turn(*_: object) -> Dropping:
        begun.append(Dropping())
        return begun[-1]

    shared, wish = host(SimpleNamespace(turn=turn)), Wish.of("af_heart", "pcm_24000", "", None)
    talks = [
        asyncio.create_task(
            MultiStream(
                wish,
                is_auto=False,
                is_synced=False,
                host=shared,
                wire=Writing(),
                path="/",
                request_id="r",
                key=None,
            ).run()
        )
        for _ in range(100)
    ]
    before = most_at_once = 0
    while len(begun) < len(talks):
        await asyncio.sleep(0)
        most_at_once, before = max(most_at_once, len(begun) - before), len(begun)
    assert most_at_once == 1
    for talk in talks:
        talk.cancel()
    await asyncio.gather(*talks, return_exceptions=True)
