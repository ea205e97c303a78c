from __future__ import annotations

import logging
import os
import pty
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.observe import log_writer
from gateway.observe.log_writer import FLUSH_S, MOST_LINES, LineWriter
from tests.support.lines import logging_as_before
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGER_THAN_A_PIPE = "x" * 2000


@contextmanager
def writing_to(descriptor: int) -> Iterator[LineWriter]:
    """A writer that gets all that is logged, as bare messages; the descriptor is closed behind it."""
    with logging_as_before(), os.fdopen(descriptor, "w") as stream, LineWriter(stream) as writer:
        logging.getLogger().handlers[:] = [writer]
        logging.getLogger("gateway").setLevel(logging.INFO)
        yield writer


def log(*lines: str) -> None:
    for line in lines:
        logging.getLogger("gateway").info(line)


def read(descriptor: int) -> list[str]:
    """All lines until the writer's end is closed."""
    with os.fdopen(descriptor) as reader:
        return reader.read().splitlines()


def test_lines_come_whole_and_in_order_and_are_flushed_at_the_end() -> None:
    ours, theirs = os.pipe()
    lines = [f"line {n}" for n in range(100)]
    with writing_to(theirs) as writer:
        log(*lines)
    assert read(ours) == lines
    assert writer.dropped == 0


def test_a_reader_that_stops_costs_lines_and_no_time() -> None:
    ours, theirs = os.pipe()
    with writing_to(theirs) as writer:
        log(*[LONGER_THAN_A_PIPE] * (MOST_LINES + 200))  # would wait for ever
        assert writer.dropped > 100
        began = time.monotonic()
    assert time.monotonic() - began < FLUSH_S + DEADLINE_S
    os.close(ours)


def test_a_reader_that_reads_again_is_told_how_many_lines_it_missed() -> None:
    ours, theirs = os.pipe()
    with writing_to(theirs) as writer:
        log(*[LONGER_THAN_A_PIPE] * (MOST_LINES + 200))
        missed = writer.dropped
        with os.fdopen(ours) as reader:
            found = [reader.readline().strip() for _ in range(MOST_LINES + 200 - missed + 1)]
            assert found[-1] == "log_lines_dropped"
            assert set(found[:-1]) == {LONGER_THAN_A_PIPE}
            log("and on")
            assert reader.readline() == "and on\n"
    assert writer.dropped == missed


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_lines_that_a_full_disk_does_not_take_are_counted_and_not_tried_again() -> None:
    with writing_to(os.open("/dev/full", os.O_WRONLY)) as writer:
        log("one", "two")
        wait_for(lambda: writer.dropped == 2, "lines dropped")
        time.sleep(0.05)
        assert writer.dropped == 2


def test_a_reader_that_has_gone_stops_nothing() -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with writing_to(theirs) as writer:
        log("one")
        wait_for(lambda: writer.dropped == 1, "lines dropped")


def test_a_pipe_that_another_program_made_non_blocking_gets_every_line() -> None:
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with writing_to(theirs) as writer:
        log(*[LONGER_THAN_A_PIPE] * 200)
        with os.fdopen(ours) as reader:
            assert [reader.readline().strip() for _ in range(200)] == [LONGER_THAN_A_PIPE] * 200
    assert writer.dropped == 0


def test_without_a_standard_output_lines_go_nowhere() -> None:
    with logging_as_before(), LineWriter(None) as writer:
        logging.getLogger().handlers[:] = [writer]
        log("one")
    assert writer.dropped == 0


def test_it_knows_a_terminal() -> None:
    ours, theirs = pty.openpty()
    with writing_to(theirs) as writer:
        assert writer.is_terminal
    os.close(ours)


def test_a_name_with_half_of_a_character_is_written() -> None:
    ours, theirs = os.pipe()
    with writing_to(theirs):
        log("a\ud800b")
    assert read(ours) == ["a\\ud800b"]


def test_its_own_event_is_of_a_package_that_is_heard() -> None:
    assert log_writer.logger.name.startswith("gateway.")
