"""Windows of any score: nothing is lost or doubled, each is cut where it is quiet, and joined it is the whole again."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inference.planning.windows import Window, job, windows
from inference.protocol import RECORD_BYTES, Score, Unit, WindowJob

UNIT = Unit("həlˈO.", (("af_heart", 1.0),), 1.0)

energies = st.lists(st.integers(-100, 80), min_size=4, max_size=1200)


def scored(energy: list[int]) -> Score:
    """A score whose records are numbered."""
    records = np.repeat(np.arange(len(energy) + 1, dtype="<u4"), RECORD_BYTES // 4)
    return Score((), tuple(energy), records.tobytes(), 0.0)


def steps(message: WindowJob) -> list[int]:
    """The numbers of the records in a job."""
    return np.frombuffer(message.records, "<u4").reshape(-1, RECORD_BYTES // 4)[:, 0].tolist()  # type: ignore[no-any-return]


def speech(seconds: float, quiet_at: list[int]) -> list[int]:
    """Energy of speech with silence around it, and quiet moments at some steps."""
    energy = [50] * round(seconds * 80)
    energy[:24] = energy[-32:] = [-95] * 24
    for step in quiet_at:
        energy[step - 2 : step + 2] = [-20] * 4
    return energy


@given(energies, st.booleans())
def test_windows_are_all_that_sounds_in_order(energy: list[int], is_waited_for: bool) -> None:
    found = windows(energy, is_waited_for=is_waited_for)
    assert [window.start for window in found[1:]] == [window.end for window in found[:-1]]
    assert [window.is_first for window in found] == [True] + [False] * (len(found) - 1)
    assert [window.is_last for window in found] == [False] * (len(found) - 1) + [True]
    assert max([*energy[: found[0].start], *energy[found[-1].end :]], default=-100) < -60
    assert all(window.end - window.start >= 60 for window in found) or len(found) == 1
    assert all(window.end - window.start <= 432 for window in found)
    assert all(window.end - window.start <= 288 for window in found[1:])


def test_silence_around_a_unit_is_left_out_but_for_a_moment() -> None:
    energy = speech(8, quiet_at=[])
    found = windows(energy, is_waited_for=True)
    assert (found[0].start, found[-1].end) == (24 - 4, len(energy) - 24 + 8)


@given(st.integers(0, 160), st.integers(0, 160))
def test_what_makes_one_window_is_taken_with_its_silence(before: int, behind: int) -> None:
    energy = [-95] * before + [50] * 100 + [-95] * behind
    assert windows(energy, is_waited_for=True) == [Window(0, len(energy), is_first=True, is_last=True)]


def test_a_window_ends_where_it_is_quietest() -> None:
    energy = speech(8, quiet_at=[105, 240])
    found = windows(energy, is_waited_for=True)
    assert [window.end for window in found[:2]] == [105, 240]


def test_the_first_window_is_short_only_where_a_listener_waits_for_it() -> None:
    energy = speech(12, quiet_at=[])
    assert windows(energy, is_waited_for=True)[0].seconds <= 1.2
    assert windows(energy, is_waited_for=False)[0].seconds >= 2.2


@given(energies, st.booleans())
def test_a_job_holds_its_window_with_the_context_and_the_closing_record(
    energy: list[int], is_waited_for: bool
) -> None:
    score = scored(energy)
    for window in windows(energy, is_waited_for=is_waited_for):
        message = job("r", UNIT, score, window)
        given = steps(message)
        kept = given[message.skip : message.skip + message.keep]
        assert kept == list(range(window.start, window.end))
        assert message.skip + message.keep <= len(given) - 1
        assert given == list(range(given[0], given[0] + len(given)))
