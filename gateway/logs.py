"""The log: one structured line for each request and event, its fields documented here and nowhere else.

Knows no HTTP and no audio; it is handed figures and writes them. Neither text nor keys ever come here.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass, field, fields
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TextIO

import structlog
from pydantic import ConfigDict, TypeAdapter

if TYPE_CHECKING:
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


@dataclass(slots=True)
class RequestRecord:
    """What one request was and where its time went.

    Lives as long as the request: the middleware makes it, handlers and synthesis fill it, and it is written
    once when the response has ended. A field that stays None is left out of the line.
    """

    __pydantic_config__: ClassVar = ConfigDict(use_attribute_docstrings=True)

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

    _started: float = field(default_factory=perf_counter, init=False, repr=False)

    def elapsed_ms(self) -> float:
        """Milliseconds since the request came in."""
        return (perf_counter() - self._started) * 1000

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
        properties: dict[str, dict[str, Any]] = TypeAdapter(cls).json_schema()["properties"]
        return {name: schema for name, schema in properties.items() if not name.startswith("_")}


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
