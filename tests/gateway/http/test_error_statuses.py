from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.requests import Request

from gateway.audio.encoder import UnsupportedRate
from gateway.http.error_replies import error_response
from gateway.http.error_statuses import ERROR_STATUSES
from gateway.http.request_errors import (
    BodyTooLarge,
    MalformedBody,
    MissingKey,
    ModelNotFound,
    NotReady,
    UnknownRoute,
    WrongKey,
    WrongMethod,
)
from gateway.speech.errors import InvalidField, RequestError, TextTooLong, shortened
from gateway.speech.record import RequestRecord
from inference import (
    EngineFailed,
    InferenceError,
    InvalidPronunciation,
    JobPoisoned,
    JobTimeout,
    PoolClosed,
    PoolSaturated,
    ProtocolError,
    UnsupportedLanguage,
    WorkerDied,
    WorkerFailedToStart,
)


def told(error: Exception) -> tuple[int, dict[str, Any], Any, RequestRecord]:
    """Status, the four fields, headers and record of what a client is told about `error`."""
    record = RequestRecord()
    request = Request({"type": "http", "state": {"record": record}})
    response = error_response(request, error)
    body = json.loads(bytes(response.body))
    assert list(body) == ["error"]
    assert response.headers["content-type"] == "application/json"
    return response.status_code, body["error"], response.headers, record


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UnknownRoute("x"), (404, "invalid_request_error", None, None, "not_found")),
        (WrongMethod("x"), (405, "invalid_request_error", None, "method_not_supported", "not_found")),
        (MalformedBody("x"), (400, "invalid_request_error", None, None, "invalid")),
        (InvalidField("x", param="speed", code="c"), (400, "invalid_request_error", "speed", "c", "invalid")),
        (ModelNotFound("x"), (404, "invalid_request_error", "model", "model_not_found", "invalid")),
        (
            InvalidPronunciation(0, "x"),
            (400, "invalid_request_error", "pronunciations", "invalid_value", "invalid"),
        ),
        (
            UnsupportedLanguage("x"),
            (400, "invalid_request_error", "voice", "unsupported_language", "invalid"),
        ),
        (
            UnsupportedRate("opus", 9, (8,)),
            (400, "invalid_request_error", "sample_rate", "invalid_value", "invalid"),
        ),
        (MissingKey("x"), (401, "invalid_request_error", None, None, "refused_auth")),
        (WrongKey("x"), (401, "invalid_request_error", None, "invalid_api_key", "refused_auth")),
        (BodyTooLarge("x"), (413, "invalid_request_error", None, None, "invalid")),
        (PoolSaturated(25.0), (503, "server_error", None, "overloaded", "refused_queue")),
        (PoolClosed("x"), (503, "server_error", None, "overloaded", "draining")),
        (NotReady("x"), (503, "server_error", None, "overloaded", "draining")),
        (WorkerFailedToStart("x"), (503, "server_error", None, "overloaded", "failed")),
        (WorkerDied(7, -9), (500, "server_error", None, None, "failed")),
        (EngineFailed("x"), (500, "server_error", None, None, "failed")),
        (ProtocolError("x"), (500, "server_error", None, None, "failed")),
        (JobPoisoned("x"), (500, "server_error", None, None, "failed")),
        (JobTimeout("x"), (500, "server_error", None, None, "timeout")),
        (InferenceError("x"), (500, "server_error", None, None, "failed")),
        (ZeroDivisionError("x"), (500, "server_error", None, None, "failed")),
    ],
)
def test_each_error_is_told_as_the_contract_says(
    error: Exception, expected: tuple[int, str, str | None, str | None, str]
) -> None:
    status, kind, param, code, outcome = expected
    got, fields, _, record = told(error)
    assert got == status
    assert fields == {"message": fields["message"], "type": kind, "param": param, "code": code}
    assert fields["message"]
    assert record.outcome == outcome
    assert record.error == type(error).__name__


def test_every_request_error_has_its_own_row() -> None:
    assert set(RequestError.__subclasses__()) <= set(ERROR_STATUSES)


def test_limit_that_can_be_raised_is_named_at_this_door_only() -> None:
    error = TextTooLong("Invalid 'input': too long.")
    assert "KOKORO" not in str(error)
    assert "KOKORO_MAX_INPUT_CHARS" in told(error)[1]["message"]


def test_cause_of_a_fault_stays_in_the_log() -> None:
    for error in (ZeroDivisionError("a secret"), EngineFailed("a secret"), WorkerDied(4711, -9)):
        _, fields, _, _ = told(error)
        assert "secret" not in fields["message"]
        assert "4711" not in fields["message"]


@pytest.mark.parametrize(
    ("wait_s", "header"), [(0.0, "1"), (0.2, "1"), (3.2, "4"), (29.5, "30"), (900.0, "30")]
)
def test_retry_after_is_the_wait_in_whole_seconds_between_1_and_30(wait_s: float, header: str) -> None:
    assert told(PoolSaturated(wait_s))[2]["retry-after"] == header


def test_refusal_of_a_closing_pool_says_when_to_come_back() -> None:
    assert 1 <= int(told(PoolClosed("x"))[2]["retry-after"]) <= 30


def test_only_a_poisonous_job_is_not_to_be_retried() -> None:
    assert told(JobPoisoned("x"))[2]["x-should-retry"] == "false"
    assert "x-should-retry" not in told(WorkerDied(1, 1))[2]
    assert "x-should-retry" not in told(PoolSaturated(1))[2]


def test_lone_surrogate_in_a_name_can_be_told() -> None:
    assert told(ModelNotFound("no model \ud83d"))[1]["message"] == "no model \ud83d"


def test_outcome_that_is_known_already_stays() -> None:
    record = RequestRecord(outcome="client_gone")
    error_response(Request({"type": "http", "state": {"record": record}}), WorkerDied(1, 1))
    assert record.outcome == "client_gone"


def test_long_names_are_cut_before_they_are_said_back() -> None:
    assert shortened("af_heart") == "af_heart"
    assert len(shortened("x" * 5000)) == 80
