"""Two machines of one fleet on this one: which of them speaks what."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from gateway.cluster.routing import BOUND_S
from tests.cluster.fleet import NUMBER, Fleet, Machine, asked
from tests.support.processes import descendants, suspended
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator


def ask(two: Fleet, *texts: str) -> list[dict[str, Any]]:
    """Have texts spoken, one after the other, and return what the log has of them, in their order."""
    with httpx.Client() as client:
        replies = [client.post(f"{two.first.base_url}/audio/speech", **asked(text)) for text in texts]
    ids = [reply.raise_for_status().headers["x-request-id"] for reply in replies]
    found = wait_for(lambda: by_id if (by_id := _by_id(two)).keys() >= set(ids) else None, "lines of the log")
    return [found[each] for each in ids]


def _by_id(two: Fleet) -> dict[str, dict[str, Any]]:
    return {line["request_id"]: line for line in two.requests()}


def named(two: Fleet, replica: str) -> Machine:
    return next(m for m in two.machines if m.lines[-1]["replica"] == replica)


def test_repeats_are_answered_by_the_machine_that_holds_them(two: Fleet) -> None:
    texts = [f"This is text number {number}." for number in range(200)]
    first, again = ask(two, *texts), ask(two, *texts)
    held = [
        now["replica"] == then["replica"] and now["cache"] == "hit" and now["cache_tier"] == "local"
        for then, now in zip(first, again, strict=True)
    ]
    assert sum(held) > 180
    shares = [sum(line["replica"] == replica for line in first) for replica in {x["replica"] for x in first}]
    assert len(shares) == 2
    assert min(shares) > 60


@contextmanager
def crowd(machine: Machine, people: int = 12) -> Iterator[None]:
    """So many who ask this machine again and again, past the door, for what it takes half a second to speak."""
    leave = threading.Event()

    def stay() -> None:
        url = f"http://127.0.0.1:{machine.node_port}/v1/audio/speech"
        while not leave.is_set():
            httpx.post(url, **asked(f"It takes its time! {next(NUMBER)}", "af_slow"))

    staying = [threading.Thread(target=stay) for _ in range(people)]
    for thread in staying:
        thread.start()
    yield
    leave.set()
    for thread in staying:
        thread.join()


def work_s(machine: Machine) -> float:
    return float(machine.status()["queue"]["work_s"])


def test_a_text_goes_elsewhere_while_its_favourite_is_behind(two: Fleet) -> None:
    text = "Everybody asks for this."
    favourite = ask(two, text)[0]["replica"]
    machine = named(two, favourite)
    with crowd(machine):
        wait_for(lambda: work_s(machine) > 2 * BOUND_S, "work for seconds")
        wait_for(lambda: ask(two, text)[0]["replica"] != favourite, "the router to have heard of it")
    wait_for(lambda: work_s(machine) < BOUND_S / 2, "little to do")
    wait_for(lambda: ask(two, text)[0]["replica"] == favourite, "the router to have heard of that")


def test_a_router_that_says_nothing_is_not_waited_for(two: Fleet) -> None:
    started = {p: w for machine in two.machines for p, w in descendants(machine.process.pid).items()}
    routers = [process for process, words in started.items() if ":kokoro-gateway:Router" in " ".join(words)]
    assert routers
    with suspended(routers):
        assert ask(two, "Nobody says where this one goes.")[0]["outcome"] == "ok"
