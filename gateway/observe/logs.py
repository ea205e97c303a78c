"""The log: one structured line for each request and event. Keys never come here, and text only if asked for."""

from __future__ import annotations

import contextlib
import logging
import sys
import traceback
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TextIO

import structlog

from gateway.observe.log_writer import LineWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from structlog.typing import EventDict, Processor

    from gateway.settings import Settings

OURS: Final = ("gateway", "inference", "models")
"""Packages that log at the chosen level; all others only what they warn of.

A library does not know what it must not say: at DEBUG, h2's decoder of headers logged each client's key.
"""

NOWHERE: Final[Mapping[str, str]] = MappingProxyType({})
"""The origin of lines where there is only one."""


@contextlib.contextmanager
def logged(
    settings: Settings, stream: TextIO | None = None, origin: Mapping[str, str] = NOWHERE
) -> Iterator[LineWriter]:
    """The log of a server, on standard output, with what Python itself warns of; ends with the context.

    Whoever stops reading it costs lines and no request. Every line has the fields of `origin`.
    """
    with LineWriter(stream or sys.stdout) as lines:
        configure_logging(settings, lines, is_terminal=lines.is_terminal, origin=origin)
        logging.captureWarnings(True)
        try:
            yield lines
        finally:
            logging.captureWarnings(False)


def configure_logging(
    settings: Settings,
    handler: logging.Handler,
    *,
    is_terminal: bool,
    origin: Mapping[str, str] = NOWHERE,
) -> None:
    """Send structlog and the standard library's logging to `handler`, one line an event, with the fields of `origin`.

    JSON with UTC timestamps, or coloured for reading on a terminal; `settings.log_format` decides otherwise.
    """
    reading = settings.log_format == "text" or (settings.log_format == "auto" and is_terminal)
    handler.setFormatter(_formatter(origin, _for_reading() if reading else _as_json()))
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))
    for package in OURS:
        logging.getLogger(package).setLevel(level)
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


def _formatter(origin: Mapping[str, str], rendering: list[Processor]) -> logging.Formatter:
    def with_origin(_: object, __: str, event: EventDict) -> EventDict:
        event.pop("_ray_timestamp_ns", None)  # Ray adds it to all that is logged in its processes
        event.update(origin)
        return event

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_common(), structlog.stdlib.ExtraAdder(), _without_words_of_libraries],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, with_origin, *rendering],
    )


def _without_words_of_libraries(_: object, __: str, event: EventDict) -> EventDict:
    """Of what another package logs, the first line, and of its tracebacks the places.

    The rest is objects as they print themselves: asyncio told of a client's fault with its headers, key and all.
    """
    if event["_record"].name.partition(".")[0] in OURS:
        return event
    event["event"] = event["event"].partition("\n")[0]
    info = event.pop("exc_info", None)
    if isinstance(info, tuple) and info[1]:
        event["exception"] = "".join(_places(traceback.TracebackException.from_exception(info[1])))
    return event


def _places(error: traceback.TracebackException) -> Iterator[str]:
    """Where an exception, its cause and those that it groups were raised, and their classes; not what they say."""
    for before in filter(None, (error.__cause__, error.__context__)):
        yield from _places(before)
    yield from error.stack.format()
    yield f"{error.exc_type.__name__}\n"
    for grouped in error.exceptions or ():
        yield from _places(grouped)


def _as_json() -> list[Processor]:
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _for_reading() -> list[Processor]:
    # The default traceback of a terminal shows local variables, and with them the text of a request.
    return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
