"""Holds a log line against its documentation, and leaves logging as it was."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import TypeAdapter

from gateway.observe.log_fields import EVENTS, EventFields
from gateway.observe.logs import OURS
from gateway.speech.record import RequestRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

_event: TypeAdapter[Any] = TypeAdapter(EventFields)
_request: TypeAdapter[Any] = TypeAdapter(RequestRecord)


def assert_documented(line: dict[str, Any]) -> None:
    """Every field of the line is documented, of its type, and all that every line has is there.

    Raises:
        pydantic.ValidationError: a field is unknown or of another type.
    """
    at = datetime.fromisoformat(line["timestamp"])
    assert at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - at) < timedelta(hours=1)
    origin = ("node", "replica") if "replica" in line else ()
    common = {name: line[name] for name in ("timestamp", "level", "logger", *origin)}
    fields = {name: value for name, value in line.items() if name not in {*common, "event"}}
    if line["event"] == "request":
        _event.validate_python(common, strict=True)
        _request.validate_json(json.dumps(fields), strict=True)
        return
    assert line["logger"].partition(".")[0] not in OURS or line["event"] in EVENTS, line
    _event.validate_python(common | fields, strict=True)


@contextmanager
def logging_as_before() -> Iterator[None]:
    """Undo what is configured inside."""
    root, loggers = logging.getLogger(), [logging.getLogger(name) for name in ("", *OURS)]
    handlers, levels = root.handlers[:], [logger.level for logger in loggers]
    try:
        yield
    finally:
        root.handlers[:] = handlers
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        structlog.reset_defaults()
