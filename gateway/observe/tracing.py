"""Traces: a span for each speech request, with its phases below it, made from its record once it has ended.

Knows records and OpenTelemetry, which is loaded only here and only when it is wanted.
"""

from __future__ import annotations

import importlib
import time
from typing import TYPE_CHECKING, Any, Final

from gateway.speech.record import ENDINGS

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

    from gateway.speech.record import RequestRecord

SERVICE: Final = "kokoro-gateway"
_UNTOLD: Final = frozenset({"text", "method", "status", "path"})
"""Fields of the record that are no attributes: text is for nobody else, and the rest has names of its own."""


class TracingUnavailable(Exception):
    """Traces were asked for, and OpenTelemetry is not installed."""


class Traces:
    """Where the spans of one gateway go. Lives as long as the application; `close` sends what is left.

    Without a processor they go to the collector that the OTEL_ variables name, in batches, from a thread.

    Raises:
        TracingUnavailable: OpenTelemetry is not installed.
    """

    def __init__(self, processor: SpanProcessor | None = None) -> None:
        try:
            self._api = importlib.import_module("opentelemetry.trace")
            self._propagation = importlib.import_module("opentelemetry.trace.propagation.tracecontext")
            sdk = importlib.import_module("opentelemetry.sdk.trace")
            resources = importlib.import_module("opentelemetry.sdk.resources")
            processor = processor or _to_collector()
        except ImportError as error:
            raise TracingUnavailable("traces need OpenTelemetry: install kokoro-gateway[otel]") from error
        named = resources.OTELResourceDetector().detect().attributes.get("service.name", SERVICE)
        self._provider = sdk.TracerProvider(resource=resources.Resource.create({"service.name": named}))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer(SERVICE)

    def note(self, record: RequestRecord) -> None:
        """Send the spans of a speech request that has ended."""
        parent = self._propagation.TraceContextTextMapPropagator().extract(
            {"traceparent": record.trail.parent} if record.trail.parent else {}
        )
        span = self._tracer.start_span(
            f"{record.method} {record.path}",
            parent,
            kind=self._api.SpanKind.SERVER,
            attributes=_attributes(record),
            start_time=_wall_ns(record.trail.began),
        )
        inside = self._api.set_span_in_context(span)
        for name, began, ended in record.trail.phases:
            child = self._tracer.start_span(name, inside, start_time=_wall_ns(began))
            child.end(_wall_ns(ended))
        if record.outcome and ENDINGS[record.outcome].is_fault:
            span.set_status(self._api.StatusCode.ERROR, record.error)
        span.end()

    def close(self) -> None:
        """Send what is left, and end."""
        self._provider.shutdown()


def _to_collector() -> Any:
    batches = importlib.import_module("opentelemetry.sdk.trace.export")
    otlp = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    return batches.BatchSpanProcessor(otlp.OTLPSpanExporter())


def _attributes(record: RequestRecord) -> dict[str, Any]:
    told = {f"kokoro.{name}": value for name, value in record.line().items() if name not in _UNTOLD}
    standard = {
        "http.request.method": record.method,
        "http.route": record.path,
        "http.response.status_code": record.status,
    }
    return told | {name: value for name, value in standard.items() if value is not None}


def _wall_ns(moment: float) -> int:
    """A moment of `perf_counter`, as nanoseconds since the epoch."""
    return time.time_ns() - round((time.perf_counter() - moment) * 1e9)
