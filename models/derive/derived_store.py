"""Where one derived graph is kept: its files, the record of its comparison, the lock under which both are made.

Knows neither how a graph is derived nor what makes it good. A process killed here leaves nothing half done under its
final name, and what it does leave is cleared away by the next one that takes the lock.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import ConfigDict, Field, TypeAdapter

from models.locks import is_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GRAPH: Final = "score.onnx"
RECORD: Final = "choice.json"
_WORKSHOP: Final = ".deriving-"
_LOCK: Final = "lock"

Cost = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class Measured:
    """What a finished comparison of the derived graph with the release found; see `models.derive.compare`.

    `released_cost` and `derived_cost` are CPU seconds of one thread for a second of audio, `distance` and `level` dB,
    `length` a share, `peak` a sample. Only costs must be numbers: the others may be NaN, of a graph that is unsound.
    """

    released_cost: Cost
    derived_cost: Cost
    distance: float
    length: float
    level: float
    peak: float


@dataclass(frozen=True)
class _Record:
    """A comparison and the SHA-256 of what was compared."""

    __pydantic_config__ = ConfigDict(ser_json_inf_nan="constants")  # null could not be read back

    digest: str
    measured: Measured


MEASURED: Final = TypeAdapter(Measured)
_RECORD: Final = TypeAdapter(_Record)


@dataclass(frozen=True)
class DerivedStore:
    """The directory of one derived graph, which may not be there yet. Lives as long as one choice."""

    path: Path

    @property
    def graph(self) -> Path:
        """The score stage; the vocoder and the weights of both lie beside it."""
        return self.path / GRAPH

    def record(self) -> Measured | None:
        """What was measured of the very files that lie here now (0.1 s); None if there is no such record."""
        try:
            record = _RECORD.validate_json((self.path / RECORD).read_bytes(), strict=True)
            return record.measured if record.digest == self._digest() else None
        except (OSError, ValueError):  # a damaged record is like none
            return None

    def is_whole(self) -> bool:
        """Whether a graph is here that no record speaks against: its comparison may not have been finished."""
        return self.graph.is_file() and not (self.path / RECORD).exists()

    @contextmanager
    def locked(self, wait: Callable[[], None]) -> Iterator[Path]:
        """An empty folder beside the store, given to one process at a time; gone with all that is in it afterwards.

        `wait` is called once where another process has it. OSError: the directory cannot be written.
        """
        for other in self.path.parent.glob(f"{_WORKSHOP}*"):
            with suppress(OSError), _held(other, block=False):
                pass  # left by a process that was killed: holding it clears it away
        folder = self.path.with_name(f"{_WORKSHOP}{self.path.name}")
        with _held(folder, block=True, wait=wait):
            yield folder

    def take(self, baked: Path, workshop: Path) -> None:
        """Make `baked` the store in one step; what lay there goes."""
        self.discard(workshop)
        baked.rename(self.path)

    def discard(self, workshop: Path) -> None:
        """Move the store out of the way in one step; it is removed with the workshop."""
        with suppress(FileNotFoundError):
            self.path.rename(workshop / "discarded")

    def keep(self, measured: Measured, workshop: Path) -> None:
        """Write the record of a finished comparison in one step."""
        record = workshop / RECORD
        record.write_bytes(_RECORD.dump_json(_Record(self._digest(), measured), indent=2))
        record.replace(self.path / RECORD)

    def _digest(self) -> str:
        """SHA-256 of everything here but the record."""
        digest = hashlib.sha256()
        for path in sorted(self.path.iterdir()):
            if path.name != RECORD:
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()


@contextmanager
def _held(folder: Path, *, block: bool, wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Make a folder and hold its lock: it is empty at first, and gone afterwards.

    The lock is on an open file, so it ends with its holder however that ends. BlockingIOError if not to `block`.
    """
    while True:
        with suppress(FileExistsError):  # exist_ok would look again, and its holder may just have removed it
            folder.mkdir(parents=True)
        if folder.is_symlink():
            raise NotADirectoryError(f"{folder} leads elsewhere")  # what is emptied must be ours
        try:
            lock = (folder / _LOCK).open("w")
        except FileNotFoundError:
            continue  # its last holder has just removed the folder
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not block:
                    raise
                wait()
                fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_at(folder / _LOCK, lock.fileno()):
                continue  # its last holder removed it while we waited
            try:
                _empty(folder)
                yield
            finally:
                with suppress(OSError):
                    _empty(folder)
                    (folder / _LOCK).unlink()  # last: until then the folder is ours
                    folder.rmdir()
            return


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != _LOCK:
            path.unlink()
