"""Brings a file of the manifest into a directory: whole and genuine, or not at all.

Knows no settings and prints nothing: the directory and the progress are handed in.
"""

from __future__ import annotations

import enum
import hashlib
from typing import TYPE_CHECKING

from models.sources import SourceFailed, fill
from models.unfinished import ByteProgress, Unfinished, clear, locked

if TYPE_CHECKING:
    from pathlib import Path

    from models.manifest import File, Source

__all__ = ["ByteProgress", "FetchError", "FileState", "fetch", "verify"]


class FetchError(Exception):
    """The file is not there and could not be brought; the message says what was tried and what to do."""


class FileState(enum.Enum):
    """What lies under a file's name."""

    MISSING = "missing"
    DAMAGED = "damaged"
    GOOD = "good"


def verify(file: File, directory: Path) -> FileState:
    """Compare size, then SHA-256: 60 ms for 92 MB, so that every start can afford it. OSError if unreadable."""
    path = directory / file.filename
    if not path.exists():
        return FileState.MISSING
    if not path.is_file() or path.stat().st_size != file.bytes:
        return FileState.DAMAGED
    with path.open("rb") as handle:
        genuine = hashlib.file_digest(handle, "sha256").hexdigest() == file.sha256
    return FileState.GOOD if genuine else FileState.DAMAGED


def fetch(file: File, directory: Path, progress: ByteProgress = lambda *_: None) -> Path:
    """The path of `file` in `directory`, fetched from the first source that has it, if it is not there yet.

    Any number of processes may do so at once: one fetches, the others wait for its copy. Interrupted, it
    leaves a `.part` that the next fetch resumes, and never a bad file under the final name.

    Raises:
        FetchError: no source has it, or the directory cannot hold it.
    """
    target = directory / file.filename
    try:
        if verify(file, directory) is FileState.GOOD:
            clear(file, directory)
        else:
            directory.mkdir(parents=True, exist_ok=True)
            with locked(file, directory, progress) as part:
                if verify(file, directory) is not FileState.GOOD:  # another process may have brought it
                    _bring(part)
                    part.finish(target)
    except TimeoutError as error:
        raise FetchError(f"{file.filename}: {error}; end that process and fetch again") from error
    except OSError as error:
        place = f"{directory.absolute()} cannot hold {file.filename} ({file.bytes:,} bytes)"
        raise FetchError(f"{place}: {error.strerror}; make room or use another directory") from error
    progress(file.bytes, file.bytes, "verified")
    return target


def _bring(part: Unfinished) -> None:
    """Make the part genuine from the first source that can; FetchError lists why none could."""
    if part.is_genuine():
        return  # its fetcher was killed between the last byte and the renaming
    if part.size >= part.file.bytes:
        part.cut(0)
    failures = []
    for source in part.file.sources:
        try:
            _fill_genuinely(part, source)
        except SourceFailed as failure:
            failures.append(f"  {source}: {failure}")
        else:
            return
    raise FetchError(_by_hand(part, failures))


def _fill_genuinely(part: Unfinished, source: Source) -> None:
    """Wrong bytes are never kept; if some had been there before, they may be to blame: one more try without."""
    for _ in range(2 if part.size else 1):
        fill(part, source)
        if part.is_genuine():
            return
        part.cut(0)
    raise SourceFailed("gives bytes with another SHA-256")


def _by_hand(part: Unfinished, failures: list[str]) -> str:
    file, target = part.file, part.path.with_suffix("").absolute()
    return "\n".join(
        [
            f"no source gave {file.filename}:",
            *failures,
            f"Fetch again once one can be reached, or put the file there by hand: {target}",
            f"({file.bytes:,} bytes, SHA-256 {file.sha256})",
        ]
    )
