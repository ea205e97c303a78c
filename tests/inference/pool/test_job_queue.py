from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from inference.pool.job_queue import Queue, Waiting
from tests.support.cpu import cpu_s

if TYPE_CHECKING:
    from inference.protocol import Role

jobs = st.lists(
    st.builds(
        lambda role, deadline, cost: Waiting[int](role, float(deadline), float(cost)),
        st.sampled_from(["speech", "text"]),
        st.integers(0, 5),
        st.integers(0, 3),
    ),
    max_size=12,
)
workers = st.lists(st.sampled_from(["speech", "text"]), max_size=4).map(lambda roles: list(enumerate(roles)))


def queue_of(waiting: list[Waiting[int]]) -> Queue[Waiting[int], int]:
    queue: Queue[Waiting[int], int] = Queue()
    for job in waiting:
        queue.add(job)
    return queue


def speech(deadline: float, cost_s: float = 1) -> Waiting[int]:
    return Waiting("speech", deadline, cost_s)


def test_the_job_whose_listener_runs_dry_first_runs_first() -> None:
    ahead, dry = speech(20), speech(3)
    assert queue_of([ahead, dry]).assign([(1, "speech")], now=0) == [(dry, 1)]


def test_a_job_that_cannot_be_due_yet_makes_way_for_one_that_soon_is() -> None:
    begun, dry = Waiting[int]("speech", 0, 1, earliest=5), speech(3)
    queue = queue_of([begun, dry])
    assert (queue.work_s("speech", 2), queue.work_s("speech", 4)) == (0, 1)
    assert queue.assign([(1, "speech")], now=2) == [(dry, 1)]


def test_equal_deadlines_are_served_in_the_order_they_came() -> None:
    first, second = speech(5), speech(5)
    assert queue_of([first, second]).assign([(1, "speech")], now=0) == [(first, 1)]


def test_a_lower_rank_goes_first_whatever_the_deadlines() -> None:
    late, first = Waiting[int]("text", 0, 1, rank=1), Waiting[int]("text", 9, 1)
    assert queue_of([late, first]).assign([(1, "text")], now=0) == [(first, 1)]


def test_a_job_avoids_the_worker_that_died_with_it() -> None:
    job = Waiting[int]("speech", 0, 1, avoid={1})
    assert queue_of([job]).assign([(1, "speech"), (2, "speech")], now=0) == [(job, 2)]


def test_a_job_takes_the_worker_it_avoids_when_there_is_no_other() -> None:
    job = Waiting[int]("speech", 0, 1, avoid={1})
    assert queue_of([job]).assign([(1, "speech")], now=0) == [(job, 1)]


def test_among_what_is_late_whoever_hears_nothing_yet_goes_first() -> None:
    late, new, ahead = speech(1), Waiting[int]("speech", 5, 1, is_first=True), speech(7)
    queue = queue_of([ahead, late, new])
    assert [queue.assign([(1, "speech")], now=6) for _ in range(3)] == [[(new, 1)], [(late, 1)], [(ahead, 1)]]


def test_what_is_late_goes_before_a_first_that_is_not_due_yet() -> None:
    late, new = speech(1), Waiting[int]("speech", 5, 1, is_first=True)
    assert queue_of([new, late]).assign([(1, "speech")], now=3) == [(late, 1)]


def test_only_work_that_is_due_earlier_stands_in_front() -> None:
    queue = queue_of([speech(1, 2), speech(9, 4), Waiting("text", 1, 8)])
    assert (queue.work_s("speech", 5), queue.work_s("speech"), queue.work_s("text")) == (2, 6, 8)


def test_many_jobs_that_come_at_once_cost_what_each_costs() -> None:
    def crowd(size: int) -> None:
        queue = queue_of([])
        for _ in range(size):
            queue.add(speech(1))
            queue.assign([(1, "text")], now=0)

    assert cpu_s(lambda: crowd(2000), tries=2) < 30 * cpu_s(lambda: crowd(200))


@given(jobs, workers)
def test_no_worker_idles_while_a_job_of_its_role_waits(
    waiting: list[Waiting[int]], idle: list[tuple[int, Role]]
) -> None:
    queue = queue_of(waiting)
    pairs = queue.assign(idle, now=0)
    for role in ("speech", "text"):
        assigned = sum(role == job.role for job, _ in pairs)
        assert assigned == min(sum(role == job.role for job in waiting), sum(r == role for _, r in idle))
    assert len(queue) == len(waiting) - len(pairs)


@given(jobs, workers)
def test_each_worker_gets_at_most_one_job_and_only_of_its_role(
    waiting: list[Waiting[int]], idle: list[tuple[int, Role]]
) -> None:
    pairs = queue_of(waiting).assign(idle, now=0)
    assert len({worker for _, worker in pairs}) == len(pairs)
    assert all(dict(idle)[worker] == job.role for job, worker in pairs)


@given(jobs)
def test_one_worker_serves_all_jobs_by_deadline_then_arrival(waiting: list[Waiting[int]]) -> None:
    queue, served = queue_of(waiting), []
    while pairs := queue.assign([(1, "speech"), (2, "text")], now=0):
        served += [job for job, _ in pairs]
    for role in ("speech", "text"):
        mine = [job for job in waiting if role == job.role]
        assert [job for job in served if role == job.role] == sorted(mine, key=lambda job: job.deadline)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_a_waiting_job_is_not_starved_by_later_arrivals(deadlines: list[int]) -> None:
    """With an arrival and a start at each step, whatever came after a job's deadline runs after it."""
    queue: Queue[Waiting[int], int] = Queue()
    victim = speech(30)
    queue.add(victim)
    for now, slack in enumerate(deadlines * 40, start=1):
        queue.add(speech(now + slack))
        if any(job is victim for job, _ in queue.assign([(1, "speech")], now)):
            return
        assert now <= 30
