"""The state of pool, cache and log as metrics, read when Prometheus asks. Knows statuses; knows no request."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final, get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway import __version__
from gateway.speech.cache import Event, Kind
from gateway.speech.cache_remote import RemoteEvent
from inference import RestartCause, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.speech.cache import Cache
    from gateway.speech.cache_remote import RemoteCache
    from inference import Backend

STATES: Final = ("starting", "idle", "busy", "resting")


class StateMetrics(Collector):
    """Pool and cache as they are when they are asked. Lives as long as the application."""

    def __init__(
        self,
        pool: Backend,
        cache: Cache,
        remote: RemoteCache | None,
        model: str,
        lines_dropped: Callable[[], int],
    ) -> None:
        self._pool = pool
        self._cache = cache
        self._remote = remote
        self._model = model
        self._lines_dropped = lines_dropped

    def collect(self) -> Iterator[Metric]:
        """All of them, at this moment."""
        yield _gauge("ready", "1 while requests are taken and each role has a worker.", self._pool.is_ready)
        info = GaugeMetricFamily("kokoro_info", "What runs here.", labels=("version", "model"))
        info.add_metric((__version__, self._model), 1)
        yield info
        lost = self._lines_dropped()
        yield CounterMetricFamily(
            "kokoro_log_lines_dropped", "Lines of the log that nobody read in time.", lost
        )
        yield from self._of_pool()
        yield from self._of_cache()
        yield from self._of_remote_cache()

    def _of_pool(self) -> Iterator[Metric]:
        status = self._pool.status()
        yield _gauge("queue_jobs", "Jobs that wait for a worker.", status.jobs_queued)
        yield _gauge("queue_seconds", "Estimated wait of a request that comes now.", status.wait_s)
        yield _gauge("running_jobs", "Jobs that workers are doing.", status.jobs_running)
        workers = GaugeMetricFamily("kokoro_workers", "Workers.", labels=("role", "state"))
        memory = GaugeMetricFamily("kokoro_worker_memory_bytes", "Resident memory.", labels=("role",))
        restarts = CounterMetricFamily(
            "kokoro_worker_restarts",
            "Workers that were lost, replaced or could not be started.",
            labels=("role", "cause"),
        )
        for role in get_args(Role):
            of_role = [worker for worker in status.workers if worker.role == role]
            states = [worker.state for worker in of_role]
            for state in {*STATES, *states}:
                workers.add_metric((role, state), states.count(state))
            memory.add_metric((role,), sum(worker.memory_bytes for worker in of_role))
            for cause in get_args(RestartCause):
                restarts.add_metric((role, cause), sum(worker.restarts.get(cause, 0) for worker in of_role))
        yield from (workers, memory, restarts)

    def _of_cache(self) -> Iterator[Metric]:
        status = self._cache.status()
        yield _gauge("cache_entries", "Segments and responses in the cache.", status.entries)
        yield _gauge("cache_bytes", "What they take, in bytes.", status.bytes)
        events = CounterMetricFamily("kokoro_cache_events", "What the cache did.", labels=("kind", "event"))
        for kind, event in product(get_args(Kind), get_args(Event)):
            events.add_metric((kind, event), status.events.get((kind, event), 0))
        yield events

    def _of_remote_cache(self) -> Iterator[Metric]:
        status = self._remote.status() if self._remote else None
        is_answering = status is not None and status.is_answering
        yield _gauge("remote_cache_answers", "1 while the server of the remote cache answers.", is_answering)
        events = CounterMetricFamily(
            "kokoro_remote_cache_events",
            "What became of look-ups and writes in the remote cache.",
            labels=("kind", "event"),
        )
        for kind, event in product(get_args(Kind), get_args(RemoteEvent)):
            events.add_metric((kind, event), status.events.get((kind, event), 0) if status else 0)
        yield events


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"kokoro_{name}", meaning, value=value)
