"""The log: one structured line for each request and event. Keys never come here, and text only if asked for."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, TextIO

import structlog

if TYPE_CHECKING:
    from structlog.typing import Processor

    from gateway.settings import Settings
    from gateway.speech.record import Outcome

LEVELS: dict[Outcome, int] = {
    "failed": logging.ERROR,
    "timeout": logging.WARNING,
    "refused_queue": logging.WARNING,
    "draining": logging.WARNING,
}
"""Log level of a request by its outcome; INFO where none is given."""


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
