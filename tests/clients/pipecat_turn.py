"""A turn of a pipeline: what a model writes, and as much time as its speech takes. Runs in Pipecat's environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipecat.frames.frames import (  # type: ignore[import-not-found]
    ErrorFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSStoppedFrame,
)
from pipecat.observers.base_observer import BaseObserver  # type: ignore[import-not-found]
from pipecat.tests.utils import SleepFrame, run_test  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST_S = 60
_LOOK_S = 0.2


class _End(BaseObserver):  # type: ignore[misc]
    """Sees the end of the speech. Lives as long as a turn."""

    def __init__(self) -> None:
        super().__init__()
        self.is_seen = False

    async def on_push_frame(self, data: Any) -> None:
        self.is_seen |= isinstance(data.frame, TTSStoppedFrame | ErrorFrame)


async def spoken(tts: Any, tokens: Sequence[str]) -> list[Any]:
    """All frames that come of a turn.

    Raises:
        RuntimeError: one of them says that something went wrong.
    """
    end = _End()

    def turn() -> Iterator[Any]:
        yield LLMFullResponseStartFrame()
        yield from map(LLMTextFrame, tokens)
        yield LLMFullResponseEndFrame()
        for _ in range(round(LONGEST_S / _LOOK_S)):
            if end.is_seen:
                return
            yield SleepFrame(_LOOK_S)

    down, up = await run_test(tts, frames_to_send=turn(), observers=[end], start_timeout=LONGEST_S)
    frames = [*down, *up]
    for frame in frames:
        if isinstance(frame, ErrorFrame):
            raise RuntimeError(frame.error)  # noqa: TRY004 - it is no wrong type
    return frames
