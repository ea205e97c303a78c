"""A unit on its way to sound: its score, then the windows of it, made by several workers at once and given in order.

Puts windows and a lease together; knows no queue and no text.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from inference.planning.windows import job, windows
from inference.protocol import STEP_SAMPLES, Audio

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from inference.pool.job import Answer
    from inference.pool.lease import Lease
    from inference.protocol import Unit


@dataclass(frozen=True)
class Piece:
    """Some of the sound of a unit."""

    audio: Audio
    answer: Answer | None
    """How the pool came by it; None if it was there already."""

    is_last: bool
    """It ends the unit."""


async def render(lease: Lease, unit: Unit, due: float, is_waited_for: bool) -> AsyncGenerator[Piece, None]:
    """The sound of a unit from its start, each piece as soon as it and all before it are there.

    Where a listener waits for it, it begins with a short window, which is rendered alone: beside other work it would
    take up to twice as long. Closing this drops all that has not started.

    Raises:
        InferenceError: the engine failed, or two workers died with a part of it.
    """
    score, scored = await lease.score(unit, due)
    if isinstance(score, Audio):
        yield Piece(score, scored, is_last=True)
        return
    sounds: list[asyncio.Task[tuple[Audio, Answer]]] = []
    cut = windows(score.energy, is_waited_for=is_waited_for)
    try:
        for window, offset_s in zip(cut, accumulate(w.seconds for w in cut), strict=True):
            message = job(lease.request_id, unit, score, window)
            sounds.append(asyncio.create_task(lease.sound(message, scored.due, offset_s - window.seconds)))
            if is_waited_for and len(sounds) == 1:
                await asyncio.wait(sounds)
        for window, sound in zip(cut, sounds, strict=True):
            audio, answer = await sound
            if window.is_first:
                elapsed_ms = audio.elapsed_ms + score.elapsed_ms
                missing = window.start * STEP_SAMPLES + audio.cut
                audio = Audio(audio.pcm, elapsed_ms, missing, score.frames)
                answer = answer.after(scored)
            yield Piece(audio, answer, window.is_last)
    finally:
        for sound in sounds:
            sound.cancel()
        await asyncio.gather(*sounds, return_exceptions=True)
