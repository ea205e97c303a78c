from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from gateway.cluster.routing import BOUND_S, Machine, asked, key_of, order, sound_s

KEYS = [key_of("af_heart", f"text {number}") for number in range(2_000)]


def machines(number: int) -> list[Machine]:
    return [Machine(f"replica-{place}") for place in range(number)]


def favourites(of: list[Machine]) -> list[str]:
    return [order(key, of, 0.0)[0].name for key in KEYS]


def busy(name: str, work_s: float, at: float = 100.0) -> Machine:
    machine = Machine(name)
    machine.report(work_s, speed=10.0, taken_at=at, now=at)
    return machine


def test_nobody_is_asked_where_there_is_nobody() -> None:
    assert order(1, [], 0.0) == []
    assert order(None, [], 0.0) == []


@pytest.mark.parametrize("number", [2, 3, 10, 100])
def test_texts_are_shared_out_evenly(number: int) -> None:
    shares = Counter(favourites(machines(number)))
    expected = len(KEYS) / number
    assert max(abs(shares[machine.name] - expected) for machine in machines(number)) < 5 * expected**0.5


@pytest.mark.parametrize("number", [2, 3, 10, 100])
def test_only_the_texts_of_a_machine_that_leaves_move(number: int) -> None:
    fleet = machines(number)
    before, after = favourites(fleet), favourites(fleet[1:])
    assert {was for was, now in zip(before, after, strict=True) if was != now} == {"replica-0"}
    assert all(now == was for was, now in zip(before, after, strict=True) if was != "replica-0")


def test_what_a_machine_leaves_is_shared_by_all_others() -> None:
    fleet = machines(10)
    before, after = favourites(fleet), favourites(fleet[1:])
    heirs = Counter(now for was, now in zip(before, after, strict=True) if was != now)
    assert len(heirs) == 9
    assert max(heirs.values()) < 3 * min(heirs.values())


def test_the_order_of_the_machines_does_not_matter() -> None:
    fleet = [busy(f"replica-{place}", work_s=place % 3) for place in range(10)]
    mixed = random.Random(1).sample(fleet, 10)  # noqa: S311 - an order is no secret
    for key in (None, *KEYS[:200]):
        assert order(key, fleet, 100.0) == order(key, mixed, 100.0)


def test_the_favourite_is_asked_first_until_it_is_behind_by_the_bound() -> None:
    a, b = busy("a", 0.0), busy("b", 0.0)
    key = next(key for key in KEYS if order(key, [a, b], 100.0)[0] is a)
    for work_s, first in ((BOUND_S - 0.1, "a"), (BOUND_S + 0.1, "b"), (60.0, "b")):
        assert order(key, [busy("a", work_s), busy("b", 0.0)], 100.0)[0].name == first
    assert order(key, [busy("a", 1.9), busy("b", 0.0)], 100.0, bound_s=2.0)[0].name == "a"
    assert order(key, [busy("a", 61.9), busy("b", 61.0)], 100.0)[0].name == "a"  # all are behind alike


def test_a_text_spills_over_to_the_same_machine_each_time() -> None:
    fleet = [busy("hot", 9.0), *(busy(f"replica-{place}", 0.1 * place) for place in range(9))]
    key = next(key for key in KEYS if order(key, [busy("hot", 0.0), *fleet[1:]], 100.0)[0].name == "hot")
    second = order(key, fleet, 100.0)[0].name
    for _ in range(5):
        shuffled = [busy(m.name, random.random()) if m.name != "hot" else m for m in fleet]  # noqa: S311
        assert order(key, shuffled, 100.0)[0].name == second


def test_after_the_favourite_the_least_loaded_are_asked() -> None:
    fleet = [busy("a", 1.0), busy("b", 0.2), busy("c", 0.6), busy("d", 1.9), busy("e", 0.4)]
    for key in KEYS[:100]:
        first, *others = (machine.name for machine in order(key, fleet, 100.0))
        assert others == [name for name in ("b", "e", "c") if name != first]


def test_without_a_key_the_least_loaded_is_asked() -> None:
    fleet = [busy("a", 1.0), busy("b", 0.2), busy("c", 0.6)]
    assert [machine.name for machine in order(None, fleet, 100.0)] == ["b", "c", "a"]


def test_work_is_done_as_time_passes() -> None:
    machine = busy("a", 3.0, at=100.0)
    assert [machine.work_s(now) for now in (100.0, 101.0, 104.0)] == [3.0, 2.0, 0.0]


def test_what_was_sent_counts_until_a_report_knows_of_it() -> None:
    machine = busy("a", 1.0, at=100.0)
    machine.send(sound_s=20.0, now=100.5)  # it makes ten seconds of sound a second
    assert machine.work_s(100.5) == pytest.approx(2.5)
    machine.report(1.0, 10.0, taken_at=100.0, now=100.6)  # the same again
    assert machine.work_s(100.5) == pytest.approx(2.5)
    machine.report(0.2, 10.0, taken_at=100.4, now=100.9)  # taken before it was sent
    assert machine.work_s(100.5) == pytest.approx(2.1)
    machine.report(2.0, 10.0, taken_at=101.0, now=101.1)  # has it
    assert machine.work_s(101.0) == pytest.approx(2.0)


def test_a_request_that_travels_while_a_report_is_taken_is_not_lost() -> None:
    machine = busy("a", 0.0, at=100.0)
    machine.send(20.0, now=100.49)
    machine.report(0.0, 10.0, taken_at=100.5, now=100.6)
    assert machine.work_s(100.6) > 1.8


def test_a_report_from_a_clock_that_is_ahead_is_taken_as_of_now() -> None:
    machine = Machine("a")
    machine.report(2.0, 10.0, taken_at=500.0, now=100.0)
    assert machine.work_s(101.0) == 1.0


def test_no_more_of_a_page_counts_than_a_machine_plans_ahead() -> None:
    assert sound_s(150) == 10
    assert sound_s(1_000_000) == 30


def test_a_text_is_the_same_text_only_in_the_same_voice_and_as_a_whole() -> None:
    assert key_of("a", "bc") == key_of("a", "bc")
    assert (
        len({key_of("a", "bc"), key_of("ab", "c"), key_of("b", "bc"), key_of("a", "b"), key_of("abc")}) == 5
    )
    assert key_of("af_heart", "\ud800")  # half a surrogate, which JSON lets through


def herd(*, counts_sent: bool) -> Counter[str]:
    """Where 100 different texts go between two reports, of ten machines that are all as busy."""
    fleet = [busy(f"replica-{place}", 0.1 * place) for place in range(10)]
    chosen: Counter[str] = Counter()
    for number in range(100):
        machine = order(None, fleet, 100.0 + number * 0.001)[0]
        chosen[machine.name] += 1
        if counts_sent:
            machine.send(7.0, 100.0 + number * 0.001)
    return chosen


def test_no_herd_forms_between_two_reports() -> None:
    assert herd(counts_sent=False) == {"replica-0": 100}  # what would be without counting
    chosen = herd(counts_sent=True)
    assert len(chosen) == 10
    assert max(chosen.values()) <= 13


TEXT = "Hello there. How are you?"


def of(body: object) -> tuple[int | None, float]:
    raw = json.dumps(body).encode()
    return asked(raw, len(raw))


def test_a_text_is_found_in_the_bodies_of_all_our_apis() -> None:
    openai = of({"model": "tts-1", "voice": "alloy", "input": TEXT})
    assert openai == (key_of("alloy", TEXT), len(TEXT) / 15)
    assert of({"voice": "alloy", "input": TEXT, "response_format": "mp3", "stream_format": "sse"}) == openai
    assert of({"text": TEXT, "model_id": "eleven_flash_v2_5"})[0] == of({"text": TEXT})[0]
    assert of({"voice": "echo", "input": TEXT})[0] != openai[0]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b"17",
        b'"text"',
        b'{"input": 5}',
        b'{"input": {}}',
        b"{}",
        b"\xff\xfe",
        b"[" * 60_000,
    ],
)
def test_what_has_no_text_goes_by_its_bytes(body: bytes) -> None:
    key, sound_s = asked(body, len(body))
    assert key == asked(body, len(body))[0]
    assert key != asked(b"something else", 14)[0]
    assert sound_s == min(len(body) / 15, 30)


def test_nothing_at_all_has_no_key() -> None:
    assert asked(b"", 0) == (None, 0.0)


def test_the_start_of_a_long_body_counts_as_all_of_it() -> None:
    start = json.dumps({"input": "word " * 20_000}).encode()[:65_000]
    assert asked(start, 100_000) == asked(start, 100_000)
    assert asked(start, 100_000)[1] == 30


def test_half_a_surrogate_is_a_text_as_well() -> None:
    assert of({"input": "\ud83d"})[0] is not None
