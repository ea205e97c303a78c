"""What is in the answers: each format, streamed and whole, against a running gateway."""

from __future__ import annotations

import io
import struct
import wave
from typing import TYPE_CHECKING, Any

import av
import httpx
import pytest

from gateway.audio.encoders import ENCODERS
from tests.support.orders import LONG, ORDER, spoken
from tests.support.sound import G711, decode, decode_with_libav, delay, likeness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.support.gateway import Gateway

pytestmark = pytest.mark.slow

FORMATS = sorted(ENCODERS)
BREAKS_OFF = "All is well with the first words. " * 4 + "Not so with the last words!"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("text", ["Hi.", LONG], ids=["short", "long"])
@pytest.mark.parametrize("name", FORMATS)
def test_container_holds_the_samples_of_the_pcm(gateway: Gateway, name: str, text: str, stream: bool) -> None:
    meant, rate = decode("pcm", spoken(gateway, response_format="pcm", input=text))
    heard, heard_rate = decode(name, spoken(gateway, response_format=name, input=text, stream=stream))
    assert heard_rate == rate
    assert abs(len(heard) - len(meant)) / rate < 0.1
    assert likeness(heard, meant, delay(heard, meant)) > 0.95


@pytest.mark.parametrize("stream", [True, False])
def test_mp3_answers_may_be_glued_together(gateway: Gateway, stream: bool) -> None:
    one = spoken(gateway, response_format="mp3", stream=stream)
    two = spoken(gateway, response_format="mp3", stream=stream, input=LONG)
    assert one[0] == 0xFF
    assert one[1] >> 5 == 7
    assert not any(mark in one + two for mark in (b"Xing", b"Info", b"ID3", b"TAG"))
    lengths = [len(decode_with_libav(audio)[0]) for audio in (one, two, one + two)]
    assert lengths[2] == pytest.approx(lengths[0] + lengths[1], abs=2400)


@pytest.mark.parametrize(("name", "begins"), [("opus", b"OggS"), ("flac", b"fLaC"), ("wav", b"RIFF")])
@pytest.mark.parametrize("stream", [True, False])
def test_container_has_one_header(gateway: Gateway, name: str, begins: bytes, stream: bool) -> None:
    audio = spoken(gateway, response_format=name, input=LONG, stream=stream)
    assert audio.startswith(begins)
    assert name == "opus" or audio.count(begins) == 1
    assert audio.count(b"OpusHead") == (name == "opus")


@pytest.mark.parametrize("stream", [True, False])
def test_aac_is_adts(gateway: Gateway, stream: bool) -> None:
    audio = spoken(gateway, response_format="aac", input=LONG, stream=stream)
    at = frames = 0
    while at < len(audio):
        assert audio[at] == 0xFF
        assert audio[at + 1] & 0xF6 == 0xF0
        at += (audio[at + 3] & 3) << 11 | audio[at + 4] << 3 | audio[at + 5] >> 5
        frames += 1
    assert at == len(audio)
    assert frames > 100


def test_wav_that_streams_has_the_header_of_openai(gateway: Gateway) -> None:
    audio = spoken(gateway, response_format="wav", input=LONG)
    most = 0xFFFFFFFF
    expected = (b"RIFF", most, b"WAVE", b"fmt ", 16, 1, 1, 24000, 48000, 2, 16, b"data", most)
    assert struct.unpack("<4sI4s4sIHHIIHH4sI", audio[:44]) == expected


def test_wav_whose_audio_is_there_at_once_has_exact_sizes(gateway: Gateway) -> None:
    for fields in ({"input": "Hi."}, {"input": LONG, "stream": False}):
        audio = spoken(gateway, response_format="wav", **fields)
        with wave.open(io.BytesIO(audio)) as file:
            assert file.getnframes() * 2 + 44 == len(audio)


def test_wav_from_the_cache_has_exact_sizes(locked: Gateway) -> None:
    order = ORDER | {"input": LONG, "response_format": "wav"}
    first, second = (
        httpx.post(
            f"{locked.base_url}/audio/speech",
            json=order,
            headers={"Authorization": "Bearer a-key"},
            timeout=60,
        )
        for _ in range(2)
    )
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("miss", "hit")
    assert first.content[40:44] == b"\xff" * 4
    with wave.open(io.BytesIO(second.content)) as file:
        assert file.readframes(file.getnframes()) == first.content[44:]


def test_pcm_is_whole_samples_however_it_is_cut(gateway: Gateway) -> None:
    for speed in (0.3, 0.77, 1.1, 3.3):
        assert len(spoken(gateway, response_format="pcm", speed=speed)) % 2 == 0


def _collect(pieces: Iterable[bytes], into: bytearray) -> None:
    for piece in pieces:
        into += piece


def received(gateway: Gateway, name: str) -> bytes:
    """What came before the connection broke off."""
    order = ORDER | {"voice": "af_fail", "input": BREAKS_OFF, "response_format": name, "stream": True}
    audio = bytearray()
    with (
        httpx.stream("POST", f"{gateway.base_url}/audio/speech", json=order, timeout=60) as response,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        _collect(response.iter_raw(), audio)
    return bytes(audio)


@pytest.mark.parametrize("name", FORMATS)
def test_audio_has_left_before_the_next_segment_is_spoken(gateway: Gateway, name: str) -> None:
    known = len(received(gateway, "pcm")) / 48000
    assert known > 1
    audio = received(gateway, name)
    if name == "pcm":
        assert len(audio) / 48000 == known
        return
    if name in G711:
        assert len(audio) / 24000 == known
        return
    with av.open(io.BytesIO(audio)) as container:
        rate = container.streams.audio[0].rate
        length = sum(frame.samples for frame in _frames(container)) / rate
    assert known - 0.15 < length < known + 0.1


def _frames(container: Any) -> Iterator[Any]:
    """All frames up to where the file breaks off."""
    try:
        yield from container.decode(audio=0)
    except av.error.EOFError:
        return
