"""The log: one structured line for each request and event, its fields documented here and nowhere else.

Knows no HTTP and no audio; it is handed figures and writes them. Keys never come here, and text only if asked for.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass, field, fields
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, NamedTuple, TextIO

import structlog
from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from structlog.typing import Processor

    from gateway.settings import Settings

Outcome = Literal[
    "ok",
    "client_gone",
    "refused_queue",
    "refused_rate",
    "refused_auth",
    "invalid",
    "not_found",
    "timeout",
    "draining",
    "failed",
]
"""How a request can end: every log line and metric uses one of these."""

LEVELS: dict[Outcome, int] = {
    "failed": logging.ERROR,
    "timeout": logging.WARNING,
    "refused_queue": logging.WARNING,
    "draining": logging.WARNING,
}
"""Log level of a request by its outcome; INFO where none is given."""


class Phase(NamedTuple):
    """A part of the work for a request. Phases may overlap: segments are spoken while others are encoded."""

    name: Literal["phonemes", "segment", "encode"]
    began: float
    ended: float


@dataclass(slots=True)
class Trail:
    """When what was done for a request, on the clock of `perf_counter`. Lives as long as the record."""

    parent: str = ""
    """The trace that the request is part of, as W3C Trace Context writes it; empty: a new one."""
    began: float = field(default_factory=perf_counter)
    phases: list[Phase] = field(default_factory=list)


_DOCUMENTED: Final = ConfigDict(use_attribute_docstrings=True, extra="forbid")


@dataclass(slots=True)
class RequestRecord:
    """What one request was and where its time went.

    Lives as long as the request: the middleware makes it, handlers and synthesis fill it, and it is written
    once when the response has ended. A field that stays None is left out of the line.
    """

    __pydantic_config__: ClassVar = _DOCUMENTED

    request_id: str = ""
    """The client's X-Request-ID when it is a plain one, else made here."""
    method: str = ""
    """HTTP method; OTHER for one that is not in common use."""
    path: str | None = None
    """Template of the route that answered; absent when there is none."""
    status: int | None = None
    """HTTP status sent; absent when the client left before it."""
    outcome: Outcome | None = None
    """How the request ended."""
    error: str | None = None
    """Class of the exception that ended the request."""
    key: int | None = None
    """Which of the configured keys was used, counted from 1."""

    voice: str | None = None
    """Voice or mix, in its canonical form."""
    language: str | None = None
    """Language spoken."""
    format: str | None = None
    """Audio format."""
    stream_format: str | None = None
    """How the audio is sent: audio or sse."""
    characters: int | None = None
    """Characters of input."""
    text: str | None = None
    """Input itself; only with KOKORO_LOG_TEXT."""
    segments: int | None = None
    """Segments that the input was split into."""
    provider: str | None = None
    """ONNX Runtime provider of the workers that spoke."""
    worker_pids: list[int] | None = None
    """Process ids of the workers that spoke."""
    cache: Literal["hit", "miss", "partial"] | None = None
    """What the cache held, or others were having spoken, of the audio; absent when the cache was not used."""
    retries: int | None = None
    """Jobs that a second worker did because the first one died."""

    queue_ms: float | None = None
    """Milliseconds that the first segment waited for a worker; later ones wait while the listener plays."""
    phonemes_ms: float | None = None
    """Milliseconds of making phonemes, all segments."""
    inference_ms: float | None = None
    """Milliseconds of inference, all segments."""
    encode_ms: float | None = None
    """Milliseconds of encoding."""
    send_ms: float | None = None
    """Milliseconds of handing bytes to the connection: long when the client reads slowly."""
    ttfa_ms: float | None = None
    """Milliseconds from the request until its first audio went to the connection."""
    total_ms: float | None = None
    """Milliseconds from the request until its response had ended."""
    audio_s: float | None = None
    """Seconds of audio spoken, or sent again from the cache."""
    rtf: float | None = None
    """Real-time factor: seconds of inference for each second of audio that was inferred."""
    underruns: int | None = None
    """Times that a listener who plays at once ran out of audio."""
    bytes_sent: int | None = None
    """Bytes of body handed to the connection."""

    _trail: Trail = field(default_factory=Trail, init=False, repr=False)

    @property
    def trail(self) -> Trail:
        """When what was done for the request: for traces, not for the line."""
        return self._trail

    def elapsed_ms(self) -> float:
        """Milliseconds since the request came in."""
        return (perf_counter() - self._trail.began) * 1000

    def line(self) -> dict[str, object]:
        """The known fields, times and ratios to a thousandth."""
        values = ((f.name, getattr(self, f.name)) for f in fields(self) if not f.name.startswith("_"))
        return {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in values
            if value is not None
        }

    @classmethod
    def schema(cls) -> dict[str, dict[str, Any]]:
        """JSON Schema of every field a request line may hold, with its meaning."""
        return {name: schema for name, schema in _properties(cls).items() if not name.startswith("_")}


@with_config(_DOCUMENTED)
class EventFields(TypedDict, total=False):
    """What the line of an event may hold besides the name of the event; absent where it says nothing."""

    timestamp: str
    """When, in UTC, as ISO 8601 with microseconds."""
    level: Literal["debug", "info", "warning", "error", "critical"]
    """How much it matters."""
    logger: str
    """Module that says it."""
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
    leases: int
    """Requests that are being spoken or sent, or wait to be."""
    connections: int
    """Connections open at that moment."""

    role: Literal["text", "express", "speech"]
    """What the worker does."""
    pid: int
    """Process id of the worker."""
    provider: str | None
    """ONNX Runtime provider of the worker; espeak for the text role."""
    exit_code: int | None
    """How the worker's process ended, negative for a signal; null if that is not known yet."""
    cause: Literal["died", "timeout", "protocol", "worn", "replaced"]
    """Why there is a new worker: the old one died, took too long, answered nonsense, had done its share, or SIGHUP."""
    reason: str
    """What went wrong, or why this was chosen."""
    attempts: int
    """Workers that a job was given to so far."""
    said: str
    """Line that the worker wrote to its standard error."""


EVENTS: Final[Mapping[str, str]] = {
    "started": "Clients can connect.",
    "graph chosen": "It was settled which graph CPU sessions load.",
    "anyone can use this server: set KOKORO_API_KEYS, or listen on 127.0.0.1": "There are no keys.",
    "the text of every request is logged: unset KOKORO_LOG_TEXT to end this": "So it was set.",
    "connection refused": "There are as many connections as may be.",
    "request": "A request has ended.",
    "request failed": "What went wrong inside; the line of the request follows.",
    "worker ready": "A worker can take jobs.",
    "worker died": "A worker's process is gone; a new one is being started.",
    "worker cannot start": "Its new process cannot; it is tried again, ever less often.",
    "worker replaced": "A new worker has taken the place of an old one.",
    "worker cannot be replaced": "The new one cannot start; the old one stays.",
    "worker lost in a job": "The job is given to another worker, once.",
    "job is poison": "It has ended two workers, and is given to no third.",
    "worker does not end": "Not even when killed.",
    "worker said": "What a worker, or a library in it, wrote to its standard error.",
    "draining": "New speech is refused from now on.",
    "told to end while starting": "SIGTERM came before clients could connect.",
    "drained": "Running speech has ended, or its time was over.",
}
"""Every event that the gateway logs, and what it means. Libraries may log others, without fields of their own."""


def as_markdown() -> str:
    """Every event and every field of a log line, as tables."""
    events = [(f"`{name}`", meaning) for name, meaning in EVENTS.items()]
    tables = [_table(("event", "meaning"), events)]
    for fields_ in (_properties(EventFields), RequestRecord.schema()):
        rows = [(f"`{name}`", _kind(schema), schema["description"]) for name, schema in fields_.items()]
        tables.append(_table(("field", "type", "meaning"), rows))
    return "Events:\n\n{}\n\nFields of every event:\n\n{}\n\nFields of `request`:\n\n{}".format(*tables)


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


def configure_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Send structlog and the standard library's logging to `stream` (stdout if none), one line an event.

    JSON with UTC timestamps, or coloured for reading if `stream` is a terminal; `settings.log_format`
    decides otherwise.
    """
    stream = stream if stream is not None else sys.stdout
    reading = settings.log_format == "text" or (settings.log_format == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(_for_reading() if reading else _as_json()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_common(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _common() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(rendering: list[Processor]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_common(), structlog.stdlib.ExtraAdder()],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
    )


def _as_json() -> list[Processor]:
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _for_reading() -> list[Processor]:
    # The default traceback of a terminal shows local variables, and with them the text of a request.
    return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
