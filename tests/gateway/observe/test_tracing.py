from __future__ import annotations

import http.server
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from gateway.observe.tracing import Traces
from gateway.speech.record import Phase, RequestRecord
from tests.support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opentelemetry.sdk.trace import ReadableSpan

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def record(**fields: Any) -> RequestRecord:
    return RequestRecord("r1", "POST", path="/v1/audio/speech", status=200, **fields)


def spans(record: RequestRecord) -> dict[str, ReadableSpan]:
    exporter = InMemorySpanExporter()
    traces = Traces(SimpleSpanProcessor(exporter))
    traces.note(record)
    traces.close()
    return {span.name: span for span in exporter.get_finished_spans()}


def test_phases_lie_below_the_request_at_their_times() -> None:
    noted = record(outcome="ok", voice="af_heart", audio_s=1.5)
    began = noted.trail.began
    noted.trail.phases += [
        Phase("phonemes", began + 0.01, began + 0.02),
        Phase("segment", began + 0.02, began + 0.5),
    ]
    found = spans(noted)
    whole = found.pop("POST /v1/audio/speech")
    assert whole.parent is None
    assert whole.attributes
    assert whole.attributes["kokoro.voice"] == "af_heart"
    assert whole.attributes["http.response.status_code"] == 200
    assert set(found) == {"phonemes", "segment"}
    assert whole.start_time
    for span in found.values():
        assert span.parent
        assert span.parent.span_id == whole.context.span_id
    segment = found["segment"]
    assert segment.start_time
    assert segment.end_time
    assert (segment.end_time - segment.start_time) / 1e9 == pytest.approx(0.48, abs=0.005)
    assert (segment.start_time - whole.start_time) / 1e9 == pytest.approx(0.02, abs=0.005)
    assert abs(whole.start_time / 1e9 - time.time()) < 60


def test_request_joins_the_trace_of_its_client() -> None:
    joined = record(outcome="ok")
    joined.trail.parent = PARENT
    (span,) = spans(joined).values()
    assert span.parent
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"


@pytest.mark.parametrize("parent", ["", "nonsense", "00-0-0-00", "00-" + "g" * 32 + "-b7ad6b7169203331-01"])
def test_request_without_a_trace_begins_one(parent: str) -> None:
    alone = record(outcome="ok")
    alone.trail.parent = parent
    (span,) = spans(alone).values()
    assert span.parent is None


def test_text_is_in_no_span() -> None:
    (span,) = spans(record(outcome="ok", text="a secret")).values()
    assert "a secret" not in span.to_json()


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("ok", StatusCode.UNSET), ("client_gone", StatusCode.UNSET), ("failed", StatusCode.ERROR)],
)
def test_only_our_faults_are_errors(outcome: Any, status: StatusCode) -> None:
    (span,) = spans(record(outcome=outcome, error="WorkerDied")).values()
    assert span.status.status_code is status


def test_without_opentelemetry_it_is_said_what_to_install() -> None:
    code = "import sys; sys.modules['opentelemetry'] = None; from gateway.observe.tracing import Traces; Traces()"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "TracingUnavailable: traces need OpenTelemetry: install kokoro-gateway[otel]" in ended.stderr


def test_it_is_not_loaded_unless_wanted() -> None:
    code = "import sys, gateway.http.app; print([name for name in sys.modules if name.startswith('opentelemetry')])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


class Collector(http.server.BaseHTTPRequestHandler):
    got: list[Any]

    def do_POST(self) -> None:
        sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["content-length"])))
        for resource in sent.resource_spans:
            for scope in resource.scope_spans:
                self.got.extend(scope.spans)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The spans that a collector gets, which the environment names."""
    got: list[Any] = []
    handler = type("Handler", (Collector,), {"got": got})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield got
        server.shutdown()


@pytest.mark.slow
def test_a_running_gateway_sends_its_traces_to_the_collector(tone: Path, collector: list[Any]) -> None:
    gateway = Gateway.start("tests.support.tone_server", str(tone), WORKERS="1", THREADS="1", OTEL="1")
    body = {"model": "tts-1", "input": "This is traced. It has two sentences.", "voice": "alloy"}
    headers = {"traceparent": PARENT}
    httpx.post(f"{gateway.base_url}/audio/speech", json=body, headers=headers).raise_for_status()
    assert gateway.stop() == 0
    assert {span.trace_id.hex() for span in collector} == {TRACE}
    assert {span.name for span in collector} == {"POST /v1/audio/speech", "phonemes", "segment", "encode"}
