"""A talker who stays: turn after turn on one socket, heard to the end or broken off at random, each accounted for.

Knows messages and sound; knows nothing of how they are served.
"""

from __future__ import annotations

import asyncio
import time
from base64 import b64decode
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from gateway.audio.pcm import SAMPLE_BYTES, seconds
from gateway.tools.hostile import is_whole
from gateway.tools.talk_socket import SocketClosed, opened

if TYPE_CHECKING:
    import random

    import httpx

    from gateway.tools.account import Account
    from gateway.tools.listeners import Texts
    from gateway.tools.talk_socket import Message, TalkSocket

_BREAKS_IN: Final = 0.4
_BREAKS_IN_S: Final = (0.0, 10.0)
_LENGTHS: Final = (60, 120, 300)
_PATIENCE_S: Final = 90.0
"""Without a message. A whole turn took longer where sixteen other programs kept two cores busy."""

_REFUSED: Final = frozenset({"queue_full", "system_busy"})
_AGAIN_S: Final = 2.0

_SPARE_S: Final = 0.05
"""By how much the sound of a turn may differ from what is told of it."""


class Talker:
    """One talker. Lives as long as a soak."""

    def __init__(self, root: httpx.URL, texts: Texts, chance: random.Random, account: Account) -> None:
        self._root = root
        self._texts = texts
        self._chance = chance
        self._account = account
        self._number = 0

    async def talk(self, end: float) -> None:
        """Talk until then, on the monotonic clock; a socket that the server closes is opened again."""
        while time.monotonic() < end:
            try:
                async with opened(self._root) as socket:
                    self._account.sockets += 1
                    while time.monotonic() < end:
                        self._account.turns[await self._turn(socket)] += 1
            except ConnectionError:  # for what, its turn has said
                await asyncio.sleep(_AGAIN_S)

    async def _turn(self, socket: TalkSocket) -> str:
        """One turn, and how it ended."""
        self._number += 1
        turn = Turn(socket, str(self._number), self._texts.page(self._chance.choice(_LENGTHS)))
        try:
            return await self._heard(turn)
        except (TimeoutError, ConnectionError) as error:
            if not turn.told:
                self._account.unexplained[f"a turn met {type(error).__name__}: {error}"] += 1
            self._account.turns[turn.told or "lost"] += 1
            raise SocketClosed from error

    async def _heard(self, turn: Turn) -> str:
        if self._chance.random() < _BREAKS_IN:
            self._account.final_s.append(await turn.broken_off(self._chance.uniform(*_BREAKS_IN_S)))
            return "broken off"
        await turn.heard_out()
        return "whole" if turn.is_whole else "short"


class Turn:
    """One text that is heard while it is written. Lives until its last message."""

    def __init__(self, socket: TalkSocket, name: str, text: str) -> None:
        self.told = ""
        """What the server said of it, where it could not speak it."""

        self._socket = socket
        self._name = name
        self._text = text
        self._audio_s = 0.0
        self._words_s = 0.0
        """How much sound the times of its words cover."""

        self._words = ""

    @property
    def is_whole(self) -> bool:
        """All of its text was heard, and all of the sound that was told of."""
        words_are_whole = self._words.split() == self._text.split() if self._words else True
        sound_is_whole = not self._words or abs(self._audio_s - self._words_s) < _SPARE_S
        return words_are_whole and sound_is_whole and is_whole(self._text, self._audio_s)

    async def heard_out(self) -> None:
        """Write it, and listen to its end."""
        writing = asyncio.create_task(self._write_all())
        try:
            await self._listen()
        finally:
            await _ended(writing)

    async def broken_off(self, after_s: float) -> float:
        """Write it and break in after so long, wherever that is; seconds until its last message."""
        writing = asyncio.create_task(self._socket.write(self._name, self._text))
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(after_s):
                    await self._listen()
        finally:
            await _ended(writing)
        await self._socket.say(text=" And", context_id=self._name)
        began = time.perf_counter()
        await self._socket.say(context_id=self._name, close_context=True)
        await self._listen()
        return time.perf_counter() - began

    async def _write_all(self) -> None:
        await self._socket.write(self._name, self._text)
        await self._socket.say(context_id=self._name, flush=True)
        await self._socket.say(context_id=self._name, close_context=True)

    async def _listen(self) -> None:
        """Take what comes, until the last message.

        Raises:
            ConnectionError: there is no last message.
            TimeoutError: nothing comes any more.
        """
        while True:
            async with asyncio.timeout(_PATIENCE_S):
                message = await self._socket.message()
            if "error" in message:
                refused = message["error"] in _REFUSED
                self.told = "refused" if refused else "failed visibly"
            elif message["contextId"] != self._name:
                raise SocketClosed("sound of a turn that was over")
            elif message["isFinal"]:
                return
            else:
                self.take(message)

    def take(self, message: Message) -> None:
        """Some of its sound has come."""
        self._audio_s += seconds(len(b64decode(message["audio"]))) / SAMPLE_BYTES
        if times := message["alignment"]:
            self._words += "".join(times["chars"])
            self._words_s += times["charStartTimesMs"][-1] / 1000 + times["charDurationsMs"][-1] / 1000


async def _ended(writing: asyncio.Task[None]) -> None:
    """What went wrong with writing is heard of by who listens."""
    writing.cancel()
    await asyncio.wait({writing})
    if not writing.cancelled():
        writing.exception()
