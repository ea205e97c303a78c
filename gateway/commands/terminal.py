"""What people see of a command: what it found, what went wrong, and how far it is. Knows no command."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn, Protocol, cast

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from gateway.observe.logs import configure_logging

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from gateway.model_files import Show
    from gateway.settings import Settings

CANNOT_START: Final = 3
"""Exit code of a service that cannot start: trying again at once will not help."""


class _StandardError:
    """Standard error, as far as it takes anything: a service goes on where nobody can be told."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)


out: Final = Console()
"""For what was asked for."""

err: Final = Console(file=cast("IO[str]", _StandardError()))
"""For all else, so that what was asked for can be piped."""


class Report(Protocol):
    """What a command has measured or found."""

    def as_table(self) -> Table:
        """For people."""

    def as_dict(self) -> Any:
        """For machines."""


def print_report(report: Report, *, as_json: bool) -> None:
    """Print it, for people or for machines."""
    if as_json:
        out.print_json(data=report.as_dict())
    else:
        out.print(report.as_table())


def fail(message: str) -> NoReturn:
    """End the program and say why."""
    err.print(f"[bold red]error:[/] {escape(message)}", highlight=False, soft_wrap=True)
    sys.exit(CANNOT_START)


def log_errors(settings: Settings) -> None:
    """For a command that ends by itself: what goes wrong, on standard error."""
    quiet = settings.model_copy(update={"log_level": "error"})
    configure_logging(quiet, logging.StreamHandler(), is_terminal=True)


@contextlib.contextmanager
def progress() -> Iterator[Show]:
    """A bar on standard error, which appears when there is something to wait for, and goes with it."""
    columns = (TextColumn("{task.description}"), BarColumn())
    bar = Progress(*columns, console=err, transient=True, redirect_stdout=False)
    task = bar.add_task("", total=1)
    with contextlib.ExitStack() as ending:

        def show(doing: str, share: float | None) -> None:
            if not bar.live.is_started:
                ending.enter_context(bar)
            bar.update(task, description=doing, completed=share, total=None if share is None else 1)

        yield show
