"""Holds a log line against its documentation."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from gateway.observe.log_fields import EVENTS, EventFields
from gateway.speech.record import RequestRecord

OURS = ("gateway", "inference", "models")

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
    common = {name: line[name] for name in ("timestamp", "level", "logger")}
    fields = {name: value for name, value in line.items() if name not in {*common, "event"}}
    if line["event"] == "request":
        _event.validate_python(common, strict=True)
        _request.validate_json(json.dumps(fields), strict=True)
        return
    assert line["logger"].partition(".")[0] not in OURS or line["event"] in EVENTS, line
    _event.validate_python(common | fields, strict=True)
