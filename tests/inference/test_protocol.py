from __future__ import annotations

import contextlib
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.errors import ProtocolError
from inference.framing import MAX_FRAME_BYTES, Decoder, encode
from inference.protocol import (
    Audio,
    Failure,
    Message,
    Reading,
    Ready,
    Score,
    Sentence,
    SpeechJob,
    StartFailed,
    TextJob,
    Trial,
    Unit,
    WindowJob,
    WorkerSpec,
)

text = st.text(st.characters(exclude_categories=["Cs"]))
number = st.floats(0, 1e6)
units = st.builds(Unit, text, st.lists(st.tuples(text, number), max_size=4).map(tuple), number)
count = st.integers(0, 1000)
steps = st.lists(st.integers(-200, 200), max_size=8).map(tuple)
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(
        Ready,
        text,
        number,
        st.lists(st.builds(Trial, text, text, st.none() | number), max_size=3).map(tuple),
        st.lists(text, max_size=3).map(tuple),
        st.booleans(),
        st.integers(0, 9),
    ),
    st.builds(StartFailed, text),
    st.builds(TextJob, text, text, text, count, st.booleans(), text),
    st.builds(
        Reading,
        st.lists(st.builds(Sentence, text, count, count, st.booleans()), max_size=3).map(tuple),
        count,
        text,
        number,
    ),
    st.builds(SpeechJob, text, units),
    st.builds(Score, steps, steps, st.binary(), number),
    st.builds(WindowJob, text, units, count, count, st.booleans(), st.booleans(), st.binary()),
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


def test_audio_and_records_travel_raw() -> None:
    data = bytes(range(256)) * 100
    assert data in encode(Audio(data, 1.0))
    assert data in encode(Score((), (), data, 1.0))
    assert len(encode(Audio(data, 1.0))) < len(data) + 100


@pytest.mark.parametrize("length", [MAX_FRAME_BYTES + 1, 2**32 - 1])
def test_a_hostile_length_is_refused_before_its_bytes_come(length: int) -> None:
    with pytest.raises(ProtocolError, match="over the limit"):
        list(Decoder().feed(struct.pack("!I", length)))


def frame(body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b'{"type":"Audio"}',
        encode(Audio(b"", 1.0))[4:] + b"\x00",
        encode(Audio(b"\x01\x02", 1.0))[4:-1],
        b"\x91" * 100_000,
        b"\x82\xa4type\xa7Reading\xa9sentences" + b"\x91" * 100_000,
        b"\x82\xa4type\xa7Reading\xa9sentences\xdd\xff\xff\xff\xff",
        b"\x82\xa4type\xabStartFailed\xa6reason\xa2\xff\xfe",
    ],
)
def test_bytes_that_are_no_message_are_a_protocol_error(body: bytes) -> None:
    with pytest.raises(ProtocolError, match="no message"):
        list(Decoder().feed(frame(body)))


@pytest.mark.parametrize(
    ("message", "where"),
    [
        ([], "got `array`"),
        (None, "got `None`"),
        ({}, "required field `type`"),
        ({"type": "Reboot"}, r"'Reboot' - at `\$.type`"),
        ({"type": ["Audio"]}, r"at `\$.type`"),
        ({"type": "Audio", "elapsed_ms": 1}, "required field `pcm`"),
        ({"type": "Audio", "pcm": "abc", "elapsed_ms": 1}, r"got `str` - at `\$.pcm`"),
        ({"type": "Audio", "pcm": b"", "elapsed_ms": "soon"}, r"at `\$.elapsed_ms`"),
        ({"type": "Audio", "pcm": b"", "elapsed_ms": True}, r"got `bool` - at `\$.elapsed_ms`"),
        ({"type": "Audio", "pcm": b"", "elapsed_ms": 1, "extra": 2}, "unknown field `extra`"),
        ({"type": "Reading", "sentences": "abc"}, r"at `\$.sentences`"),
        ({"type": "Reading", "sentences": [{"phonemes": 7}]}, r"at `\$.sentences\[0\].phonemes`"),
        (
            {"type": "Ready", "provider": "cpu", "load_ms": 1, "trials": [{"provider": 3}]},
            r"at `\$.trials\[0\]",
        ),
        ({"type": "StartFailed", "reason": 7}, r"got `int` - at `\$.reason`"),
    ],
)
def test_a_message_with_a_wrong_field_is_refused_and_told_where(message: object, where: str) -> None:
    with pytest.raises(ProtocolError, match=where):
        list(Decoder().feed(frame(msgspec.msgpack.encode(message))))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise_anything_else(data: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        list(Decoder().feed(data))


def test_a_spec_survives_the_command_line() -> None:
    spec = WorkerSpec(role="speech", model_path="m", cpus=(0, 3), providers=("coreml", "cpu"), threads=2)
    assert WorkerSpec.from_json(spec.to_json()) == spec
