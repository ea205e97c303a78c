"""Each format, streamed and whole, decoded again and held against the samples that went in."""

from __future__ import annotations

import asyncio
import io
import struct
import subprocess
import sys
import wave
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gateway.audio.encoder import UnsupportedRate
from gateway.audio.encoders import ENCODERS
from gateway.audio.pcm import SAMPLE_RATE
from gateway.speech.elevenlabs_names import FORMATS as FORMAT_NAMES
from gateway.speech.elevenlabs_names import OutputFormat
from gateway.speech.errors import InvalidField
from tests.support.sound import (
    G711,
    decode,
    decode_with_libav,
    delay,
    from_pcm,
    likeness,
    pieces,
    speech_like,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.sound import Samples

FORMATS = sorted(ENCODERS)
CONTAINERS = [name for name in FORMATS if name not in {"pcm", *G711}]
EXACT = {"flac", "wav", "pcm"}
LIKENESS = {"mp3": 0.99, "aac": 0.99, "opus": 0.97, "ulaw": 0.99, "alaw": 0.99}
SHORT, LONG = 0.05, 60.0
ODD = 961
WORST_HOLD_BACK_MS = 150


def encode(
    name: str, feeds: Iterable[bytes], rate: int = SAMPLE_RATE, total_samples: int | None = None
) -> bytes:
    encoder = ENCODERS[name](rate, total_samples)
    return b"".join([encoder.feed(feed) for feed in feeds] + [encoder.finish()])


def decode_start(name: str, data: bytes) -> tuple[Samples, int]:
    """Of a stream that breaks off: libav takes those."""
    return decode(name, data) if name in {"pcm", *G711} else decode_with_libav(data)


def assert_sounds_like(name: str, data: bytes, pcm: bytes) -> None:
    """Same length within 0.1 s, same sound from its beginning to its end."""
    heard, heard_rate = decode(name, data)
    meant = from_pcm(pcm)
    assert heard_rate == SAMPLE_RATE
    if name in EXACT:
        assert np.array_equal(heard, meant)
        return
    if name in {"opus", *G711}:
        assert len(heard) == len(meant)
    assert abs(len(heard) - len(meant)) < 0.1 * SAMPLE_RATE
    late = delay(heard, meant)
    assert abs(late - ENCODERS[name].delay) <= 1
    assert len(heard) >= late + len(meant)
    assert likeness(heard, meant, late) > LIKENESS[name]


@pytest.mark.parametrize("seconds", [SHORT, 0.333, 3.0, pytest.param(LONG, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", FORMATS)
def test_decoded_audio_is_the_pcm(name: str, seconds: float) -> None:
    pcm = speech_like(seconds)
    assert_sounds_like(name, encode(name, [pcm]), pcm)


@pytest.mark.parametrize("size", [1, ODD, 48_000])
@pytest.mark.parametrize("name", FORMATS)
def test_bytes_do_not_depend_on_how_the_samples_arrive(name: str, size: int) -> None:
    pcm = speech_like(0.2 if size == 1 else 5)
    assert encode(name, pieces(pcm, size)) == encode(name, [pcm])


@pytest.mark.parametrize("name", FORMATS)
def test_half_a_sample_at_the_end_is_dropped(name: str) -> None:
    pcm = speech_like(0.2)
    assert encode(name, [pcm + b"\x7f"], total_samples=len(pcm) // 2) == encode(
        name, [pcm], total_samples=len(pcm) // 2
    )


@pytest.mark.parametrize("name", FORMATS)
def test_no_encoder_holds_back_more_than_150_ms(name: str) -> None:
    pcm = speech_like(2)
    encoder, data, marks = ENCODERS[name](), b"", []
    for count, feed in enumerate(pieces(pcm, SAMPLE_RATE // 50 * 2), start=1):
        data += encoder.feed(feed)
        marks.append((count * SAMPLE_RATE // 50, len(data)))
    late = delay(decode(name, data + encoder.finish())[0], from_pcm(pcm))
    # Each 80 ms, which meets pages and frames of every format at every stage of their filling.
    for fed, sent in marks[10::4]:
        heard, rate = decode_start(name, data[:sent])
        heard = heard[:: rate // SAMPLE_RATE]
        assert fed - (len(heard) - late) <= WORST_HOLD_BACK_MS * SAMPLE_RATE // 1000
        assert likeness(heard, from_pcm(pcm)[: len(heard) - late], late) > 0.9


@pytest.mark.parametrize("name", CONTAINERS)
def test_nothing_fed_still_is_a_valid_container(name: str) -> None:
    heard, _ = decode(name, encode(name, []))
    assert np.abs(heard).max(initial=0) < 4
    assert len(heard) < 0.1 * SAMPLE_RATE


@pytest.mark.parametrize("name", FORMATS)
def test_one_sample_is_enough(name: str) -> None:
    data = encode(name, [b"\x01\x00"])
    assert len(decode(name, data)[0]) >= 1


@pytest.mark.parametrize("name", FORMATS)
def test_an_encoder_may_move_between_threads(name: str) -> None:
    pcm = speech_like(1)

    async def feed_in_threads() -> bytes:
        encoder = ENCODERS[name]()
        out = [await asyncio.to_thread(encoder.feed, feed) for feed in pieces(pcm, ODD)]
        return b"".join(out) + await asyncio.to_thread(encoder.finish)

    async def several() -> list[bytes]:
        return await asyncio.gather(*(feed_in_threads() for _ in range(4)))

    assert set(asyncio.run(several())) == {encode(name, [pcm])}


@pytest.mark.parametrize("name", FORMATS)
def test_an_abandoned_encoder_is_closed_for_good(name: str) -> None:
    encoder = ENCODERS[name]()
    encoder.feed(speech_like(0.5))
    encoder.close()
    encoder.close()
    with pytest.raises(ValueError, match="closed"):
        encoder.feed(b"\x00\x00")
    with pytest.raises(ValueError, match="closed"):
        encoder.finish()


@pytest.mark.parametrize("name", FORMATS)
def test_a_finished_encoder_takes_no_more(name: str) -> None:
    encoder = ENCODERS[name]()
    encoder.finish()
    with pytest.raises(ValueError, match="closed"):
        encoder.feed(b"\x00\x00")


@pytest.mark.parametrize("name", FORMATS)
def test_a_wrong_total_does_not_pass_unnoticed(name: str) -> None:
    encoder = ENCODERS[name](total_samples=100)
    encoder.feed(bytes(198))
    with pytest.raises(ValueError, match="100 samples were announced, 99 were fed"):
        encoder.finish()


def test_content_types() -> None:
    assert {name: encoder.content_type for name, encoder in ENCODERS.items()} == {
        "mp3": "audio/mpeg",
        "opus": "audio/opus",
        "aac": "audio/aac",
        "flac": "audio/flac",
        "wav": "audio/wav",
        "pcm": "audio/pcm",
        "ulaw": "audio/PCMU",
        "alaw": "audio/PCMA",
    }


class TestPcm:
    def test_is_what_was_fed_and_not_a_copy(self) -> None:
        pcm = speech_like(0.1)
        assert ENCODERS["pcm"]().feed(pcm) is pcm

    def test_never_sends_half_a_sample(self) -> None:
        encoder = ENCODERS["pcm"]()
        assert [encoder.feed(b) for b in (b"a", b"b", b"cde", b"f")] == [b"", b"ab", b"cd", b"ef"]


class TestWav:
    def test_streamed_header_to_the_letter(self) -> None:
        data = encode("wav", [b"\x01\x02", b"\x03\x04"])
        assert data == (
            b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\xc0\x5d\0\0\x80\xbb\0\0\x02\0\x10\0"
            b"data\xff\xff\xff\xff\x01\x02\x03\x04"
        )

    def test_sizes_are_exact_when_the_total_is_known(self) -> None:
        pcm = speech_like(0.5)
        data = encode("wav", pieces(pcm, ODD), total_samples=len(pcm) // 2)
        assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
        assert struct.unpack("<I", data[40:44])[0] == len(pcm)
        with wave.open(io.BytesIO(data)) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, SAMPLE_RATE)
            assert file.readframes(file.getnframes()) == pcm

    def test_pieces_after_the_first_are_not_copied(self) -> None:
        encoder, pcm = ENCODERS["wav"](), speech_like(0.1)
        encoder.feed(pcm)
        assert encoder.feed(pcm) is pcm


class TestMp3:
    def test_has_frames_only(self) -> None:
        data = encode("mp3", [speech_like(3)])
        assert not any(mark in data for mark in (b"Xing", b"Info", b"VBRI", b"ID3", b"TAG"))
        at = 0
        while at < len(data):
            # MPEG-2 layer 3 without CRC, 24 kHz, mono: 576 samples in a frame.
            assert data[at : at + 2] == b"\xff\xf3"
            assert data[at + 2] & 0b1100 == 0b0100
            assert data[at + 3] >> 6 == 0b11
            bit_rate = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)[(data[at + 2] >> 4) - 1]
            at += 72 * bit_rate * 1000 // SAMPLE_RATE + (data[at + 2] >> 1 & 1)
        assert at == len(data)

    def test_glued_files_play_through(self) -> None:
        first, second = (speech_like(seconds) for seconds in (2.0, 1.0))
        alone = [decode("mp3", encode("mp3", [pcm]))[0] for pcm in (first, second)]
        glued, _ = decode("mp3", encode("mp3", [first]) + encode("mp3", [second]))
        assert len(glued) == len(alone[0]) + len(alone[1])
        rest = glued[len(alone[0]) :]
        assert likeness(rest, from_pcm(second), delay(rest, from_pcm(second))) > LIKENESS["mp3"]


class TestAac:
    def test_is_adts_from_the_first_to_the_last_byte(self) -> None:
        data, at, frames = encode("aac", pieces(speech_like(3), ODD)), 0, 0
        while at < len(data):
            # MPEG-4 without CRC; then LC, 24 kHz (index 6), one channel.
            assert data[at : at + 2] == b"\xff\xf1"
            assert data[at + 2] >> 2 == 0b01_0110
            assert (data[at + 2] & 1) << 2 | data[at + 3] >> 6 == 1
            at += (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
            frames += 1
        assert at == len(data)
        assert frames * 1024 - 3 * SAMPLE_RATE < 0.1 * SAMPLE_RATE


class TestOpus:
    @staticmethod
    def pages(data: bytes) -> list[tuple[int, int, int]]:
        """Flags, granule position and packets of each Ogg page."""
        pages, at = [], 0
        while at < len(data):
            magic, flags, granule, segments = struct.unpack("<4sxBq12xB", data[at : at + 27])
            assert magic == b"OggS"
            lacing = data[at + 27 : at + 27 + segments]
            pages.append((flags, granule, sum(size < 255 for size in lacing)))
            at += 27 + segments + sum(lacing)
        assert at == len(data)
        return pages

    def test_pages_are_at_most_100_ms(self) -> None:
        granules = [granule for _, granule, _ in self.pages(encode("opus", [speech_like(3)]))]
        assert max(b - a for a, b in pairwise(granules)) <= 4800

    @pytest.mark.parametrize("samples", [1, 480, 1200, 1284, 1285, 2400, 30_001])
    def test_granules_count_every_sample_once(self, samples: int) -> None:
        data = encode("opus", [speech_like(2)[: 2 * samples]])
        pre_skip = struct.unpack("<H", data[38:40])[0]
        head, tags, *audio = self.pages(data)
        assert (head[:2], tags[1]) == ((2, 0), 0)
        packets = 0
        for flags, granule, count in audio[:-1]:
            packets += count
            assert (flags, granule) == (0, 960 * packets)
        flags, granule, count = audio[-1]
        assert (flags, granule) == (4, pre_skip + 2 * samples)
        assert granule <= 960 * (packets + count)


class TestFlac:
    @staticmethod
    def stream_info(data: bytes) -> tuple[int, int, int, int]:
        """Sample rate, channels, bits in a sample, total samples."""
        assert data[:8] == b"fLaC\0\0\0\x22"
        facts = int.from_bytes(data[18:26])
        return facts >> 44, (facts >> 41 & 7) + 1, (facts >> 36 & 31) + 1, facts & (1 << 36) - 1

    def test_length_is_unknown_when_streamed(self) -> None:
        assert self.stream_info(encode("flac", [speech_like(1)])) == (SAMPLE_RATE, 1, 16, 0)

    def test_length_is_exact_when_known(self) -> None:
        pcm = speech_like(1.234)
        data = encode("flac", pieces(pcm, ODD), total_samples=len(pcm) // 2)
        assert self.stream_info(data) == (SAMPLE_RATE, 1, 16, len(pcm) // 2)
        assert_sounds_like("flac", data, pcm)

    def test_header_has_no_padding(self) -> None:
        encoder = ENCODERS["flac"]()
        assert len(encoder.feed(b"\0\0")) < 64


class TestRates:
    STANDARD = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
    ALLOWED = (
        *(("mp3", rate) for rate in STANDARD),
        *(("aac", rate) for rate in STANDARD),
        *(("opus", rate) for rate in (8000, 12000, 16000, 24000, 48000)),
        *(
            (name, rate)
            for name in ("flac", "wav", "pcm", *G711)
            for rate in (8000, 15999, 16000, 44100, 48000)
        ),
    )

    @pytest.mark.parametrize(("name", "rate"), ALLOWED)
    def test_every_allowed_rate_encodes(self, name: str, rate: int) -> None:
        assert ENCODERS[name].supported(rate) == rate
        pcm = speech_like(1, rate)
        heard, heard_rate = decode(name, encode(name, [pcm], rate), rate)
        assert heard_rate == rate
        meant = from_pcm(pcm)
        # Two frames of delay and padding are part of mp3 and aac, whatever the rate.
        spare = {"mp3": 1105 + 1152, "aac": 2048}.get(name, 0)
        assert 0 <= len(heard) - len(meant) <= spare
        late = delay(heard, meant)
        assert abs(late - ENCODERS[name].delay) <= 1
        assert likeness(heard, meant, late) > 0.9

    @pytest.mark.parametrize(
        ("name", "rate"),
        [("mp3", 15999), ("aac", 8001), ("opus", 44100), ("wav", 7999), ("pcm", 48001), ("flac", 0)],
    )
    def test_other_rates_are_refused_before_anything_is_made(self, name: str, rate: int) -> None:
        with pytest.raises(UnsupportedRate, match=f"^{name} cannot have a sample rate of {rate} Hz; choose"):
            ENCODERS[name].supported(rate)
        with pytest.raises(UnsupportedRate):
            ENCODERS[name](rate)

    def test_the_refusal_lists_the_choices(self) -> None:
        assert str(UnsupportedRate("opus", 44100, ENCODERS["opus"].rates)).endswith(
            "choose 8000, 12000, 16000, 24000, 48000"
        )
        assert str(UnsupportedRate("wav", 1, ENCODERS["wav"].rates)).endswith("choose 8000 to 48000")


class TestNamedByElevenLabs:
    @staticmethod
    def made(name: str, pcm: bytes, rate: int) -> bytes:
        meant = OutputFormat.named(name)
        encoder = ENCODERS[meant.response_format](rate, None, meant.kilobits)
        return b"".join([*map(encoder.feed, pieces(pcm, ODD)), encoder.finish()])

    @pytest.mark.parametrize("name", FORMAT_NAMES)
    def test_each_of_its_formats_is_one_stream_of_its_rate(self, name: str) -> None:
        meant = OutputFormat.named(name)
        pcm = speech_like(3, meant.sample_rate)
        heard, rate = decode(
            meant.response_format, self.made(name, pcm, meant.sample_rate), meant.sample_rate
        )
        assert rate == meant.sample_rate
        assert abs(len(heard) - len(pcm) // 2) < 0.1 * rate
        assert likeness(heard, from_pcm(pcm), delay(heard, from_pcm(pcm))) > 0.9

    @pytest.mark.parametrize("name", [name for name in FORMAT_NAMES if name.startswith("mp3")])
    def test_mp3_has_the_bit_rate_in_every_frame(self, name: str) -> None:
        meant = OutputFormat.named(name)
        data = self.made(name, speech_like(2, meant.sample_rate), meant.sample_rate)
        assert not any(mark in data for mark in (b"Xing", b"Info", b"VBRI", b"ID3", b"TAG"))
        lengths = np.diff([*frame_starts(data, meant.sample_rate, meant.kilobits or 0), len(data)])
        assert lengths.max() - lengths.min() <= 1

    def test_opus_takes_about_its_bit_rate(self) -> None:
        pcm = speech_like(10, 48000)
        low, high = (8 * len(self.made(f"opus_48000_{rate}", pcm, 48000)) / 10_000 for rate in (32, 128))
        assert 25 < low < 45
        assert 90 < high < 160

    def test_another_format_is_refused_with_all_there_are(self) -> None:
        with pytest.raises(InvalidField, match=r"mp3_9_9.*mp3_22050_32, mp3_24000_48"):
            OutputFormat.named("mp3_9_9")


def frame_starts(data: bytes, rate: int, kilobits: int) -> list[int]:
    """Where each MPEG frame begins, as its own header says how long it is."""
    samples, starts, at = 1152 if rate >= 32000 else 576, [], 0
    while at < len(data):
        assert data[at : at + 2] in {b"\xff\xfb", b"\xff\xf3"}
        starts.append(at)
        at += samples // 8 * kilobits * 1000 // rate + (data[at + 2] >> 1 & 1)
    assert at == len(data)
    return starts


def test_encoding_loads_no_numpy() -> None:
    program = (
        "import sys\n"
        "from gateway.audio.encoders import ENCODERS\n"
        "from gateway.audio.shaping import shape\n"
        "stages = shape(tempo=0.5, gain=2)\n"
        "pcm = stages.feed(bytes(48000)) + stages.finish()\n"
        "for encoder in map(lambda e: e(), ENCODERS.values()): encoder.feed(pcm), encoder.finish()\n"
        "print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
