"""The stream that the console reads: figures, and the last requests without what they said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx

from gateway.http.status_events import RecentStatus
from gateway.observe.last_requests import MOST, LastRequests
from gateway.observe.status import Status
from gateway.speech.record import RequestRecord
from tests.support.orders import error_of, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway import Gateway


def events(gateway: Gateway) -> Iterator[dict[str, Any]]:
    with httpx.stream("GET", f"{gateway.root}/status/events", timeout=30) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if line:
                yield json.loads(line.removeprefix("data: "))


def test_stream_begins_with_the_figures_and_goes_on_with_them(gateway: Gateway) -> None:
    figures = (Status.model_validate(each["status"]) for each in events(gateway) if each["type"] == "status")
    assert next(figures).uptime_s < next(figures).uptime_s


def test_all_who_watch_share_a_look_at_the_figures(gateway: Gateway) -> None:
    figures, looks = Status.model_validate(gateway.status()), []

    def look() -> Status:
        looks.append(figures)
        return figures

    recent = RecentStatus(look)
    assert {recent.now() for _ in range(100)} == {(figures.model_dump_json(), False)}
    assert len(looks) < 100


def test_request_is_told_when_it_has_ended_and_without_its_text(gateway: Gateway) -> None:
    stream = events(gateway)
    next(stream)
    spoken(gateway, input="A secret that nobody is told.", response_format="wav")
    told = next(
        each["request"]
        for each in stream
        if each["type"] == "request" and each["request"].get("characters") == 29
    )
    assert (told["outcome"], told["format"], told["voice"]) == ("ok", "wav", "af_heart")
    assert {"queue_ms", "inference_ms", "encode_ms", "ttfa_ms", "total_ms"} <= told.keys()
    assert "secret" not in json.dumps(told)


def test_stream_goes_on_while_speech_is_made(gateway: Gateway) -> None:
    stream = events(gateway)
    next(stream)
    assert spoken(gateway)
    assert next(stream)


def test_stream_is_behind_the_key(locked: Gateway) -> None:
    assert error_of(httpx.get(f"{locked.root}/status/events"))["message"].startswith("You didn't provide")


def test_only_the_last_requests_are_remembered() -> None:
    last = LastRequests()
    for number in range(MOST + 5):
        last.note(RequestRecord(f"r{number}", "POST", text="secret"))
    assert [each["number"] for each in last.after(0)] == list(range(6, MOST + 6))
    assert [each["request_id"] for each in last.after(MOST + 4)] == [f"r{MOST + 4}"]
    assert "secret" not in json.dumps(last.after(0))
