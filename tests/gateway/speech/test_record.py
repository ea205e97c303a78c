from __future__ import annotations

import time
from typing import get_args

import pytest

from gateway.speech.cache import HeldResponse
from gateway.speech.record import ENDINGS, Outcome, RequestRecord


def test_line_leaves_out_what_is_not_known() -> None:
    record = RequestRecord("r1", "GET", total_ms=1.23456, worker_pids=[4, 5])
    assert record.line() == {"request_id": "r1", "method": "GET", "total_ms": 1.235, "worker_pids": [4, 5]}


def test_zero_is_known() -> None:
    assert RequestRecord(retries=0, queue_ms=0.0).line() == {
        "request_id": "",
        "method": "",
        "retries": 0,
        "queue_ms": 0.0,
    }


def test_field_that_is_not_documented_cannot_be_written() -> None:
    with pytest.raises(AttributeError):
        RequestRecord().words = "secret"  # type: ignore[attr-defined]


def test_every_outcome_has_a_meaning() -> None:
    assert set(ENDINGS) == set(get_args(Outcome))


def test_a_response_that_was_sent_whole_ended_well() -> None:
    record = RequestRecord("r1", "POST")
    record.answered(200)
    record.sent(b"1234", time.perf_counter())
    record.sent(b"56", time.perf_counter())
    record.sent_whole()
    assert record.ended("/v1/audio/speech") == ENDINGS["ok"]
    line = record.line()
    assert (line["status"], line["path"], line["bytes_sent"]) == (200, "/v1/audio/speech", 6)
    assert 0 < record.ttfa_ms <= record.total_ms  # type: ignore[operator]


def test_a_response_that_tells_of_an_error_ended_with_it() -> None:
    record = RequestRecord("r1", "POST")
    record.failed(ValueError("a secret"), "invalid")
    record.answered(400)
    record.sent_whole()
    record.ended(None)
    assert (record.outcome, record.error) == ("invalid", "ValueError")
    assert "secret" not in str(record.line())


def test_what_went_wrong_first_is_how_it_ended() -> None:
    record = RequestRecord()
    record.left()
    record.failed(TimeoutError(), "timeout")
    assert record.outcome == "client_gone"


def test_what_ended_without_a_word_was_a_fault() -> None:
    record = RequestRecord()
    assert record.ended(None).is_fault
    assert record.outcome == "failed"


def test_a_held_response_is_a_hit() -> None:
    record = RequestRecord()
    record.found(HeldResponse(b"audio", 3, 40, 2.5), "remote")
    assert (record.cache, record.cache_tier, record.segments, record.audio_s) == ("hit", "remote", 3, 2.5)
