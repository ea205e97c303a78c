from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.errors import ProtocolError
from inference.protocol import (
    MAX_HEADER_BYTES,
    MAX_PAYLOAD_BYTES,
    Audio,
    Decoder,
    Failure,
    Message,
    NotReady,
    PhonemeJob,
    Phonemes,
    Ready,
    SpeechJob,
    Trial,
    WorkerSpec,
    encode,
)

text = st.text(st.characters(exclude_categories=["Cs"]))
number = st.floats(0, 1e6)
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(
        Ready,
        st.integers(0, 9),
        st.integers(1, 99999),
        text,
        text,
        number,
        st.lists(st.builds(Trial, text, text, st.none() | number), max_size=3).map(tuple),
        st.lists(text, max_size=3).map(tuple),
        st.integers(0, 48000),
    ),
    st.builds(NotReady, text),
    st.builds(PhonemeJob, text, st.lists(text).map(tuple), text),
    st.builds(Phonemes, st.lists(text).map(tuple), number),
    st.builds(SpeechJob, text, text, st.lists(st.tuples(text, number), max_size=4).map(tuple), number),
    st.builds(Audio, st.binary(), number),
    st.builds(Failure, st.sampled_from(["engine", "language"]), text),
)


@given(st.lists(messages, max_size=4), st.data())
def test_messages_survive_the_wire_however_it_is_cut(sent: list[Message], data: st.DataObject) -> None:
    wire = b"".join(encode(message) for message in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    decoder = Decoder()
    received = [
        message
        for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True)
        for message in decoder.feed(wire[start:end])
    ]
    assert received == sent
    assert decoder.is_empty


def test_a_frame_split_at_every_byte_is_whole_only_at_its_last() -> None:
    frame = encode(Audio(b"\x01\x02\x03\x04", 1.5))
    for cut in range(len(frame)):
        decoder = Decoder()
        assert list(decoder.feed(frame[:cut])) == []
        assert list(decoder.feed(frame[cut:])) == [Audio(b"\x01\x02\x03\x04", 1.5)]


def test_audio_travels_raw() -> None:
    pcm = bytes(range(256)) * 100
    assert encode(Audio(pcm, 1.0)).endswith(pcm)


@pytest.mark.parametrize(
    "lengths", [(MAX_HEADER_BYTES + 1, 0), (10, MAX_PAYLOAD_BYTES + 1), (2**32 - 1, 2**32 - 1)]
)
def test_hostile_lengths_are_refused_before_their_bytes_come(lengths: tuple[int, int]) -> None:
    with pytest.raises(ProtocolError, match="over the limit"):
        list(Decoder().feed(struct.pack("!II", *lengths)))


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"type":"Reboot"}',
        b'{"type":["Audio"]}',
        b'{"type":"Audio"}',
        b'{"type":"Audio","elapsed_ms":"soon"}',
        b'{"type":"Audio","elapsed_ms":true}',
        b'{"type":"Audio","elapsed_ms":1,"extra":2}',
        b'{"type":"Phonemes","phonemes":"abc","elapsed_ms":1}',
        b'{"type":"NotReady","reason":7}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_header_that_is_no_message_is_a_protocol_error(header: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(Decoder().feed(struct.pack("!II", len(header), 0) + header))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise_anything_else(data: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        list(Decoder().feed(data))


def test_a_spec_survives_the_command_line() -> None:
    spec = WorkerSpec(role="speech", model_path="m", cpus=(0, 3), providers=("coreml", "cpu"), threads=2)
    assert WorkerSpec.from_json(spec.to_json()) == spec
