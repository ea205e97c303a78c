"""The documented log: every event, and every field that a line may hold, with its meaning.

Knows no handler and no stream; the tables of deploy/README.md are made from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict

from gateway.speech.record import RequestRecord
from inference import RestartCause, Role  # noqa: TC001 - the types of fields are looked up when it runs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@with_config(ConfigDict(use_attribute_docstrings=True, extra="forbid"))
class EventFields(TypedDict, total=False):
    """What the line of an event may hold besides the name of the event; absent where it says nothing."""

    timestamp: str
    """When, in UTC, as ISO 8601 with microseconds."""
    level: Literal["debug", "info", "warning", "error", "critical"]
    """How much it matters."""
    logger: str
    """Module that says it."""
    node: str
    """Machine that it was logged on, by its address; where there are several."""
    replica: str
    """Replica that logged it, by Ray's name for it; where there are several machines."""
    request_id: str
    """Request that it is about, or that a worker was doing."""
    exception: str
    """Traceback; it holds no text of a request."""

    version: str
    """Version of the gateway."""
    model: str
    """Model, by its name in the manifest."""
    graph: str
    """What CPU sessions load: the released graph or one derived from it."""
    workers: int
    """Speech workers."""
    host: str
    """Address that is listened on."""
    port: int
    """Port that is listened on."""
    server: str
    """Server of the remote cache: its URL, without user and password."""
    lines: int
    """Lines of the log that were lost."""
    keys: int
    """Keys that let a client in."""
    words: int
    """Words and phrases in the lexicon."""
    replies: int
    """Requests that are being spoken or sent, or wait to be."""
    connections: int
    """Connections open at that moment."""
    descriptors: int
    """Files that this process may have open, connections and pipes to workers among them."""

    role: Role
    """What the worker does."""
    pid: int
    """Process id of the worker."""
    provider: str | None
    """ONNX Runtime provider of the worker; espeak for the text role."""
    exit_code: int | None
    """How the worker's process ended, negative for a signal; null if that is not known yet."""
    cause: RestartCause
    """Why there is a new worker. The old one died; took too long (timeout); sent what is no message (protocol); outgrew
    KOKORO_WORKER_MEMORY_MB (worn); was replaced on SIGHUP; or never became ready (failed_start)."""
    advice: str
    """What to do about it."""
    reason: str
    """What went wrong, or why this was chosen."""
    attempts: int
    """Workers that a job was given to so far."""
    said: str
    """Line that the worker wrote to its standard error."""


EVENTS: Final[Mapping[str, str]] = {
    "started": "Clients can connect.",
    "wyoming_started": "Wyoming's clients can connect, Home Assistant for one.",
    "wyoming_not_announced": "Home Assistant does not find this gateway by itself, though it could reach it.",
    "graph_chosen": "It is settled which graph CPU sessions load.",
    "accelerator_has_no_graph": "No graph in float could be derived, and accelerators are given no other.",
    "open_to_everyone": "Other machines can connect, and there are no keys.",
    "texts_are_logged": "The text of every request is logged, as KOKORO_LOG_TEXT asks for.",
    "connection_refused": "There are as many connections as may be, and none of them is idle.",
    "few_descriptors": "The limit of open files is too low for KOKORO_MAX_CONNECTIONS: raise it, or allow fewer.",
    "connection_not_accepted": "Most often no file descriptor is left; the longest idle connection makes room.",
    "request": "A request has ended.",
    "request_failed": "What went wrong inside; the line of the request follows.",
    "worker_ready": "A worker can take jobs.",
    "worker_died": "A worker's process is gone; a new one is being started.",
    "worker_cannot_start": "A new process of a worker does not start; it is tried again, less and less often.",
    "worker_replaced": "A new worker has taken the place of an old one.",
    "worker_cannot_be_replaced": "The new worker cannot start; the old one stays.",
    "worker_lost_in_job": "A worker was lost in the middle of a job, which is given to another worker, once.",
    "job_is_poison": "A job has ended two workers, and is not given to a third.",
    "worker_does_not_end": "A worker's process does not end, even though it was killed.",
    "workers_rest": "No speech for KOKORO_IDLE_S: the speech workers end, which frees their memory.",
    "workers_wake": "A request needs the workers that had ended: they are started, one before the others.",
    "worker_said": "What a worker, or a library in it, wrote to its standard error.",
    "log_lines_dropped": "Lines were lost, because the log was not read in time or could not be written; now it can.",
    "keys_read": "The keys were read again on SIGHUP; those that are gone let nobody in any more.",
    "keys_not_read": "The keys could not be read again; the previous ones remain valid.",
    "lexicon_read": "The file of KOKORO_LEXICON was read again on SIGHUP, and counts from now on.",
    "lexicon_not_read": "The file of KOKORO_LEXICON could not be used; the previous entries remain valid.",
    "remote_cache_answers": "The server of KOKORO_CACHE_URL answers, and is asked from now on.",
    "remote_cache_lost": "That server is too slow, faulty or not there; it is left alone and tried every 5 seconds.",
    "remote_cache_refuses": "That server does not take what is to be written; it is tried again after 5 seconds.",
    "draining": "New speech is refused from now on.",
    "told_to_end_while_starting": "SIGTERM came before clients could connect, and the start was given up.",
    "drained": "Running speech has ended, or its time was up.",
}
"""Every event that the gateway logs, and what it means. Libraries may log others, without fields of their own."""


def as_markdown() -> str:
    """Every event and every field of a log line, as tables."""
    events = [(f"`{name}`", meaning) for name, meaning in EVENTS.items()]
    tables = [_table(("event", "meaning"), events)]
    for fields_ in (_properties(EventFields), request_fields()):
        rows = [
            (f"`{name}`", _kind(schema), " ".join(schema["description"].split()))
            for name, schema in fields_.items()
        ]
        tables.append(_table(("field", "type", "meaning"), rows))
    return "Events:\n\n{}\n\nFields of every event:\n\n{}\n\nFields of `request`:\n\n{}".format(*tables)


def request_fields() -> dict[str, dict[str, Any]]:
    """JSON Schema of every field a request line may hold, with its meaning."""
    return {name: schema for name, schema in _properties(RequestRecord).items() if not name.startswith("_")}


def _properties(shape: type) -> dict[str, dict[str, Any]]:
    properties: dict[str, dict[str, Any]] = TypeAdapter(shape).json_schema()["properties"]
    return properties


def _kind(schema: dict[str, Any]) -> str:
    """A JSON Schema in the words of a table: `string`, `hit, miss or partial`."""
    choices = [choice for choice in schema.get("anyOf", [schema]) if choice.get("type") != "null"]
    choice = choices[0]
    if "enum" in choice:
        return " ".join((", ".join(choice["enum"][:-1]), "or", choice["enum"][-1]))
    return f"list of {choice['items']['type']}s" if "items" in choice else str(choice["type"])


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
