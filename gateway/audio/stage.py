"""Stages: the steps that samples take between the engine and the reply, one interface for each of them.

Knows no format and no filter: encoders, tempo, loudness and sample rate are stages elsewhere.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from gateway.audio.pcm import SAMPLE_BYTES


class Stage(ABC):
    """One step that mono s16le samples take on their way out.

    Lives for one request. Used by one thread at a time, though not always by the same one.
    """

    def __init__(self) -> None:
        self._taken = 0
        self._half = b""
        self._closed = False

    def feed(self, pcm: bytes) -> bytes:
        """What is ready once `pcm` is in, b"" if nothing is yet; `pcm` may end inside a sample.

        Raises:
            ValueError: the stage is finished or closed.
        """
        self._check_open()
        if self._half or len(pcm) % SAMPLE_BYTES:
            pcm = self._half + pcm
            whole = len(pcm) - len(pcm) % SAMPLE_BYTES
            pcm, self._half = pcm[:whole], pcm[whole:]
        if not pcm:
            return b""
        out = self._process(pcm)
        self._taken += len(pcm) // SAMPLE_BYTES
        return out

    def finish(self) -> bytes:
        """All that is still inside; the stage is closed afterwards.

        Raises:
            ValueError: the stage is finished or closed.
        """
        self._check_open()
        try:
            return self._drain()
        finally:
            self.close()

    def close(self) -> None:
        """Free what the stage holds, also half-way through a stream; harmless when repeated."""
        if not self._closed:
            self._closed = True
            self._release()

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError(f"{type(self).__name__} is closed")

    def length(self, samples: int) -> int:
        """How many samples come out of so many, once all is in; nothing is fed for it."""
        return samples

    @abstractmethod
    def _process(self, pcm: bytes) -> bytes:
        """Take whole samples, at least one; `_taken` counts those before."""

    def _drain(self) -> bytes:
        return b""

    def _release(self) -> None:  # noqa: B027 - most stages hold nothing
        pass


class Chain(Stage):
    """Stages one after the other, as one stage; an encoder may be the last of them. Owns its stages."""

    def __init__(self, *stages: Stage) -> None:
        super().__init__()
        self._stages = stages

    @property
    def is_empty(self) -> bool:
        """Samples pass through it as they are."""
        return not self._stages

    def length(self, samples: int) -> int:
        """See `Stage.length`."""
        for stage in self._stages:
            samples = stage.length(samples)
        return samples

    def _process(self, pcm: bytes) -> bytes:
        for stage in self._stages:
            pcm = stage.feed(pcm)
        return pcm

    def _drain(self) -> bytes:
        rest = b""
        for stage in self._stages:
            rest = stage.feed(rest) + stage.finish()
        return rest

    def _release(self) -> None:
        for stage in self._stages:
            stage.close()
