"""What holds for every conversation, on a wire that is only a list of messages."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from gateway.http.sockets import tell
from gateway.settings import Settings
from gateway.speech.request import SpeechRequest
from gateway.speech.voices import Catalogue
from gateway.talk.deepgram import DeepgramSpeak
from gateway.talk.host import Host

if TYPE_CHECKING:
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


async def test_a_flood_of_messages_waits_for_its_turn_with_each() -> None:
    flood, catalogue, most_at_once, before = Flood(500), Catalogue(["af_heart"]), 0, 0
    host = Host(
        synthesis=cast("Synthesis", None),  # nothing is spoken
        catalogue=catalogue,
        settings=Settings.from_environment(),
        closing=asyncio.Event(),
        tell=tell,
        write=lambda record, path: None,
    )
    order = SpeechRequest.without_text(catalogue, "af_heart", response_format="pcm")
    talk = asyncio.create_task(
        DeepgramSpeak(order, host=host, wire=flood, path="/v1/speak", request_id="r", key=None).run()
    )
    while not talk.done():
        await asyncio.sleep(0)
        most_at_once, before = max(most_at_once, flood.answered - before), flood.answered
    assert flood.answered == 501, "a greeting, too"
    assert most_at_once <= 2
