from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from rich.console import Console

from gateway.tools.account import Account, Held


def held(**ends: float) -> list[Held]:
    """What is held in a soak of an hour: level, but for what ends at another figure than it begins with."""
    begins = {"memory_mb": 900.0, "gateway_mb": 120.0, "files": 30, "leases": 6, "contexts": 1}
    return [
        Held(
            at_s=5.0 * n,
            **{name: begin + (ends.get(name, begin) - begin) * n / 720 for name, begin in begins.items()},  # type: ignore[arg-type]
        )
        for n in range(720)
    ]


def account(**differently: Any) -> Account:
    """One of a soak in which all went well, but for what is said."""
    well: dict[str, Any] = {
        "minutes": 1,
        "outcomes": Counter({"spoken whole": 40, "hung up by us": 5, "refused": 3, "failed visibly": 1}),
        "hostile": Counter({"half closes: spoken whole": 2}),
        "first_s": [0.2, 0.3],
        "health_s": [0.002] * 199 + [3.0],
        "turns": Counter({"whole": 9, "broken off": 6, "refused": 1, "failed visibly": 1}),
        "sockets": 3,
        "final_s": [0.004, 0.012],
        "held": held(),
        "files": [20, 23],
    }
    return Account(**well | differently)


def test_a_soak_in_which_all_went_well_has_no_faults() -> None:
    assert account().faults == []


@pytest.mark.parametrize(
    ("differently", "fault"),
    [
        ({"unexplained": Counter({"a listener was told 418": 2})}, "2 times a listener was told 418"),
        ({"outcomes": Counter({"spoken whole": 9, "short": 3})}, "3 requests short"),
        ({"outcomes": Counter({"refused": 3})}, "nothing was spoken"),
        ({"turns": Counter({"whole": 9, "short": 1})}, "1 turns short"),
        ({"turns": Counter({"whole": 9, "lost": 2})}, "2 turns lost"),
        ({"left": 1}, "1 leases and contexts still held when all clients had gone"),
        ({"files": [20, 24]}, "open files grew from 20 to 24"),
        ({"held": held(memory_mb=1500)}, "memory (PSS) less the cache, MB: grew from 1050 to 1499"),
        ({"held": held(gateway_mb=200)}, "the same of the gateway's process, MB: grew from 140 to 200"),
        ({"held": held(files=40)}, "open files: grew from 32 to 40"),
        ({"held": held(leases=16)}, "leases: grew from 8 to 16"),
        ({"held": held(contexts=9)}, "contexts: grew from 3 to 9"),
        ({"health_s": [0.002] * 90 + [0.2] * 10}, "/health took 200 ms (p99)"),
    ],
)
def test_what_must_not_be_is_a_fault(differently: dict[str, Any], fault: str) -> None:
    assert account(**differently).faults == [fault]


def test_a_soak_that_heard_nothing_can_still_be_told() -> None:
    silent = account(first_s=[], final_s=[], health_s=[])
    assert silent.as_dict()["first_audio_p50"] is None
    with Console().capture():
        Console().print(silent.as_table())


def test_programs_and_people_are_told_the_same() -> None:
    told = json.loads(json.dumps(account().as_dict()))
    assert told["health_p99"] == 0.002
    assert told["outcomes"]["spoken whole"] == 40
    assert told["held"]["memory_mb"]["end"] == pytest.approx(900)
    console = Console(width=200)
    with console.capture() as shown:
        console.print(account().as_table())
    for words in (
        "requests spoken whole",
        "half closes: spoken whole",
        "turns broken off",
        "8 / 12 ms",
        "900.0 / 900.0",
        "2 / 2 ms",
        "none",
    ):
        assert words in shown.get()
