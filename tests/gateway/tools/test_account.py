from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from rich.console import Console

from gateway.tools.account import Account


def account(**differently: Any) -> Account:
    """One of a soak in which all went well, but for what is said."""
    well: dict[str, Any] = {
        "minutes": 1,
        "outcomes": Counter({"spoken whole": 40, "hung up by us": 5, "refused": 3, "failed visibly": 1}),
        "hostile": Counter({"half closes: spoken whole": 2}),
        "first_s": [0.2, 0.3],
        "health_s": [0.002] * 199 + [3.0],
        "memory_mb": [400.0, 900.0, 500.0, 400.0, 440.0, 900.0, 430.0, 450.0],
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
        ({"jobs_left": 1}, "1 requests still held when all clients had gone"),
        ({"files": [20, 24]}, "open files grew from 20 to 24"),
        ({"memory_mb": [400.0] * 4 + [900.0] * 3 + [501.0]}, "memory grew from 400 to 700 MB"),
        ({"health_s": [0.002] * 90 + [0.2] * 10}, "/health took 200 ms (p99)"),
    ],
)
def test_what_must_not_be_is_a_fault(differently: dict[str, Any], fault: str) -> None:
    assert account(**differently).faults == [fault]


def test_a_soak_that_heard_nothing_can_still_be_told() -> None:
    silent = account(first_s=[], health_s=[])
    assert silent.as_dict()["first_audio_p50"] is None
    with Console().capture():
        Console().print(silent.as_table())


def test_programs_and_people_are_told_the_same() -> None:
    told = json.loads(json.dumps(account().as_dict()))
    assert told["health_p99"] == 0.002
    assert told["outcomes"]["spoken whole"] == 40
    console = Console(width=200)
    with console.capture() as shown:
        console.print(account().as_table())
    for words in ("requests spoken whole", "half closes: spoken whole", "2 / 2 ms", "none"):
        assert words in shown.get()
