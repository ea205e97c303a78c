"""Handover: how much of what the engine spoke has been handed over, as long as it is heard.

Whoever makes the sound of a text longer or shorter on its way tells it here; knows no worker and no format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.audio.pcm import SAMPLE_BYTES, seconds

if TYPE_CHECKING:
    from gateway.audio.stage import Stage
    from gateway.speech.record import RequestRecord
    from inference import Utterance


class Handover:
    """What a listener has been given of one text. Lives as long as its sound is made."""

    def __init__(
        self,
        utterance: Utterance,
        record: RequestRecord,
        shaping: Stage,
        sample_rate: int,
        *,
        is_written: bool = True,
    ) -> None:
        """`shaping` makes samples of `sample_rate` of the engine's; without `is_written`, the text may still grow."""
        self._utterance = utterance
        self._record = record
        self._shaping = shaping
        self._sample_rate = sample_rate
        self._is_written: Final = is_written
        self._spoken = 0
        """Samples of the engine's."""

    @property
    def samples(self) -> int:
        """That are heard."""
        return self._shaping.length(self._spoken)

    def seconds_with(self, pcm_bytes: int) -> float:
        """How long it is all heard, with so much more of the engine's."""
        spoken = self._spoken + pcm_bytes // SAMPLE_BYTES
        return seconds(self._shaping.length(spoken), self._sample_rate)

    def give(self, pcm_bytes: int) -> None:
        """So much of the engine's goes out now: the listener's clock knows how much more will be heard."""
        heard_s = self.seconds_with(pcm_bytes)
        self._spoken += pcm_bytes // SAMPLE_BYTES
        playback = self._utterance.playback
        self._utterance.hand_over(heard_s - playback.heard_s)
        self._record.heard(playback, is_written=self._is_written)
