"""The clock of a listener, against one who really plays sample after sample."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.planning.playback import Pace, Playback

TICK_S = 1 / 64
"""Exact in binary, so that sums of it can be compared."""

ticks = st.integers(0, 200)
deliveries = st.lists(st.tuples(ticks, st.integers(1, 200)), max_size=20)
"""How many ticks after the one before each came, and how many ticks of sound it brought."""


class Clock:
    """Time that passes when told to. Lives as long as a test."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@given(deliveries)
def test_underruns_and_waits_are_those_of_a_listener_who_plays_tick_by_tick(
    given: list[tuple[int, int]],
) -> None:
    clock = Clock()
    playback = Playback(clock=clock)
    buffered, has_heard = 0, False
    for pause, length in given:
        waited = 0
        for _ in range(pause):
            buffered, waited = (buffered - 1, waited) if buffered else (0, waited + 1)
        clock.now += pause * TICK_S
        before = playback.underruns
        assert playback.hand_over(length * TICK_S) == waited * TICK_S
        assert playback.underruns - before == (waited > 0 and has_heard)
        buffered, has_heard = buffered + length, True
    assert playback.heard_s == sum(length for _, length in given) * TICK_S


@given(deliveries, ticks)
def test_what_comes_next_is_due_when_all_that_is_planned_has_been_heard(
    given: list[tuple[int, int]], planned: int
) -> None:
    clock = Clock()
    playback = Playback(clock=clock)
    for pause, length in given:
        playback.plan(length * TICK_S)
        clock.now += pause * TICK_S
        playback.hand_over(length * TICK_S)
    playback.plan(planned * TICK_S)
    due = playback.due
    assert playback.ahead_s == planned * TICK_S
    clock.now = max(clock.now, due)
    playback.hand_over(playback.ahead_s)
    assert playback.due >= due, "a wait only ever moves what is due to later"
    if given:
        clock.now = playback.due
        assert playback.hand_over(1.0) == 0, "what comes when it is due is in time"


def test_the_first_sound_is_due_at_once_and_its_wait_is_no_underrun() -> None:
    clock = Clock()
    playback = Playback(clock=clock)
    assert playback.due == clock.now
    clock.now += 3
    assert playback.hand_over(1.0) == 3
    assert playback.underruns == 0


def test_an_estimate_that_was_too_high_is_taken_back() -> None:
    playback = Playback(clock=Clock(0.0))
    playback.plan(10)
    playback.plan(-4)
    assert (playback.due, playback.ahead_s) == (6, 6)


def test_a_client_that_waits_for_the_whole_leaves_time_to_others_and_hears_no_gap() -> None:
    clock = Clock(0.0)
    playback = Playback(Pace(slack_s=5), clock)
    assert playback.due == 5
    for _ in range(2):
        clock.now += 10
        playback.hand_over(1.0)
    assert playback.underruns == 0


@pytest.mark.parametrize(("planned", "is_far"), [(29, False), (31, True)])
def test_it_is_far_ahead_when_more_is_planned_than_the_look_ahead(planned: float, is_far: bool) -> None:
    playback = Playback(Pace(look_ahead_s=30))
    playback.plan(planned)
    assert playback.is_far_ahead == is_far
    playback.hand_over(2)
    assert not playback.is_far_ahead
