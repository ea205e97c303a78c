"""Turns of a pipeline: what a model writes, and as much time as its speech takes. Runs in Pipecat's environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipecat.frames.frames import (  # type: ignore[import-not-found]
    ErrorFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)
from pipecat.observers.base_observer import BaseObserver  # type: ignore[import-not-found]
from pipecat.tests.utils import SleepFrame, run_test  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST_S = 60
_LOOK_S = 0.1


class _Ear(BaseObserver):  # type: ignore[misc]
    """Hears what becomes of a turn. Lives as long as the pipeline."""

    def __init__(self, tts: Any) -> None:
        super().__init__()
        self.is_sound_heard = self.is_over = self.is_refused = False
        tts.add_event_handler("on_connected", self._on_connected)
        tts.add_event_handler("on_connection_error", self._on_connection_error)

    def begin(self) -> None:
        """Listen to the next turn."""
        self.is_sound_heard, self.is_over = False, self.is_refused

    async def on_push_frame(self, data: Any) -> None:
        self.is_sound_heard |= isinstance(data.frame, TTSAudioRawFrame)
        self.is_over |= isinstance(data.frame, TTSStoppedFrame | ErrorFrame)

    async def _on_connected(self, *_: Any) -> None:
        self.is_over = True  # for in mid-turn that is another connection

    async def _on_connection_error(self, *_: Any) -> None:
        self.is_over = self.is_refused = True


async def spoken(tts: Any, *turns: Sequence[str], breaks_in: bool = False) -> list[Any]:
    """What comes of these turns; with `breaks_in`, somebody breaks into the first when it is heard, and it is left out.

    Raises:
        RuntimeError: something is said to have gone wrong, or a turn did not come to its end.
    """
    ear = _Ear(tts)

    def conversation() -> Iterator[Any]:
        for number, tokens in enumerate(turns):
            ear.begin()
            yield LLMFullResponseStartFrame()
            yield from map(LLMTextFrame, tokens)
            if breaks_in and not number:
                yield from _wait(lambda: ear.is_sound_heard)
                yield InterruptionFrame()
            else:
                yield LLMFullResponseEndFrame()
                yield from _wait(lambda: ear.is_over)

    down, up = await run_test(tts, frames_to_send=conversation(), observers=[ear], start_timeout=LONGEST_S)
    frames = [*down, *up]
    for frame in frames:
        if isinstance(frame, ErrorFrame):
            raise RuntimeError(frame.error)  # noqa: TRY004 - it is no wrong type
    begun = {frame.context_id for frame in frames if isinstance(frame, TTSStartedFrame)}
    ended = {frame.context_id for frame in frames if isinstance(frame, TTSStoppedFrame)}
    if len(begun - ended) > breaks_in:
        raise RuntimeError(f"{len(begun)} turns began, and {len(begun & ended)} came to their end")
    return [frame for frame in frames if getattr(frame, "context_id", None) not in begun - ended]


def _wait(condition: Any) -> Iterator[Any]:
    for _ in range(round(LONGEST_S / _LOOK_S)):
        if condition():
            return
        yield SleepFrame(_LOOK_S)
