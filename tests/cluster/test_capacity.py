"""The simulation behind deploy/capacity.md, small: what it says of the rule, and what it must say anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.observe.percentile import percentile
from tests.benchmarks.capacity import limits, listeners_a_machine, read
from tests.benchmarks.capacity_model import simulate
from tests.benchmarks.capacity_policies import POLICIES, Ours

if TYPE_CHECKING:
    from tests.benchmarks.capacity_model import Heard

FIGURES = read([])
PEOPLE = 20
"""For each machine: two thirds of what it can just speak."""


def heard(policy: str, machines: int = 10, people: int = PEOPLE, **options: Any) -> Heard:
    return simulate(FIGURES, machines, POLICIES[policy](), people * machines, 0, **options)


def test_repeats_meet_the_memory_that_holds_them_by_our_rule_alone() -> None:
    shares = {name: (run := heard(name)).local / run.repeats for name in POLICIES}
    ours = shares.pop("hash and work")
    assert ours > 1.3 * max(shares.values())


def test_the_rule_keeps_what_is_promised_where_others_do() -> None:
    for name in POLICIES:
        run = heard(name)
        assert percentile(run.firsts_s, 0.95) < 1.0
        assert run.with_gaps < 0.01 * run.replies


def test_a_favourite_that_may_be_far_behind_costs_gaps() -> None:
    near, far = (simulate(FIGURES, 10, Ours(bound_s), 240, 0) for bound_s in (1.0, 8.0))
    assert far.with_gaps > 3 * near.with_gaps + 10


def test_machines_speak_no_more_than_they_can() -> None:
    crowded = heard("hash and work", machines=3, people=3 * round(listeners_a_machine(FIGURES)))
    assert crowded.with_gaps > 0.5 * crowded.replies


def test_after_a_machine_is_lost_its_listeners_are_heard_by_others() -> None:
    run = heard("hash and work", machines=20, people=12, seconds=30.0, lose=8)
    assert run.lost > 0
    assert percentile(run.firsts_s, 0.95) < 1.0


def test_a_run_says_the_same_twice() -> None:
    first, second = heard("hash and work", machines=3), heard("hash and work", machines=3)
    assert (first.firsts_s, first.replies, first.local) == (second.firsts_s, second.replies, second.local)


def test_what_doors_and_redis_have_to_do_grows_with_the_listeners() -> None:
    run = heard("hash and work")
    posts, *_ = limits(FIGURES, 10, 300, run)
    assert float(posts) == pytest.approx(300 / 15, abs=1)  # each asks once in 15 s
    assert float(limits(FIGURES, 10, 3000, run)[0]) == pytest.approx(10 * float(posts))


def test_a_figure_can_be_changed_by_name_alone() -> None:
    assert read(["listener.repeats=0.5"])["listener"]["repeats"] == 0.5
    with pytest.raises(AssertionError, match=r"listener\.repeat"):
        read(["listener.repeat=0.5"])
