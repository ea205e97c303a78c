from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.tools.talkers import run
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.support.gateway import Gateway


def test_talkers_break_in_once_they_hear_the_first_sentence(gateway: Gateway) -> None:
    known = gateway.known(outcome="interrupted")
    talked = run(gateway.base_url, 2)
    assert all(0 <= figure < 20 for figure in talked.as_dict().values())
    assert talked.as_table().row_count == 4
    broken_in = 1 + 2 + 4
    wait_for(lambda: len(gateway.requests(outcome="interrupted")) - known == broken_in, "a line for each")
