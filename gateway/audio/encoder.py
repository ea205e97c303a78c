"""What every encoder is: mono 16-bit samples in, bytes of one format out. Knows no codec and no speech."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final

from gateway.audio.pcm import SAMPLE_RATE
from gateway.audio.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Collection

ANY_RATE: Final = range(8000, 48001)
STANDARD_RATES: Final = (8000, 11025, 12000, 16000, 22050, SAMPLE_RATE, 32000, 44100, 48000)


class UnsupportedRate(ValueError):
    """The format cannot carry this sample rate; the message lists those that it can."""

    def __init__(self, name: str, rate: int, rates: Collection[int]) -> None:
        choices = f"{rates[0]} to {rates[-1]}" if isinstance(rates, range) else ", ".join(map(str, rates))
        super().__init__(f"{name} cannot have a sample rate of {rate} Hz; choose {choices}")


class Encoder(Stage):
    """The last stage: samples become the bytes of one format. Lives for one response.

    `total_samples`, if it is known before the first byte leaves, is written into the headers that have
    room for it, and `finish` raises ValueError when another number of samples was fed.
    """

    name: ClassVar[str]
    content_type: ClassVar[str]
    rates: ClassVar[Collection[int]] = ANY_RATE
    is_transparent: ClassVar[bool] = False
    """Samples leave it as they came."""

    delay: ClassVar[int] = 0
    """By how many samples everything is heard later than it was fed, where the container does not tell players so."""

    def __init__(
        self, sample_rate: int = SAMPLE_RATE, total_samples: int | None = None, kilobits: int | None = None
    ) -> None:
        """`kilobits` a second, where the format has a choice; None: what suits speech."""
        super().__init__()
        self.sample_rate = self.supported(sample_rate)
        self.total_samples = total_samples
        self.kilobits = kilobits

    def finish(self) -> bytes:
        """The rest of the container, and all of it when nothing was fed; see `Stage.finish`."""
        rest = super().finish()
        if self.total_samples not in (None, self._taken):
            raise ValueError(f"{self.total_samples} samples were announced, {self._taken} were fed")
        return rest

    def exact(self, first: bytes) -> bytes:
        """The first bytes that this encoder made, with the sizes in its header where that has room for them."""
        return first

    @classmethod
    def supported(cls, sample_rate: int) -> int:
        """`sample_rate`, if the format can carry it.

        Raises:
            UnsupportedRate: it cannot.
        """
        if sample_rate not in cls.rates:
            raise UnsupportedRate(cls.name, sample_rate, cls.rates)
        return sample_rate

    @classmethod
    @abstractmethod
    def bytes_per_second(cls, sample_rate: int, kilobits: int | None = None) -> float:
        """About what a second of speech takes, rather more than less."""

    def size(self) -> int | None:
        """Bytes of the whole, where the number of samples settles that and was announced."""
        return None
