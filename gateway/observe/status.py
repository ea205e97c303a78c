"""The status: the figures of one gateway as JSON, for people and for `top`. Names each field; measures nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, get_args

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from gateway import __version__
from gateway.observe.metrics import MOST_RECENT, RECENT_S, total
from gateway.observe.percentile import percentile
from inference import RestartCause, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gateway.observe.metrics import Ended, Metrics
    from gateway.speech.cache import Cache, CacheStatus
    from gateway.speech.cache_remote import RemoteCache, RemoteEvent, RemoteStatus
    from gateway.speech.reply_memory import RepliesInFlight
    from inference import Backend, HardwareProfile


@dataclass(frozen=True)
class Running:
    """What runs here. Found out before the first request, and true until the end."""

    hardware: HardwareProfile
    model: ModelFacts
    cache_bytes: int
    """Most that the cache may take; 0: there is none."""

    speaker: str
    """Digest of all that decides how a text sounds here."""

    lines_dropped: Callable[[], int] = lambda: 0
    """Lines of the log that were lost so far."""

    since: float = field(default_factory=time.monotonic)
    """When it started, on the monotonic clock: that of the wall may step back."""


class ModelFacts(BaseModel):
    """What speaks."""

    name: str = Field(description="Its name in the manifest.")
    sha256: str = Field(description="SHA-256 of the model file.")
    voices_sha256: str = Field(description="SHA-256 of the voices file.")
    graph: str = Field(description="What CPU sessions load: the released graph or one derived from it.")
    reason: str = Field(description="Why that one.")


class TrialFacts(BaseModel):
    """One rung of a worker's provider ladder, taken from what the worker said of it."""

    model_config = ConfigDict(from_attributes=True)

    provider: str = Field(description="ONNX Runtime provider that was tried.")
    outcome: str = Field(description="`chosen`, or why it was not.")
    rtf: float | None = Field(
        validation_alias=AliasChoices("rtf", "real_time_factor"),
        description="Real-time factor of the warm-up.",
    )


class WorkerFacts(BaseModel):
    """One place for a worker process, taken from the status of its pool."""

    model_config = ConfigDict(from_attributes=True)

    role: Role = Field(description="What it does.")
    state: str = Field(description="starting, idle, busy, stopping or resting.")
    pid: int | None = Field(description="Process id; null while there is no process.")
    provider: str | None = Field(description="ONNX Runtime provider; espeak for the text role.")
    trials: list[TrialFacts] = Field(description="How the provider was chosen; none if it was proven before.")
    cpus: list[int] = Field(description="CPUs it is pinned to; none: not pinned.")
    threads: int = Field(description="Intra-op threads.")
    jobs: int = Field(description="Jobs done, over all processes of this place.")
    restarts: dict[RestartCause, int] = Field(description=f"By cause: {', '.join(get_args(RestartCause))}.")
    memory_bytes: int = Field(description="Resident memory.")


class QueueFacts(BaseModel):
    """What waits, and what is being done."""

    jobs: int = Field(description="Jobs that wait for a worker.")
    seconds: float = Field(description="Estimated seconds of speech work in them.")
    running: int = Field(description="Jobs that workers are doing.")
    requests: int = Field(description="Requests that are being spoken or sent, or wait to be.")
    contexts: int = Field(description="Texts of sockets that are open, those without a word among them.")
    wait_s: float = Field(description="Estimated wait of a request that comes now, seconds.")
    work_s: float = Field(description="Estimated seconds until all that waits and runs is spoken.")


class Percentiles(BaseModel):
    """Of one figure over recent requests; null where there were none."""

    p50: float | None = Field(description="Half of the values are no larger.")
    p95: float | None = Field(description="95 % are no larger.")
    p99: float | None = Field(description="99 % are no larger.")

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """To a thousandth."""
        if not values:
            return cls(p50=None, p95=None, p99=None)
        p50, p95, p99 = (round(percentile(values, share), 3) for share in (0.50, 0.95, 0.99))
        return cls(p50=p50, p95=p95, p99=p99)


class RecentFacts(BaseModel):
    """Speech requests that ended lately."""

    seconds: int = Field(description="How far back this looks.")
    requests: int = Field(description=f"Requests looked at; the newest {MOST_RECENT} at most.")
    ttfa_ms: Percentiles = Field(description="Milliseconds until the first audio was sent.")
    inference_ms: Percentiles = Field(description="Milliseconds of inference, where there was any.")
    total_ms: Percentiles = Field(description="Milliseconds until the end, of requests that ended well.")
    rtf: Percentiles = Field(description="Real-time factor: seconds of inference for a second of audio.")


class RemoteCacheFacts(BaseModel):
    """The remote cache. What is counted is of segments and responses together."""

    server: str = Field(description="Its URL, without user and password.")
    is_answering: bool = Field(description="It is asked; false while it is left alone.")
    hits: int = Field(description="Entries that were there.")
    misses: int = Field(description="Entries that were not.")
    late: int = Field(description="Look-ups that were not answered within the limit.")
    failed: int = Field(description="Look-ups that ended with an error.")
    unusable: int = Field(description="Values that were damaged or not ours.")
    skipped: int = Field(description="Look-ups left out: the server is left alone, or too many ask.")
    written: int = Field(description="Entries written.")
    dropped: int = Field(description="Entries not written because the server is slow or left alone.")
    refused: int = Field(description="Entries that the server did not take.")
    queued: int = Field(description="Entries that wait to be written.")


class CacheFacts(BaseModel):
    """The cache."""

    entries: int = Field(description="Segments and whole responses held.")
    bytes: int = Field(description="What they take.")
    max_entries: int = Field(description="Most entries.")
    max_bytes: int = Field(description="Most that they may take.")
    ttl_s: float = Field(description="How long an entry lives, seconds.")
    hits: dict[str, int] = Field(description="By kind: segment, response.")
    misses: dict[str, int] = Field(description="By kind.")
    shared: int = Field(description="Segments that another request was having spoken just then.")
    hit_rate: float | None = Field(description="Responses: hits of all that were looked for.")
    evictions: dict[str, int] = Field(description="By cause: entries, bytes, ttl.")
    remote: RemoteCacheFacts | None = Field(description="The remote cache; null where there is none.")


class Totals(BaseModel):
    """Counted since the start."""

    requests: dict[str, int] = Field(description="Speech requests by outcome.")
    audio_s: float = Field(description="Seconds of audio spoken or sent again.")
    characters: int = Field(description="Characters of input that became audio.")
    underruns: int = Field(description="Times that a listener who plays at once ran out of audio.")
    retries: int = Field(description="Segments that a second worker spoke since the first one was lost.")


class Status(BaseModel):
    """Everything an operator looks at."""

    version: str = Field(description="Of the gateway.")
    uptime_s: float = Field(description="Seconds since it started.")
    is_ready: bool = Field(description="Requests are taken, and each role has a worker.")
    is_draining: bool = Field(description="It is about to leave and takes no new requests.")
    model: ModelFacts = Field(description="What speaks.")
    speaker: str = Field(description="Digest of all that decides how it sounds: who share one share a cache.")
    hardware: dict[str, Any] = Field(description="The hardware profile, as `doctor --json` has it.")
    workers: list[WorkerFacts] = Field(description="Every place for a worker process.")
    queue: QueueFacts = Field(description="What waits, and what is being done.")
    totals: Totals = Field(description="Counted since the start.")
    recent: RecentFacts = Field(description="Speech requests that ended lately.")
    cache: CacheFacts = Field(description="What is kept, and what that was good for.")


def status(
    running: Running,
    pool: Backend,
    cache: Cache,
    remote: RemoteCache | None,
    in_flight: RepliesInFlight,
    metrics: Metrics,
    contexts: Callable[[], int],
) -> Status:
    """The status at this moment."""
    now = pool.status()
    return Status(
        version=__version__,
        uptime_s=round(time.monotonic() - running.since, 1),
        is_ready=pool.is_ready,
        is_draining=now.is_draining,
        model=running.model,
        speaker=running.speaker,
        hardware=running.hardware.to_dict(),
        workers=[WorkerFacts.model_validate(worker) for worker in now.workers],
        queue=QueueFacts(
            jobs=now.jobs_queued,
            seconds=now.queued_s,
            running=now.jobs_running,
            requests=len(in_flight),
            contexts=contexts(),
            wait_s=now.wait_s,
            work_s=now.work_s,
        ),
        totals=_totals(metrics),
        recent=_recent(metrics.recent()),
        cache=_cache(cache.status(), remote.status() if remote else None),
    )


def _totals(metrics: Metrics) -> Totals:
    return Totals(
        requests={outcome: int(count) for outcome, count in total(metrics.requests, "outcome").items()},
        audio_s=round(total(metrics.audio_s)[""], 3),
        characters=int(total(metrics.characters)[""]),
        underruns=int(total(metrics.underruns)[""]),
        retries=int(total(metrics.retries)[""]),
    )


def _recent(requests: Sequence[Ended]) -> RecentFacts:
    def of(figures: Iterable[float | None]) -> Percentiles:
        return Percentiles.of([figure for figure in figures if figure is not None])

    return RecentFacts(
        seconds=RECENT_S,
        requests=len(requests),
        ttfa_ms=of(request.ttfa_ms for request in requests),
        inference_ms=of(request.inference_ms for request in requests),
        total_ms=of(request.total_ms for request in requests),
        rtf=of(request.rtf for request in requests),
    )


def _cache(status: CacheStatus, remote: RemoteStatus | None) -> CacheFacts:
    events = status.events
    hits, misses = _by_kind(events, "hit"), _by_kind(events, "miss")
    looked_for = hits["response"] + misses["response"]
    return CacheFacts(
        entries=status.entries,
        bytes=status.bytes,
        max_entries=status.max_entries,
        max_bytes=status.max_bytes,
        ttl_s=status.ttl_s,
        hits=hits,
        misses=misses,
        shared=events.get(("segment", "shared"), 0),
        hit_rate=round(hits["response"] / looked_for, 4) if looked_for else None,
        evictions={
            cause: sum(_by_kind(events, f"evicted_{cause}").values()) for cause in ("entries", "bytes", "ttl")
        },
        remote=_remote_cache(remote) if remote else None,
    )


def _remote_cache(status: RemoteStatus) -> RemoteCacheFacts:
    def count(event: RemoteEvent) -> int:
        return sum(_by_kind(status.events, event).values())

    return RemoteCacheFacts(
        server=status.server,
        is_answering=status.is_answering,
        hits=count("hit"),
        misses=count("miss"),
        late=count("late"),
        failed=count("failed"),
        unusable=count("unusable"),
        skipped=count("skipped"),
        written=count("written"),
        dropped=count("dropped"),
        refused=count("refused"),
        queued=status.queued,
    )


def _by_kind(events: Mapping[Any, int], event: str) -> dict[str, int]:
    return {kind: events.get((kind, event), 0) for kind in ("segment", "response")}
