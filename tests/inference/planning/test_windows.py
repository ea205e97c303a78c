"""Windows of any score: nothing is lost or doubled, each is cut where it is quiet, and joined it is the whole again."""

from __future__ import annotations

from array import array

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inference.planning.joins import Joiner
from inference.planning.windows import OVERLAP, Window, job, windows
from inference.protocol import RECORD_BYTES, STEP_SAMPLES, Score, Unit, WindowJob

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
        first = window.start if message.is_first else window.start - OVERLAP
        last = window.end if message.is_last else window.end + OVERLAP
        assert kept == list(range(first, last))
        assert message.skip + message.keep <= len(given) - 1
        assert given == list(range(given[0], given[0] + len(given)))


def cut(samples: array[int], found: list[Window]) -> list[bytes]:
    """What workers would answer that render each window exactly like the whole."""
    pieces = []
    for window in found:
        first = window.start if window.is_first else window.start - OVERLAP
        last = window.end if window.is_last else window.end + OVERLAP
        pieces.append(samples[first * STEP_SAMPLES : last * STEP_SAMPLES].tobytes())
    return pieces


def joined(pieces: list[bytes]) -> array[int]:
    joiner = Joiner()
    sound = array("h")
    for number, piece in enumerate(pieces, 1):
        sound.frombytes(joiner.feed(piece, is_last=number == len(pieces)))
    return sound


@given(energies, st.booleans(), st.integers(0, 2**32 - 1))
def test_joined_windows_are_the_whole(energy: list[int], is_waited_for: bool, seed: int) -> None:
    chance = np.random.default_rng(seed)
    samples = array("h", chance.integers(-9000, 9000, len(energy) * STEP_SAMPLES).astype("<i2").tobytes())
    found = windows(energy, is_waited_for=is_waited_for)
    sounding = samples[found[0].start * STEP_SAMPLES : found[-1].end * STEP_SAMPLES]
    assert joined(cut(samples, found)) == sounding


def tone(seconds: float, level: float) -> array[int]:
    wave = np.sin(np.arange(round(seconds * 24_000)) * 0.06) * level
    return array("h", wave.astype("<i2").tobytes())


def test_a_join_between_windows_of_different_levels_has_no_step() -> None:
    found = [Window(0, 160, is_first=True), Window(160, 320, is_last=True)]
    loud, quiet = cut(tone(4, 8000), found)[0], cut(tone(4, 6000), found)[1]
    sound = np.array(joined([loud, quiet]))
    assert len(sound) == 320 * STEP_SAMPLES
    peaks = [np.abs(sound[at : at + 600]).max() for at in range(0, len(sound), 600)]
    steps = np.abs(20 * np.log10(np.array(peaks[1:]) / np.array(peaks[:-1])))
    assert steps.max() < 0.5
    assert abs(peaks[-1] - 6000) < 20


def test_a_first_window_that_was_cut_to_its_last_moment_is_joined_too() -> None:
    found = [Window(0, 160, is_first=True), Window(160, 320, is_last=True)]
    first, second = cut(tone(4, 8000), found)
    assert len(joined([first[-400:], second])) >= 160 * STEP_SAMPLES
