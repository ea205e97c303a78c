from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av
import openai
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gateway import Gateway

TEXT = "The quick brown fox jumps over the lazy dog, and the dog does not mind at all."
FORMATS = ["mp3", "opus", "aac", "flac", "wav", "pcm"]
RATE = 24000


@pytest.fixture
def client(kokoro: Gateway) -> openai.OpenAI:
    return openai.OpenAI(base_url=kokoro.base_url, api_key="none is needed", max_retries=0)


@pytest.fixture
def async_client(kokoro: Gateway) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=kokoro.base_url, api_key="none is needed", max_retries=0)


def seconds(audio: bytes, audio_format: str) -> float:
    """Length of an audio file, by decoding it."""
    if audio_format == "pcm":
        assert len(audio) % 2 == 0
        return len(audio) / 2 / RATE
    with av.open(io.BytesIO(audio), "r") as container:
        (stream,) = container.streams.audio
        assert stream.channels == 1
        return sum(frame.samples for frame in container.decode(stream)) / stream.rate


def test_every_format_decodes_to_the_same_length(client: openai.OpenAI) -> None:
    lengths = {}
    for name in FORMATS:
        speech = client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT, response_format=name)  # type: ignore[arg-type]
        lengths[name] = seconds(speech.content, name)
    assert lengths["pcm"] > 3
    assert {name: length for name, length in lengths.items() if abs(length - lengths["pcm"]) > 0.1} == {}


def test_speech_is_saved_to_a_file(client: openai.OpenAI, tmp_path: Path) -> None:
    client.audio.speech.create(model="gpt-4o-mini-tts", voice="nova", input=TEXT).write_to_file(
        tmp_path / "a.mp3"
    )
    assert seconds((tmp_path / "a.mp3").read_bytes(), "mp3") > 3


def test_speech_streams_into_a_file(client: openai.OpenAI, tmp_path: Path) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="kokoro", voice="af_bella(2)+af_sky", input=TEXT, response_format="wav"
    ) as response:
        response.stream_to_file(tmp_path / "a.wav")
    assert seconds((tmp_path / "a.wav").read_bytes(), "wav") > 3


async def test_the_async_client_speaks(async_client: openai.AsyncOpenAI) -> None:
    async with async_client as client:
        speech = await client.audio.speech.create(
            model="tts-1-hd", voice="onyx", input=TEXT, response_format="flac"
        )
    assert seconds(speech.content, "flac") > 3


async def test_the_async_client_streams(async_client: openai.AsyncOpenAI) -> None:
    async with (
        async_client as client,
        client.audio.speech.with_streaming_response.create(
            model="tts-1", voice="echo", input=TEXT, response_format="pcm"
        ) as response,
    ):
        pieces = [piece async for piece in response.iter_bytes(4096)]
    assert seconds(b"".join(pieces), "pcm") > 3


def test_speed_is_honoured_beyond_what_the_engine_speaks(client: openai.OpenAI) -> None:
    lengths = {}
    for speed in (0.25, 1.0, 4.0):
        speech = client.audio.speech.create(
            model="tts-1", voice="alloy", input=TEXT, response_format="pcm", speed=speed
        )
        lengths[speed] = seconds(speech.content, "pcm")
    assert lengths[0.25] > 2.5 * lengths[1.0]
    assert lengths[4.0] < 0.4 * lengths[1.0]


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("bf_emma", "The colour of the lorry is grey."),
        ("ef_dora", "Buenos días, ¿cómo está usted?"),
        ("ff_siwis", "Bonjour, je m'appelle Claire."),
        ("hf_alpha", "नमस्ते, आप कैसे हैं?"),
        ("if_sara", "Buongiorno, come sta?"),
        ("pf_dora", "Bom dia, como vai você?"),
    ],
)
def test_each_language_speaks(client: openai.OpenAI, voice: str, text: str) -> None:
    speech = client.audio.speech.create(model="tts-1", voice=voice, input=text, response_format="pcm")
    assert seconds(speech.content, "pcm") > 0.8


def test_an_unknown_voice_is_an_error_that_names_the_choices(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match=r"'nobody'.*alloy.*af_heart") as caught:
        client.audio.speech.create(model="tts-1", voice="nobody", input=TEXT)
    assert caught.value.param == "voice"
    assert caught.value.request_id
