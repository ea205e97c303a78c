"""What clients of two machines see while replicas and machines come and go; at the end, one machine leaves."""

from __future__ import annotations

import threading

import httpx

from tests.cluster.fleet import NUMBER, Fleet, asked
from tests.support.processes import are_gone, descendants, workers
from tests.support.waiting import DEADLINE_S, wait_for


class Listeners:
    """So many who listen to one thing after the other, no text twice, while somebody asks for short ones."""

    def __init__(self, fleet: Fleet, number: int) -> None:
        self.whole: list[int] = []
        """Bytes of the replies that came to their end."""

        self.broken: list[Exception] = []
        self.refused = 0
        self._machines = fleet.machines
        self._url = f"{fleet.first.base_url}/audio/speech"
        self._leave = threading.Event()
        self._threads = [threading.Thread(target=self._listen) for _ in range(number)]
        self._threads.append(threading.Thread(target=self._ask))

    def __enter__(self) -> Listeners:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.set()
        for thread in self._threads:
            thread.join(2 * DEADLINE_S)
        if self.whole:
            self._check_whole()

    def _check_whole(self) -> None:
        """A reply that came to its end was sent to its end."""

        def sent() -> set[int]:
            spoken = (line for machine in self._machines for line in machine.requests(outcome="ok"))
            return {line.get("bytes_sent", 0) for line in spoken}

        wait_for(lambda: set(self.whole) <= sent(), "log lines of whole replies that are as long as these")

    def _listen(self) -> None:
        while not self._leave.is_set():
            text = f"Number {next(NUMBER)} takes its time! " * 20
            try:
                with httpx.stream("POST", self._url, **asked(text, "af_slow")) as reply:
                    reply.raise_for_status()
                    self.whole.append(sum(len(piece) for piece in reply.iter_raw()))
            except httpx.HTTPError as broken:
                self.broken.append(broken)

    def _ask(self) -> None:
        while not self._leave.wait(0.2):
            try:
                self.refused += not httpx.post(self._url, **asked(f"Number {next(NUMBER)}.")).is_success
            except httpx.HTTPError as broken:
                self.broken.append(broken)


def test_a_replica_that_is_killed_breaks_its_own_streams_alone(two: Fleet) -> None:
    (other,) = two.others
    killed, orphans = other.replica, workers(other.replica.pid)
    with Listeners(two, 6) as listeners:
        wait_for(lambda: all(machine.is_speaking for machine in two.machines), "two busy machines")
        killed.kill()
    assert listeners.broken
    assert listeners.whole
    wait_for(lambda: are_gone(orphans), "the end of its workers")
    wait_for(lambda: other.is_ready, "a new replica")
    assert other.replica.pid != killed.pid


def test_an_upgrade_loses_nothing(two: Fleet) -> None:
    before = [machine.replica for machine in two.machines]
    with Listeners(two, 6) as listeners:
        wait_for(lambda: all(machine.is_speaking for machine in two.machines), "two busy machines")
        two.deploy("tests.support.tone_cluster:prepare_anew")
        wait_for(lambda: are_gone(before), "the end of the old replicas", 2 * DEADLINE_S)
        wait_for(lambda: all(machine.is_ready for machine in two.machines), "new replicas")
    assert not listeners.broken
    assert listeners.refused == 0


def test_a_machine_that_is_lost_takes_its_own_streams_alone(two: Fleet) -> None:
    (other,) = two.others
    started = descendants(other.process.pid)
    with Listeners(two, 6) as listeners:
        wait_for(lambda: all(machine.is_speaking for machine in two.machines), "two busy machines")
        other.raylet.kill()
    assert listeners.broken
    assert listeners.whole
    assert other.process.wait(DEADLINE_S) != 0
    wait_for(lambda: are_gone(started), "the end of what it had started")
    two.others.remove(other)
    two.join()
    wait_for(two.is_spread, "a machine in its place")


def test_a_machine_that_leaves_finishes_what_it_speaks(two: Fleet) -> None:
    (other,) = two.others
    with Listeners(two, 6) as listeners:
        wait_for(lambda: all(machine.is_speaking for machine in two.machines), "two busy machines")
        two.leave(other)
    assert not listeners.broken
    assert listeners.refused == 0
