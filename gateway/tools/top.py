"""The status of a running gateway as a page for terminals, drawn anew every second. Knows `Status` and rich only."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Final

import httpx
import typer
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table

from gateway.keys import read_keys
from gateway.observe.status import Status
from gateway.settings import Settings  # noqa: TC001 - the types of options are looked up when it runs
from gateway.tools.reach import Unreachable, reaching

if TYPE_CHECKING:
    from gateway.observe.status import Percentiles, WorkerFacts

REFRESH_S: Final = 1.0
_MB: Final = 1 << 20
_COLOURS: Final = {"idle": "green", "busy": "yellow", "starting": "red", "resting": "blue"}


def watch(
    settings: Settings,
    url: Annotated[str | None, typer.Option(help="Gateway to look at; default: --host and --port.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Print the figures once, and end.")] = False,
) -> None:
    """Show the figures of a running gateway, live. The key, if it wants one, is the first of KOKORO_API_KEYS."""
    base = (url or f"http://{settings.host}:{settings.port}").rstrip("/").removesuffix("/v1")
    keys = read_keys(settings)
    headers = {"authorization": f"Bearer {keys[0]}"} if keys else {}
    console = Console()
    with httpx.Client(base_url=base, headers=headers, timeout=5, trust_env=False) as client:
        if once:
            console.print(page(ask(client)))
            return
        with Live(page(ask(client)), console=console, screen=True, auto_refresh=False) as live:
            while True:
                time.sleep(REFRESH_S)
                try:
                    live.update(page(ask(client)), refresh=True)
                except Unreachable as error:  # it may come back
                    live.update(str(error), refresh=True)


def ask(client: httpx.Client) -> Status:
    """The status of the gateway.

    Raises:
        Unreachable: there is none to be had.
    """
    with reaching(client.base_url, "set KOKORO_API_KEYS to one of its keys"):
        answer = client.get("/status")
        answer.raise_for_status()
        return Status.model_validate_json(answer.content)


def page(status: Status) -> RenderableType:
    """All figures, on one page."""
    head = (
        f"[bold]Kokoro Gateway {status.version}[/]  {_state(status)}  up {_duration(status.uptime_s)}  "
        f"{status.model.name} ({status.model.graph})"
    )
    panels = [_panel("now", _now(status)), _panel("since the start", _totals(status))]
    panels += [
        _panel(f"last {status.recent.seconds // 60} minutes", _recent(status)),
        _panel("cache", _cache(status)),
    ]
    return Group(head, _workers(status.workers), Columns(panels))


def _state(status: Status) -> str:
    if status.is_draining:
        return "[red]draining[/]"
    return "[green]ready[/]" if status.is_ready else "[red]not ready[/]"


def _workers(workers: list[WorkerFacts]) -> Table:
    table = Table("worker", "pid", "state", "provider", "CPUs", "threads", "jobs", "restarts", "MB", box=None)
    for worker in workers:
        restarts = ", ".join(f"{cause} {count}" for cause, count in worker.restarts.items())
        table.add_row(
            worker.role,
            str(worker.pid or "-"),
            f"[{_COLOURS.get(worker.state, 'red')}]{worker.state}[/]",
            worker.provider or "-",
            ",".join(map(str, worker.cpus)) or "any",
            str(worker.threads),
            str(worker.jobs),
            restarts or "-",
            f"{worker.memory_bytes / _MB:.0f}",
        )
    return table


def _now(status: Status) -> dict[str, str]:
    queue = status.queue
    return {
        "requests": str(queue.requests),
        "jobs running": str(queue.running),
        "jobs waiting": f"{queue.jobs} ({queue.seconds:.1f} s)",
        "wait of a new one": f"{queue.wait_s:.1f} s",
    }


def _totals(status: Status) -> dict[str, str]:
    totals = status.totals
    outcomes = {outcome: str(count) for outcome, count in totals.requests.items() if count or outcome == "ok"}
    return outcomes | {
        "audio": _duration(totals.audio_s),
        "characters": str(totals.characters),
        "underruns": str(totals.underruns),
        "retries": str(totals.retries),
    }


def _recent(status: Status) -> dict[str, str]:
    recent = status.recent
    return {
        "": "p50 / p95 / p99",
        "first audio, ms": _percentiles(recent.ttfa_ms, ".0f"),
        "inference, ms": _percentiles(recent.inference_ms, ".0f"),
        "total, ms": _percentiles(recent.total_ms, ".0f"),
        "real-time factor": _percentiles(recent.rtf, ".2f"),
        "requests": str(recent.requests),
    }


def _cache(status: Status) -> dict[str, str]:
    cache = status.cache
    remote = cache.remote
    answering = remote and (f"{remote.hits} hits" if remote.is_answering else "does not answer")
    evictions = ", ".join(f"{cause} {count}" for cause, count in cache.evictions.items() if count)
    return {
        "entries": f"{cache.entries} of {cache.max_entries}",
        "MB": f"{cache.bytes / _MB:.1f} of {cache.max_bytes / _MB:.0f}",
        "hit rate": "-" if cache.hit_rate is None else f"{cache.hit_rate:.0%}",
        "hits": f"{cache.hits['response']} whole, {cache.hits['segment']} segments",
        "shared": str(cache.shared),
        "evictions": evictions or "-",
        **({"remote": answering} if answering else {}),
    }


def _panel(title: str, rows: dict[str, str]) -> Panel:
    table = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        table.add_row(name, value)
    return Panel(table, title=title, title_align="left")


def _percentiles(values: Percentiles, form: str) -> str:
    return " / ".join(
        "-" if value is None else format(value, form) for value in (values.p50, values.p95, values.p99)
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
