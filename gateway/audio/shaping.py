"""What happens to samples between the engine and the encoder: tempo, loudness, sample rate.

Puts together the stages that a request needs; knows no formats.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, log2
from typing import TYPE_CHECKING, Any

import av
import av.filter

from gateway.audio.libav import audio_frame
from gateway.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from gateway.audio.stage import Chain, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Filter(Stage):
    """Samples through a chain of libav audio filters, each (name, arguments)."""

    def __init__(self, filters: Sequence[tuple[str, str]], sample_rate: int) -> None:
        super().__init__()
        self._sample_rate = sample_rate
        self._graph = graph = av.filter.Graph()
        source = graph.add_abuffer(
            sample_rate=sample_rate, format="s16", layout="mono", time_base=Fraction(1, sample_rate)
        )
        # Some filters want other samples than they are given; the last step brings s16 back.
        steps = [graph.add(name, arguments) for name, arguments in (*filters, ("aformat", "sample_fmts=s16"))]
        graph.link_nodes(source, *steps, graph.add("abuffersink")).configure()

    def _process(self, pcm: bytes) -> bytes:
        self._graph.push(audio_frame(pcm, self._sample_rate, self._taken))
        return self._pull()

    def _drain(self) -> bytes:
        self._graph.push(None)
        return self._pull()

    def _pull(self) -> bytes:
        parts: list[bytes] = []
        while True:
            try:
                frame: Any = self._graph.pull()
            except (BlockingIOError, EOFError):
                return b"".join(parts)
            parts.append(bytes(frame.planes[0])[: frame.samples * SAMPLE_BYTES])

    def _release(self) -> None:
        del self._graph


class Stretch(_Filter):
    """Speech `tempo` times as fast at the same pitch; exactly 1/tempo as many samples come out.

    Holds back up to 90 ms of what it was fed, between tempo 0.5 and 2.
    """

    def __init__(self, tempo: float, sample_rate: int = SAMPLE_RATE) -> None:
        # atempo blends between 0.5 and 2 and drops samples beyond: further away, in equal steps.
        steps = max(1, ceil(abs(log2(tempo))))
        super().__init__([("atempo", repr(tempo ** (1 / steps)))] * steps, sample_rate)
        self._tempo = tempo
        self._given = 0

    def length(self, samples: int) -> int:
        """See `Stage.length`."""
        return round(samples / self._tempo)

    def _process(self, pcm: bytes) -> bytes:
        stretched = super()._process(pcm)
        self._given += len(stretched) // SAMPLE_BYTES
        return stretched

    def _drain(self) -> bytes:
        due = self.length(self._taken) - self._given
        # atempo loses up to 25 ms at the end of a stream: let that be silence.
        silence = bytes(self._sample_rate // 5 * SAMPLE_BYTES)
        rest = super()._process(silence) + super()._drain()
        return rest[: due * SAMPLE_BYTES]


class Gain(_Filter):
    """Samples times `factor`, clipped at full scale. Holds nothing back."""

    def __init__(self, factor: float, sample_rate: int = SAMPLE_RATE) -> None:
        super().__init__([("volume", f"{factor!r}:precision=float")], sample_rate)


def shape(*, tempo: float = 1, gain: float = 1, sample_rate: int = SAMPLE_RATE) -> Chain:
    """The stages that a request needs, none if nothing is asked: then samples pass untouched, uncopied."""
    stages: list[Stage] = []
    if tempo != 1:
        stages.append(Stretch(tempo))
    if gain != 1:
        stages.append(Gain(gain))
    if sample_rate != SAMPLE_RATE:
        from gateway.audio.resampler import Resampler  # noqa: PLC0415 - only these requests pay for numpy

        stages.append(Resampler(sample_rate))
    return Chain(*stages)
