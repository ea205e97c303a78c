"""The table of formats: which encoder makes the bytes of each, and at which sample rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.audio.libav import AacEncoder, ALawEncoder, FlacEncoder, MuLawEncoder, OpusEncoder
from gateway.audio.mp3 import Mp3Encoder
from gateway.audio.uncompressed import PcmEncoder, WavEncoder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.audio.encoder import Encoder

ENCODERS: Final[Mapping[str, type[Encoder]]] = {
    encoder.name: encoder
    for encoder in (
        Mp3Encoder,
        OpusEncoder,
        AacEncoder,
        FlacEncoder,
        WavEncoder,
        PcmEncoder,
        MuLawEncoder,
        ALawEncoder,
    )
}
"""Response format -> its encoder."""
