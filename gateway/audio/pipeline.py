"""Pipeline: what the engine spoke becomes the bytes of one reply, piece by piece, off the event loop.

Knows stages and threads; knows no request and no cache.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from gateway.audio.stage import Chain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

    from gateway.audio.encoder import Encoder

PIECE_BYTES: Final = 2 * SAMPLE_RATE * SAMPLE_BYTES
"""Two seconds: stretched and resampled that is up to 400 kB, and no thread is busy with it for over 40 ms."""


def cut(pcm: bytes, most: int = PIECE_BYTES) -> Iterator[memoryview]:
    """Samples in pieces of at most so many bytes that are mastered at once, without a copy."""
    view = memoryview(pcm)
    for start in range(0, len(view), most):
        yield view[start : start + most]


class Pipeline:
    """Shapes and encodes the samples of one reply. Lives as long as the reply; `close` frees its stages.

    `note` is told when each piece of work began and ended, on the clock of `perf_counter`.
    """

    def __init__(
        self, shaping: Chain, encoder: Encoder, threads: Executor, note: Callable[[float, float], None]
    ) -> None:
        self.encoder: Final = encoder
        self._shaping = shaping
        self._stages = Chain(shaping, encoder)
        # Where bytes are only passed on a thread would cost more than the work.
        self._threads = None if encoder.is_transparent and shaping.is_empty else threads
        self._note = note

    async def feed(self, piece: memoryview) -> bytes:
        """The bytes that are ready once these samples are in."""
        return await self._run(partial(self._stages.feed, bytes(piece)))

    async def rest(self, shaping: Chain) -> bytes:
        """What the shaping holds back, where nothing may follow for a while; what does is shaped anew, by `shaping`."""
        return await self._run(partial(self._change, shaping))

    async def finish(self) -> bytes:
        """The rest of them."""
        return await self._run(self._stages.finish)

    def close(self) -> None:
        """Free the stages."""
        self._stages.close()

    def _change(self, shaping: Chain) -> bytes:
        held = self._shaping.finish()
        self._shaping, self._stages = shaping, Chain(shaping, self.encoder)
        return self.encoder.feed(held)

    async def _run(self, work: Callable[[], bytes]) -> bytes:
        began = time.perf_counter()
        data = work() if self._threads is None else await _in_thread(self._threads, work)
        self._note(began, time.perf_counter())
        return data


async def _in_thread(threads: Executor, work: Callable[[], bytes]) -> bytes:
    """The result of `work`; whoever is cancelled here waits for its end, for the stages are closed next."""
    done = asyncio.get_running_loop().run_in_executor(threads, work)
    try:
        return await asyncio.shield(done)
    finally:
        if not done.done():
            await asyncio.wait({done})
