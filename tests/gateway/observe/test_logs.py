from __future__ import annotations

import ast
import io
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from pydantic import TypeAdapter, ValidationError

from gateway.observe.log_fields import EVENTS, EventFields, as_markdown, request_fields
from gateway.observe.logs import OURS, configure_logging
from gateway.settings import Settings
from gateway.speech.record import RequestRecord
from tests.support.lines import assert_documented, logging_as_before
from tests.support.tree import is_worker_side, modules

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    with logging_as_before():
        yield


def configured(is_terminal: bool = False, **settings: Any) -> io.StringIO:
    """What is logged from now on, by these settings."""
    stream = io.StringIO()
    configure_logging(
        Settings.from_environment(**settings), logging.StreamHandler(stream), is_terminal=is_terminal
    )
    return stream


def logged(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_field_has_a_meaning_and_a_type() -> None:
    for name, field in request_fields().items():
        assert field["description"].endswith("."), name
        assert "type" in field or "anyOf" in field, name


def test_fields_that_are_times_say_their_unit() -> None:
    words = {"_ms": "Milliseconds", "_s": "Seconds"}
    for name, field in request_fields().items():
        for suffix, word in words.items():
            if name.endswith(suffix):
                assert field["description"].startswith(word)


def test_schema_takes_what_a_line_holds_and_nothing_else() -> None:
    line = RequestRecord("r1", "POST", status=200, outcome="ok", rtf=0.3, cache="hit", worker_pids=[1]).line()
    assert set(line) <= set(request_fields())
    TypeAdapter(RequestRecord).validate_json(json.dumps(line), strict=True)


def test_event_is_one_json_object_with_utc_time() -> None:
    stream = configured(log_format="json")
    structlog.stdlib.get_logger("gateway.test").info("started", port=8880, note="two\nlines")
    (line,) = logged(stream)
    at = datetime.fromisoformat(line.pop("timestamp"))
    assert at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    assert line == {
        "event": "started",
        "level": "info",
        "logger": "gateway.test",
        "port": 8880,
        "note": "two\nlines",
    }


def test_standard_logging_becomes_the_same_kind_of_line() -> None:
    stream = configured(log_format="json")
    with structlog.contextvars.bound_contextvars(request_id="r7"):
        logging.getLogger("inference.pool.pool").warning("worker %d died", 12, extra={"exit_code": -9})
    (line,) = logged(stream)
    assert line.pop("timestamp")
    assert line == {
        "event": "worker 12 died",
        "level": "warning",
        "logger": "inference.pool.pool",
        "exit_code": -9,
        "request_id": "r7",
    }


def test_level_holds_for_both_kinds_of_logger() -> None:
    stream = configured(log_format="json", log_level="warning")
    structlog.stdlib.get_logger("gateway.a").info("quiet")
    logging.getLogger("inference.b").info("quiet")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("library", ["hpack.hpack", "httpx", "hypercorn.error", "asyncio", "gatewayx"])
def test_libraries_only_warn_at_every_level(library: str) -> None:
    stream = configured(log_format="json", log_level="debug")
    for log in (logging.getLogger(library), structlog.stdlib.get_logger(library)):
        log.debug("Decoded authorization: Bearer sk-1")
        log.info("Decoded authorization: Bearer sk-1")
        log.warning("heard")
    assert [line["event"] for line in logged(stream)] == ["heard", "heard"]


def test_a_library_is_cut_to_what_it_did_and_where() -> None:
    stream = configured(log_format="json")
    key = f"Bearer {'sk'}-1"

    def fail() -> None:
        raise ExceptionGroup(key, [KeyError(key)]) from ValueError(key)

    try:
        fail()
    except ExceptionGroup:
        logging.getLogger("asyncio").exception("Unhandled\nfuture: <Task exception=%s>", key)
    (line,) = logged(stream)
    assert line["event"] == "Unhandled"
    for found in ("ValueError\n", "ExceptionGroup\n", "KeyError\n", "in fail"):
        assert found in line["exception"]
    assert key not in stream.getvalue()


@pytest.mark.parametrize("package", OURS)
def test_our_packages_log_at_the_chosen_level(package: str) -> None:
    stream = configured(log_format="json", log_level="debug")
    logging.getLogger(f"{package}.part").debug("heard")
    assert [line["event"] for line in logged(stream)] == ["heard"]


def test_libraries_are_no_louder_than_the_chosen_level() -> None:
    stream = configured(log_format="json", log_level="error")
    logging.getLogger("asyncio").warning("quiet")
    assert stream.getvalue() == ""


def test_traceback_of_json_line_names_the_cause() -> None:
    stream = configured(log_format="json")
    _log_a_fault("words of a request")
    (line,) = logged(stream)
    assert "ZeroDivisionError" in line["exception"]
    assert "words of a request" not in stream.getvalue()


def test_terminal_gets_lines_for_reading_without_local_variables() -> None:
    stream = configured(is_terminal=True, log_format="auto")
    _log_a_fault("words of a request")
    assert "ZeroDivisionError" in stream.getvalue()
    assert "words of a request" not in stream.getvalue()
    with pytest.raises(json.JSONDecodeError):
        logged(stream)


def test_json_can_be_had_on_a_terminal() -> None:
    stream = configured(is_terminal=True, log_format="json")
    logging.getLogger("gateway.a").info("x")
    assert logged(stream)


def logged_events() -> dict[str, str]:
    """Every event that our code logs, with the place."""
    found = {}
    for name, path in modules().items():
        if is_worker_side(name) or name.startswith("models"):
            continue  # what these say comes out of their process as `worker_said`
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("logger."):
                event = node.args[1 if ast.unparse(node.func) == "logger.log" else 0]
                assert isinstance(event, ast.Constant), f"{path.name}:{node.lineno}: no fixed name"
                assert isinstance(event.value, str)
                found[event.value] = f"{path.name}:{node.lineno}"
    return found


def test_events_that_are_logged_and_documented_are_the_same() -> None:
    assert set(logged_events()) == set(EVENTS)


def test_every_field_of_an_event_has_a_meaning() -> None:
    for name, field in TypeAdapter(EventFields).json_schema()["properties"].items():
        assert field["description"].endswith("."), name


@pytest.mark.parametrize(
    "fault",
    [
        {"unknown": 1},
        {"pid": "12"},
        {"event": "unheard of"},
        {"timestamp": "2026-01-01T00:00:00Z"},
        {"event": "request", "status": "200"},
        {"event": "request", "unknown": 1},
        {"cause": "boredom"},
    ],
    ids=str,
)
def test_line_that_is_not_documented_is_found(fault: dict[str, Any]) -> None:
    line = {"event": "worker_died", "level": "info", "logger": "inference.pool.slot", "pid": 12}
    line["timestamp"] = datetime.now(UTC).isoformat()
    assert_documented(line)
    with pytest.raises((AssertionError, ValidationError)):
        assert_documented(line | fault)


def test_tables_name_every_event_and_field() -> None:
    tables = as_markdown()
    for name in (*EVENTS, *request_fields(), *EventFields.__annotations__):
        assert f"| `{name}` |" in tables
    widths = {line.count(" | ") for line in tables.splitlines() if line.startswith("|")}
    assert widths == {1, 2}


def _log_a_fault(text: str) -> None:
    try:
        len(text) / 0
    except ZeroDivisionError:
        structlog.stdlib.get_logger("gateway").exception("failed")
