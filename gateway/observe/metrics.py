"""The metrics: counters and histograms fed by finished requests, for Prometheus, with those of the state beside them.

Knows records; knows no HTTP. Labels come from closed sets: never a voice, a key or a text.
"""

from __future__ import annotations

import time
from collections import deque
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest

from gateway.audio.encoders import ENCODERS
from gateway.observe.state_metrics import StateMetrics
from gateway.speech.record import ENDINGS, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.speech.cache import Cache
    from gateway.speech.cache_remote import RemoteCache
    from gateway.speech.record import RequestRecord
    from inference import Backend

NO_FORMAT: Final = "none"
"""Label of requests that were over before their format was known."""

RECENT_S: Final = 300
MOST_RECENT: Final = 4096
"""Requests that the figures of the last minutes are made from: 14 a second for five minutes."""

_SHORT: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20)
_LONG: Final = (0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 600)
_ENCODE: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_RATIO: Final = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 2, 4)


class Ended(NamedTuple):
    """What is remembered of a request for some minutes."""

    at: float
    """When it ended, on the monotonic clock."""

    ttfa_ms: float | None
    inference_ms: float | None
    total_ms: float | None
    """Only of a request that ended well."""

    rtf: float | None


class Metrics:
    """Everything that is counted and measured. Lives as long as the application; only its event loop may use it."""

    def __init__(
        self,
        pool: Backend,
        cache: Cache,
        remote: RemoteCache | None,
        model: str,
        lines_dropped: Callable[[], int] = lambda: 0,
    ) -> None:
        # The time at which each series began would double their number.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.requests = self._counter("requests", "Speech requests that have ended.", "outcome", "format")
        self.audio_s = self._counter("audio_seconds", "Seconds of audio spoken or sent again.")
        self.characters = self._counter(
            "characters", "Characters of input that became audio, whole or in part."
        )
        self.underruns = self._counter(
            "underruns", "Times that a listener who plays at once ran out of audio."
        )
        self.retries = self._counter(
            "retries", "Segments that a second worker spoke since the first one was lost."
        )
        self.refusals = self._counter("refusals", "Requests that were refused.", "cause")
        self._total_s = self._histogram(
            "request_seconds", "From the request until its response had ended.", _LONG, "outcome"
        )
        self._queue_s = self._histogram("queue_wait_seconds", "Wait of a first segment for a worker.", _SHORT)
        self._ttfa_s = self._histogram(
            "time_to_first_audio_seconds", "Until the first audio was sent.", _SHORT
        )
        self._inference_s = self._histogram("inference_seconds", "Inference for one request.", _LONG)
        self._encode_s = self._histogram("encode_seconds", "Encoding for one request.", _ENCODE)
        self._rtf = self._histogram("real_time_factor", "Seconds of inference for a second of audio.", _RATIO)
        self._recent: deque[Ended] = deque(maxlen=MOST_RECENT)
        self._name_every_series()
        self.registry.register(StateMetrics(pool, cache, remote, model, lines_dropped))

    def note(self, record: RequestRecord) -> None:
        """Take in a speech request that has ended."""
        outcome = record.outcome or "failed"
        self.requests.labels(outcome, record.format or NO_FORMAT).inc()
        self._total_s.labels(outcome).observe((record.total_ms or 0) / 1000)
        if cause := ENDINGS[outcome].refused_for:
            self.refusals.labels(cause).inc()
        if record.audio_s is not None:
            self.audio_s.inc(record.audio_s)
            self.characters.inc(record.characters or 0)
        self.underruns.inc(record.underruns or 0)
        self.retries.inc(record.retries or 0)
        for histogram, value, unit in (
            (self._queue_s, record.queue_ms, 1000),
            (self._ttfa_s, record.ttfa_ms, 1000),
            (self._inference_s, record.inference_ms, 1000),
            (self._encode_s, record.encode_ms, 1000),
            (self._rtf, record.rtf, 1),
        ):
            if value is not None:
                histogram.observe(value / unit)
        times = (record.ttfa_ms, record.inference_ms, record.total_ms if outcome == "ok" else None)
        self._recent.append(Ended(time.monotonic(), *times, record.rtf))

    def recent(self) -> list[Ended]:
        """The requests that ended within the last `RECENT_S` seconds, `MOST_RECENT` of them at most."""
        horizon = time.monotonic() - RECENT_S
        while self._recent and self._recent[0].at < horizon:
            self._recent.popleft()
        return list(self._recent)

    def exposition(self) -> bytes:
        """All metrics in Prometheus's text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"kokoro_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"kokoro_{name}", meaning, labels, buckets=buckets, registry=self.registry)

    def _name_every_series(self) -> None:
        """Begin at 0: a series that appears with its first event has no rate before the second."""
        for outcome, audio_format in product(get_args(Outcome), (*ENCODERS, NO_FORMAT)):
            self.requests.labels(outcome, audio_format)
        for outcome in get_args(Outcome):
            self._total_s.labels(outcome)
        for cause in filter(None, (ending.refused_for for ending in ENDINGS.values())):
            self.refusals.labels(cause)


def total(counter: Counter, label: str = "") -> dict[str, float]:
    """What was counted, summed over all labels but one; without one, under the empty name."""
    counted: dict[str, float] = {}
    for family in counter.collect():
        for sample in family.samples:
            if sample.name.endswith("_total"):
                name = sample.labels.get(label, "")
                counted[name] = counted.get(name, 0) + sample.value
    return counted
