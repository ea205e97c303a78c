from __future__ import annotations

import asyncio
import random
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from gateway.tools.account import Account
from gateway.tools.listeners import Texts
from gateway.tools.talk_socket import opened
from gateway.tools.turns import Talker, Turn
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

TEXT = "Good morning to you."


def test_a_talker_stays_on_one_socket_and_knows_how_each_turn_ended(gateway: Gateway) -> None:
    account, dice = Account(1), random.Random(3)  # noqa: S311 - no secrets
    talker = Talker(httpx.URL(gateway.root), Texts(3), dice, account)

    async def talk() -> None:
        while not (account.turns["whole"] and account.turns["broken off"]):
            await talker.talk(time.monotonic() + 1)

    asyncio.run(asyncio.wait_for(talk(), 120))
    assert set(account.turns) == {"whole", "broken off"}
    assert not account.unexplained
    assert len(account.final_s) == account.turns["broken off"]
    wait_for(lambda: gateway.status()["queue"]["contexts"] == 0, "nothing left of them")


def test_contexts_are_counted_while_they_are_open(gateway: Gateway) -> None:
    async def look() -> None:
        async with opened(httpx.URL(gateway.root)) as socket:
            await socket.write("a", TEXT)
            await asyncio.to_thread(
                wait_for, lambda: gateway.status()["queue"]["contexts"] == 1, "the context"
            )

    asyncio.run(look())
    wait_for(lambda: gateway.status()["queue"]["contexts"] == 0, "its end")


def sound(seconds: float, words: str) -> dict[str, Any]:
    """A message with so much sound, whose words are told to cover a second and a half."""
    each_ms = 1500 // len(words)
    times = {
        "chars": list(words),
        "charStartTimesMs": [each_ms * n for n, _ in enumerate(words)],
        "charDurationsMs": [each_ms] * len(words),
    }
    return {"audio": b64encode(bytes(round(seconds * 48000))).decode(), "alignment": times}


@pytest.mark.parametrize(
    ("seconds", "words", "is_whole"),
    [(1.5, f"{TEXT} ", True), (1.5, "Good morning to ", False), (1.3, f"{TEXT} ", False)],
)
def test_a_turn_is_whole_with_all_its_words_and_all_their_sound(
    gateway: Gateway, seconds: float, words: str, is_whole: bool
) -> None:
    async def heard() -> bool:
        async with opened(httpx.URL(gateway.root)) as socket:
            turn = Turn(socket, "a", TEXT)
            turn.take(sound(seconds, words))
            return turn.is_whole

    assert asyncio.run(heard()) == is_whole
