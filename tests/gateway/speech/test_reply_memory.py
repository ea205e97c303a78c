from __future__ import annotations

import asyncio
from functools import partial

import pytest

from gateway.speech.errors import RepliesFull
from gateway.speech.reply_memory import RepliesInFlight


def test_replies_are_admitted_while_there_is_room_and_refused_beyond() -> None:
    in_flight = RepliesInFlight(100)
    first = in_flight.admit(60)
    in_flight.admit(40)
    with pytest.raises(RepliesFull):
        in_flight.admit(1)
    first.close()
    in_flight.admit(60)
    assert (len(in_flight), in_flight.held_bytes) == (2, 100)


def test_a_reply_that_grows_past_its_price_takes_room_and_is_refused_where_there_is_none() -> None:
    in_flight = RepliesInFlight(100)
    place = in_flight.admit(30)
    place.hold(10)
    assert in_flight.held_bytes == 30, "what it was admitted for stays its own"
    place.hold(90)
    assert in_flight.held_bytes == 90
    with pytest.raises(RepliesFull):
        place.hold(101)
    place.close()
    assert (len(in_flight), in_flight.held_bytes) == (0, 0)


def test_a_reply_that_is_alone_has_a_place_whatever_it_may_hold() -> None:
    in_flight = RepliesInFlight(100)
    place = in_flight.admit(101)
    with pytest.raises(RepliesFull):
        in_flight.admit(0)
    with pytest.raises(RepliesFull):
        place.hold(102)


async def test_a_drain_waits_for_the_replies_of_that_moment() -> None:
    in_flight = RepliesInFlight(100)
    before = in_flight.admit(0)
    drained = asyncio.create_task(in_flight.drained())
    await asyncio.sleep(0)
    in_flight.admit(0)
    assert not drained.done()
    before.close()
    await drained


class TestSilent:
    """Turns that have said all there is so far."""

    def test_one_that_has_long_been_silent_gives_way_the_longest_first(self) -> None:
        now = 0.0
        ended: list[str] = []
        in_flight = RepliesInFlight(100, lambda: now)
        for name in ("first", "second"):
            in_flight.admit(40).offer(partial(ended.append, name))
            now += 1
        with pytest.raises(RepliesFull):
            in_flight.admit(50)
        assert not ended, "a writer may pause"
        now += 60
        in_flight.admit(50)
        assert (ended, in_flight.held_bytes) == (["first"], 90)

    def test_one_that_sounds_again_keeps_its_place(self) -> None:
        now = 0.0
        in_flight = RepliesInFlight(100, lambda: now)
        place = in_flight.admit(60)
        place.offer(partial(pytest.fail, "it sounds"))
        place.hold(60)
        now += 60
        with pytest.raises(RepliesFull):
            in_flight.admit(50)

    def test_none_is_ended_where_that_would_not_make_room_enough(self) -> None:
        now = 0.0
        in_flight = RepliesInFlight(100, lambda: now)
        in_flight.admit(60)
        in_flight.admit(20).offer(partial(pytest.fail, "it would have been for nothing"))
        now += 60
        with pytest.raises(RepliesFull):
            in_flight.admit(50)

    def test_one_that_has_given_way_takes_room_again_for_what_it_still_says(self) -> None:
        now = 0.0
        in_flight = RepliesInFlight(100, lambda: now)
        place = in_flight.admit(60)
        place.offer(lambda: None)
        now += 60
        other = in_flight.admit(80)
        with pytest.raises(RepliesFull):
            place.hold(60)
        other.close()
        place.hold(60)
        assert in_flight.held_bytes == 60
        place.close()
        assert (len(in_flight), in_flight.held_bytes) == (0, 0)
