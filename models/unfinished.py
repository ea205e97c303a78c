"""The unfinished copy of one file: locked to one process, growing until it is whole.

Knows neither where its bytes come from nor which other files there are.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, Protocol

from models.locks import is_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedRandom
    from pathlib import Path

    from models.manifest import File

STALL_S: Final = 30.0
"""A source from which nothing came for so long is given up."""


class ByteProgress(Protocol):
    """Called often with how far a file is; must return quickly."""

    def __call__(self, done_bytes: int, total_bytes: int, source: str) -> None:
        """`source` is a label of one or two words; `done_bytes` falls where a source has to start over."""


class Unfinished:
    """A `.part` file, open and locked. Lives while one process works on one file.

    The lock is on the open file, not a file of its own: it ends with its holder however that ends, and
    leaves nothing to clear away. What a killed process had received stays, to be resumed.
    """

    def __init__(self, file: File, path: Path, handle: BufferedRandom, progress: ByteProgress) -> None:
        self.file = file
        self.path = path
        self.handle = handle
        self._progress = progress

    @property
    def size(self) -> int:
        """Bytes received so far."""
        return self.handle.seek(0, os.SEEK_END)

    def cut(self, size: int) -> None:
        """Forget everything after the first `size` bytes, and write there next."""
        self.handle.truncate(size)
        self.handle.seek(size)

    @property
    def scratch(self) -> Path:
        """A folder beside it for what a source needs on the way; made by who needs it, removed with the lock."""
        return self.path.with_suffix(".scratch").absolute()

    def report(self, done: int, source: str) -> None:
        """Tell the progress; more bytes than the file has are told as all of them."""
        self._progress(min(done, self.file.bytes), self.file.bytes, source)

    def is_genuine(self) -> bool:
        """Whether this is now the whole file, by size and SHA-256."""
        if self.size != self.file.bytes:
            return False
        self.handle.seek(0)
        return hashlib.file_digest(self.handle, "sha256").hexdigest() == self.file.sha256

    def finish(self, target: Path) -> None:
        """Give the file its name in one step: whoever looks sees what was there before, or all of it."""
        self.handle.flush()
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.path.replace(target)


@contextmanager
def locked(file: File, directory: Path, progress: ByteProgress) -> Iterator[Unfinished]:
    """The part of `file` in `directory`, waiting for any other process that works on it.

    Raises:
        OSError: the directory cannot be written.
        TimeoutError: the other process holds the part but has got nothing for two stalls.
    """
    path = directory / f"{file.filename}.part"
    while True:
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as handle:
            part = Unfinished(file, path, handle, progress)
            _lock(part)
            if not is_at(path, handle.fileno()):
                continue  # its last holder finished or dropped it while we waited
            try:
                yield part
            finally:
                _leave(part)
            return


def clear(file: File, directory: Path) -> None:
    """Remove what killed fetches left of a file that is there, unless a process works on it just now."""
    path = directory / f"{file.filename}.part"
    if not path.exists() and not path.with_suffix(".scratch").exists():
        return
    with suppress(OSError), os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part = Unfinished(file, path, handle, lambda *_: None)
        part.cut(0)
        _leave(part)


def growth(measure: Callable[[], int], limit_s: float = STALL_S) -> Iterator[int]:
    """Measure ten times a second; TimeoutError once the figure has not changed for `limit_s`."""
    last, since = -1, time.monotonic()
    while True:
        size = measure()
        if size != last:
            last, since = size, time.monotonic()
        elif time.monotonic() - since > limit_s:
            raise TimeoutError(f"nothing came for {limit_s:.0f} s")
        yield size
        time.sleep(0.1)


def _lock(part: Unfinished) -> None:
    try:
        for size in growth(lambda: part.size, limit_s=2 * STALL_S):
            with suppress(BlockingIOError):
                return fcntl.flock(part.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.report(size, "another process")
    except TimeoutError as error:
        raise TimeoutError(f"another process is fetching it, but {error}") from error


def _leave(part: Unfinished) -> None:
    """Clear away what no later fetch can resume, unless the part has been finished and is another's by now."""
    if not is_at(part.path, part.handle.fileno()):
        return
    shutil.rmtree(part.scratch, ignore_errors=True)
    if part.size == 0:
        part.path.unlink()
