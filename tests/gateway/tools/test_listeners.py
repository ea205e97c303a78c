from __future__ import annotations

import struct

import pytest

from gateway.audio.pcm import SAMPLE_RATE, silence
from gateway.tools.listeners import Player, Texts

SOUND = struct.pack("<h", 8000) * (SAMPLE_RATE // 10)
"""A tenth of a second that can be heard."""


def played(*pieces: tuple[float, bytes]) -> Player:
    """A player that was given these pieces at these times."""
    player = Player()
    for now, piece in pieces:
        player.take(piece, now)
    return player


def test_texts_never_repeat() -> None:
    texts = Texts(seed=1)
    said = [texts.sentence() for _ in range(2000)] + [texts.reply() for _ in range(2000)]
    assert len(set(said)) == len(said)
    assert len(texts.page(1500)) >= 1500


def test_sound_begins_with_the_first_piece_that_can_be_heard() -> None:
    player = played((1.0, silence(0.5)), (1.2, silence(0.1) + SOUND))
    assert player.audible_at == 1.2
    assert player.received_s == pytest.approx(0.7)


def test_a_sample_that_is_parted_between_two_pieces_is_heard() -> None:
    assert played((1.0, SOUND[:1]), (2.0, SOUND[1:])).audible_at == 2.0


def test_a_piece_in_time_is_no_underrun_and_one_that_is_late_is_one() -> None:
    assert played((1.0, SOUND), (1.09, SOUND), (1.19, SOUND)).underruns == 0
    assert played((1.0, SOUND), (1.15, SOUND), (1.2, SOUND)).underruns == 1


def test_a_listener_who_waited_plays_on_from_there() -> None:
    assert played((1.0, SOUND), (3.0, SOUND), (3.09, SOUND)).underruns == 1


def test_silence_before_the_first_sound_is_not_played() -> None:
    assert played((1.0, silence(5) + SOUND), (1.5, SOUND)).underruns == 1
