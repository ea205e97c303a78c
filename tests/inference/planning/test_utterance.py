"""A text on its way to sound, spoken by nobody: what is planned and handed over, on a text worker that reads."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from inference import Audio, Manner, Pace, Piece, Pool, Text, Utterance
from inference.protocol import SAMPLE_RATE
from tests.support.pools import config
from tests.support.waiting import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from inference import WorkerSpec
    from inference.protocol import Unit

SENTENCE = "This sentence is one of many, and each of them takes its time to be said, as long as it lasts. "


async def hasty(unit: Unit, due: float, is_waited_for: bool) -> AsyncGenerator[Piece, None]:
    """A tenth of a second for each segment: far less than thought, and at its end there is something left to do."""
    del unit, due, is_waited_for
    yield Piece(Audio(bytes(4800), elapsed_ms=0.0), None, is_last=True)
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_listener_who_is_given_less_than_was_thought_hears_the_rest(
    text_spec: WorkerSpec, speech_spec: WorkerSpec
) -> None:
    heard = []
    async with Pool(config(text_spec, speech_spec)) as pool, asyncio.timeout(DEADLINE_S):
        lease = pool.lease("r", 0)
        manner = Manner("en-us", (("af_heart", 1.0),))
        utterance = Utterance(lease, manner, Pace(look_ahead_s=1.0), hasty)
        async with aclosing(utterance.segments(Text(SENTENCE * 10))) as segments:
            async for spoken in segments:
                utterance.hand_over(len(spoken.pcm) / 2 / SAMPLE_RATE)
                heard.append(spoken.segment.index)
        utterance.close()
    assert len(heard) == utterance.submitted > 2
