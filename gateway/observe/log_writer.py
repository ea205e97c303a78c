"""The writer of the log: a bounded queue and a thread, so that a reader who stops reading costs lines and no request.

Knows file descriptors and lines; knows no event but its own, and no format.
"""

from __future__ import annotations

import logging
import os
import queue
import select
import threading
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from typing import Self

logger = logging.getLogger(__name__)

MOST_LINES: Final = 4096
"""Lines that wait for the reader, 2 MB of them: four seconds of a thousand requests a second."""

FLUSH_S: Final = 1.0
"""Longest wait at the end for lines to be read: whoever stops the gateway soon kills it."""


class LineWriter(logging.Handler):
    """Writes lines to a stream from a thread of its own, and drops and counts what finds no room.

    Lives as long as the program, as a context; at its end what waits is written, within `FLUSH_S`. The line is made
    where it is logged (0.1 ms): a thread would take the same interpreter's time, and keep what a traceback holds.
    """

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self.is_terminal = stream is not None and stream.isatty()
        # Past the stream's buffer, whose lock a writer that is stuck would hold when the interpreter flushes it.
        self._fd = os.dup(stream.fileno()) if stream is not None else os.open(os.devnull, os.O_WRONLY)
        # The simple kind can be put into from anywhere, also from a finaliser that interrupts another `put`.
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._crowded_out = 0
        self._unwritten = 0
        self._told = 0
        self._is_closed = False
        self._thread = threading.Thread(target=self._write_on, name="log", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def dropped(self) -> int:
        """Lines that nobody could read so far."""
        return self._crowded_out + self._unwritten

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a line. Never waits."""
        if self._lines.qsize() >= MOST_LINES:
            self._crowded_out += 1
            return
        try:
            line = self.format(record)
        except Exception:  # as the standard library's own handlers have it: a line is not worth a request
            self.handleError(record)
        else:
            self._lines.put(f"{line}\n".encode(errors="backslashreplace"))

    def close(self) -> None:
        """Write what waits, as far as it is read in time."""
        if not self._is_closed:
            self._is_closed = True
            self._lines.put(None)
            if self._thread.ident is not None:
                self._thread.join(FLUSH_S)
        super().close()

    def _write_on(self) -> None:
        while (line := self._lines.get()) is not None:
            if not self._write(line):
                self._unwritten += 1
            elif self._lines.empty():
                self._tell_dropped()
        os.close(self._fd)

    def _write(self, line: bytes) -> bool:
        """False when the line cannot be written: a full disk, a reader that has gone."""
        rest = memoryview(line)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:  # another program has made the pipe that we share a non-blocking one
                select.select((), (self._fd,), ())
            except OSError:
                return False
        return True

    def _tell_dropped(self) -> None:
        if lost := self.dropped - self._told:
            self._told += lost
            logger.warning("log_lines_dropped", extra={"lines": lost})
