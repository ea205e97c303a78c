from __future__ import annotations

import pickle
import struct
from hashlib import blake2b
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.speech import cache_values
from gateway.speech.cache import HeldResponse, HeldSegment
from gateway.speech.cache_values import HEAD_BYTES, MOST_BYTES, Unusable, Values
from inference import HeardWord
from tests.support.cpu import HOLDS_THE_LOOP_S, cpu_s, slowness

KEY, OTHER = b"k" * 32, b"o" * 32
VALUES = Values("a secret")

seconds = st.floats(0, 1e6)
counts = st.integers(0, 2**31 - 1)
words = st.builds(HeardWord, counts, counts, seconds, seconds)
segments = st.builds(HeldSegment, st.binary(max_size=2000), counts, st.lists(counts, max_size=600).map(tuple))
responses = st.builds(
    HeldResponse,
    st.binary(max_size=2000),
    counts,
    counts,
    seconds,
    st.lists(words, max_size=50).map(tuple),
)
RESPONSE = HeldResponse(b"\x01\x02" * 300, 2, 40, 2.5, (HeardWord(0, 5, 0.1, 0.5), HeardWord(6, 9, 0.6, 0.9)))


def read(
    value: bytes, kind: type[Any] = HeldResponse, key: bytes = KEY, piece: int = 256, values: Values = VALUES
) -> Any:
    """The entry of a value that comes in pieces, as from a server."""
    reading = values.reading(kind, key)
    for start in range(0, len(value), piece):
        reading.feed(value[start : start + piece])
    return reading.entry()


@given(segments | responses, st.integers(HEAD_BYTES, 3000))
def test_what_is_written_is_read_in_whatever_pieces_it_comes(
    entry: HeldSegment | HeldResponse, piece: int
) -> None:
    assert read(VALUES.value(KEY, entry), type(entry), piece=piece) == entry


@given(st.integers(0, len(VALUES.value(KEY, RESPONSE)) - 1), st.integers(1, 255))
def test_a_byte_that_has_changed_makes_it_no_entry(place: int, change: int) -> None:
    value = bytearray(VALUES.value(KEY, RESPONSE))
    value[place] ^= change
    with pytest.raises(Unusable):
        read(bytes(value))


@given(st.integers(0, len(VALUES.value(KEY, RESPONSE)) - 1))
def test_a_value_that_is_cut_off_is_no_entry(length: int) -> None:
    with pytest.raises(Unusable):
        read(VALUES.value(KEY, RESPONSE)[:length])


@given(st.binary(min_size=1, max_size=2000), st.sampled_from([HeldSegment, HeldResponse]))
def test_any_other_bytes_are_no_entry(value: bytes, kind: type[Any]) -> None:
    with pytest.raises(Unusable):
        read(value, kind)


class Explosive:
    """What goes off where it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("code in a value was run",))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_no_code_in_a_value_is_run(protocol: int) -> None:
    with pytest.raises(Unusable):
        read(pickle.dumps(Explosive(), protocol) + bytes(HEAD_BYTES))


def forged(figures: bytes, sound: bytes = b"", key: bytes = KEY) -> bytes:
    """What somebody writes who knows how, where there is no secret."""
    lengths = struct.pack(">II", len(figures), len(sound))
    digest = blake2b(key, digest_size=32, person=b"value\x01")
    digest.update(lengths + figures + sound)
    return digest.digest() + lengths + figures + sound


@pytest.mark.parametrize(
    "figures",
    [
        [1, 2, float("nan"), []],
        [1, 2, float("inf"), []],
        [1, 2, -1.0, []],
        [-1, 2, 1.0, []],
        [1, 1 << 63, 1.0, []],
        [1, 2, 1.0, [[0, 1, 0.0]]],
        [1, 2, 1.0, [[0, 1, 0.0, float("nan")]]],
        [1, 2, 1.0, [], "more"],
        [1, 2, 1.0],
        ["1", 2, 1.0, []],
        {"segments": 1},
        [0, [1] * 100],
    ],
    ids=str,
)
def test_figures_that_make_no_sense_are_no_entry_even_with_the_right_digest(figures: Any) -> None:
    open_to_all = Values("")
    assert read(forged(msgspec.msgpack.encode([1, 2, 1.0, []])), values=open_to_all).segments == 1
    with pytest.raises(Unusable):
        read(forged(msgspec.msgpack.encode(figures)), values=open_to_all)
    with pytest.raises(Unusable):
        read(forged(b"\x91" * 100_000), values=open_to_all)


def test_nothing_is_forged_without_the_secret() -> None:
    value = forged(msgspec.msgpack.encode([1, 2, 1.0, []]))
    assert read(value, values=Values(""))
    with pytest.raises(Unusable):
        read(value)


def test_gateways_with_another_secret_or_none_never_meet() -> None:
    families = [Values("a secret"), Values("another"), Values("")]
    assert len({values.name(KEY) for values in families}) == len(families)
    for writer in families:
        for reader in families:
            if writer is not reader:
                with pytest.raises(Unusable):
                    read(writer.value(KEY, RESPONSE), values=reader)


def test_a_value_passes_for_nothing_but_what_it_was_written_as() -> None:
    value = VALUES.value(KEY, RESPONSE)
    assert read(value) == RESPONSE
    with pytest.raises(Unusable):
        read(value, key=OTHER)
    with pytest.raises(Unusable):
        read(VALUES.value(KEY, HeldSegment(b"pcm")))
    with pytest.raises(Unusable):
        read(value, HeldSegment)


def test_another_version_of_the_form_never_meets_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    name, value = VALUES.name(KEY), VALUES.value(KEY, RESPONSE)
    monkeypatch.setattr(cache_values, "VERSION", 2)
    assert VALUES.name(KEY) != name
    with pytest.raises(Unusable):
        read(value)


def test_a_value_that_claims_to_be_too_large_is_not_read() -> None:
    reading = VALUES.reading(HeldResponse, KEY)
    with pytest.raises(Unusable):
        reading.feed(bytes(32) + struct.pack(">II", 1, MOST_BYTES))


def test_names_are_digests() -> None:
    name = VALUES.name(KEY)
    assert name.startswith(b"kokoro-gateway:1:")
    assert len(name) == len(b"kokoro-gateway:1:") + 64
    assert KEY.hex().encode() not in name


def test_no_piece_of_the_largest_response_holds_the_event_loop() -> None:
    """Whatever follows the first is made into an entry in a thread."""
    value = VALUES.value(KEY, HeldResponse(bytes(4 << 20), 1, 1, 1.0))
    first = value[: 1 << 20]
    assert cpu_s(lambda: VALUES.reading(HeldResponse, KEY).feed(first)) < HOLDS_THE_LOOP_S * slowness()


def test_reading_costs_no_more_than_its_length_says() -> None:
    many = tuple(HeardWord(i, i + 1, i, i + 0.5) for i in range(4000))

    def took_s(times: int) -> float:
        value = VALUES.value(KEY, HeldResponse(bytes(times << 20), 1, 1, 1.0, many * times))
        return cpu_s(lambda: read(value, piece=256 << 10))

    assert took_s(4) < 4 * 2 * took_s(1)
