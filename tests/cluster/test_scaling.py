from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from gateway.cluster.scaling import BUSY, Load, Promise, follow, needed, wanted

if TYPE_CHECKING:
    from gateway.cluster.scaling import Step

PROMISE = Promise(wait_s=2.0, up_s=5.0, down_s=300.0)


def follow_needs(needs: list[tuple[int, int]], current: int, promise: Promise = PROMISE) -> list[Step]:
    """When the number of machines changes, and to what, where so many are needed from these seconds on."""
    steps: list[Step] = []
    changes: list[Step] = []
    for now in range(needs[-1][0] + 1):
        need = next(count for at, count in reversed(needs) if at <= now)
        steps = follow(steps, need, now, promise.down_s)
        count = wanted(steps, current, now, promise)
        if count != current:
            current = count
            changes.append((now, count))
    return changes


def test_an_idle_fleet_needs_one_machine() -> None:
    assert needed([], 2.0) == 1
    assert needed([Load(0.0, 0.0)] * 5, 2.0) == 1


def test_what_is_spoken_all_the_time_needs_machines() -> None:
    assert needed([Load(busy=BUSY, work_s=0.0)] * 10, 2.0) == 10
    assert needed([Load(busy=BUSY / 2, work_s=0.3)] * 10, 2.0) == 5
    assert needed([Load(busy=1.0, work_s=0.5)] * 10, 2.0) == 17


def test_what_waits_needs_machines_that_do_it_within_the_promise() -> None:
    assert needed([Load(busy=1.0, work_s=20.0), Load(busy=1.0, work_s=1.0)], 2.0) == 11


def test_need_does_not_depend_on_how_many_machines_share_the_load() -> None:
    counts = {needed([Load(busy=3.0 / machines, work_s=0.1)] * machines, 2.0) for machines in range(4, 20)}
    assert counts == {5}


def test_more_machines_are_added_once_they_were_needed_for_five_seconds() -> None:
    assert follow_needs([(0, 1), (10, 4), (60, 4)], current=1) == [(15, 4)]


def test_a_moment_of_need_adds_none() -> None:
    assert follow_needs([(0, 1), (10, 9), (14, 1), (20, 9), (24, 1), (60, 1)], current=1) == []


def test_of_a_growing_need_what_was_needed_all_the_while_is_added() -> None:
    changes = follow_needs([(0, 1), (10, 2), (12, 3), (14, 4), (60, 4)], current=1)
    assert changes == [(15, 2), (17, 3), (19, 4)]


def test_machines_are_let_go_once_they_were_not_needed_for_five_minutes() -> None:
    assert follow_needs([(0, 8), (100, 2), (800, 2)], current=8) == [(400, 2)]


def test_as_many_are_kept_as_were_needed_at_any_time_of_the_last_five_minutes() -> None:
    assert follow_needs([(0, 8), (100, 2), (350, 5), (355, 1), (1000, 1)], current=8) == [(400, 5), (655, 1)]


def test_nothing_changes_before_it_was_watched_for_long_enough() -> None:
    assert follow_needs([(0, 1), (299, 1)], current=8) == []
    assert follow_needs([(0, 9), (4, 9)], current=8) == []


@pytest.mark.parametrize("seed", range(5))
def test_a_need_that_wavers_does_not_make_the_fleet_waver(seed: int) -> None:
    draws = random.Random(seed)  # noqa: S311 - a load is no secret
    needs = [(second, draws.choice([3, 4, 5, 6])) for second in range(0, 3600, 2)]
    changes = follow_needs(needs, current=1)
    assert len(changes) <= 6
    counts = [count for _, count in changes]
    assert counts == sorted(counts)


@pytest.mark.parametrize("seed", range(20))
def test_no_machine_is_let_go_that_was_added_in_the_last_five_minutes(seed: int) -> None:
    draws = random.Random(seed)  # noqa: S311 - a load is no secret
    needs, at = [], 0
    while at < 7200:
        needs.append((at, draws.randint(1, 10)))
        at += draws.choice([1, 3, 10, 60, 300, 600])
    changes = follow_needs(needs, current=5)
    counts = [5, *(count for _, count in changes)]
    ups = [at for (at, count), before in zip(changes, counts, strict=False) if count > before]
    downs = [at for (at, count), before in zip(changes, counts, strict=False) if count < before]
    assert ups
    assert downs
    assert all(abs(down - up) >= PROMISE.down_s - PROMISE.up_s for up in ups for down in downs if down > up)


def test_only_steps_that_are_still_asked_for_are_kept() -> None:
    steps: list[Step] = []
    for second in range(10_000):
        steps = follow(steps, second // 100, second, PROMISE.down_s)
    assert [count for _, count in steps] == [96, 97, 98, 99]
