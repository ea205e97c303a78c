"""The command line: serve, cluster, say, voices, models, doctor, bench, top, config, phonemes, version.

Knows what people type and what they are shown; what a gateway is made of is settled in the assembly.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol

import typer
import uvloop
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column, Table

from gateway import __version__, assembly
from gateway.cli_options import EVERY, FILES, SERVER, SPEECH, with_settings
from gateway.cluster import command
from gateway.keys import Keys, UnusableKeys
from gateway.observe.logs import configure_logging, logged
from gateway.observe.tracing import TracingUnavailable
from gateway.server import lifecycle
from gateway.settings import PREFIX, Settings, UnknownSetting, as_markdown, base_url, without_secrets
from gateway.speech.cache_server import RemoteCacheUnavailable
from gateway.speech.errors import RequestError
from gateway.speech.lexicon import UnusableLexicon
from gateway.speech.request import SpeechRequest
from gateway.speech.voices import OPENAI_VOICES, UnknownVoice
from gateway.tools import bench, doctor, soak, talkers, top
from gateway.tools.phonemes import print_phonemes
from gateway.tools.say import STANDARD_OUTPUT, captions_format
from gateway.tools.say import say as say_into
from inference import InferenceError, WorkerFailedToStart
from models.fetch import FetchError, FileState, verify
from models.manifest import Manifest, UnknownModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.assembly import Show


class Measured(Protocol):
    """What a benchmark has measured."""

    def as_table(self) -> Table:
        """For people."""

    def as_dict(self) -> Any:
        """For machines."""


CANNOT_START: Final = 3
"""Exit code of a service that cannot start: trying again at once will not help."""

USERS_CAN_MEND: Final = (
    *(UnknownSetting, UnusableKeys, UnusableLexicon, UnknownModel, UnknownVoice, FetchError),
    *(lifecycle.PortTaken, top.Unreachable, TracingUnavailable, RemoteCacheUnavailable),
    command.ClusterFailed,
)
"""Exceptions that say what is wrong and what to do about it."""

OPTIONS: Final = {
    "input": "the text to say",
    "response_format": "--format, or the ending of --output",
    "speed": "--speed",
    "captions": "--captions",
}
"""Where the fields of a request come from when it is typed."""

app = typer.Typer(
    help="The OpenAI speech API on this machine, spoken by Kokoro-82M.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="The model files: what there is, fetch it, check it.", no_args_is_help=True)
app.add_typer(models_app, name="models")

_err = Console(stderr=True)
_out = Console()


def main() -> None:
    """Run the command line; what users can mend is said in a sentence, without a traceback."""
    try:
        app()
    except USERS_CAN_MEND as error:
        _fail(str(error))
    except RequestError as error:
        option = OPTIONS.get(error.param or "")
        _fail(f"{error} It is set by {option}." if option else str(error))
    except OSError as error:
        _fail(f"{error.filename or 'input or output'}: {error.strerror}")
    except ValidationError as error:
        _fail("; ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()))
    except (WorkerFailedToStart, InferenceError) as error:
        _fail(f"{error}\n`kokoro-gateway doctor` says what is wrong.")


def _fail(message: str) -> None:
    _err.print(f"[bold red]error:[/] {escape(message)}", highlight=False, soft_wrap=True)
    sys.exit(CANNOT_START)


@app.command()
@with_settings(*EVERY)
def serve(settings: Settings) -> None:
    """Serve the OpenAI speech API; fetches the model first if it is not there."""
    lifecycle.end_on_sigterm()
    with logged(settings) as log:
        keys = Keys(settings)
        listener, for_wyoming = lifecycle.listen(settings, keys), lifecycle.listen_for_wyoming(settings)
        with _bar() as show:
            parts = assembly.prepare(settings, show)
        uvloop.run(
            assembly.serve(
                parts, keys, listener, for_wyoming, log, lambda: _welcome(*listener.getsockname()[:2])
            )
        )


@app.command()
@with_settings(*EVERY)
def cluster(
    settings: Settings,
    join: Annotated[
        str | None,
        typer.Option(help="Be a further machine of the fleet whose first machine printed this address."),
    ] = None,
    join_port: Annotated[
        int, typer.Option(help="Port at which further machines join the first.")
    ] = command.JOIN_PORT,
) -> None:
    """Serve from several machines, as the first of them or a further one. Needs the extra `ray`."""
    if importlib.util.find_spec("ray") is None:
        _fail("Ray is not installed: pip install 'kokoro-gateway[ray]'")
    Keys(settings)
    lifecycle.require_ports(settings, join_port if join is None else None)
    command.require_access(join)
    with _bar() as show:
        assembly.prepare(settings, show)  # the replica would do it too, but here somebody sees how far it is

    def announce(address: str) -> None:
        if join is None:
            _welcome(settings.host, settings.port)
            _err.print(f"Further machines: kokoro-gateway cluster --join {address}", highlight=False)
        else:
            _err.print(
                f"Joined {address}: this machine speaks once its log says worker_ready.", highlight=False
            )
            if settings.node_port:
                _err.print(
                    f"Its own Base URL: {base_url(settings.host, settings.node_port)}", highlight=False
                )

    command.run(settings, join, join_port, announce)


def _welcome(host: str, port: int) -> None:
    base = base_url(host, port)
    body = '{"model": "tts-1", "voice": "alloy", "input": "Hello from Kokoro."}'
    _err.print(
        f"\n[bold]Kokoro Gateway {__version__}[/] speaks. Base URL: [bold green]{base}[/]\n\n"
        f"  curl {base}/audio/speech -H 'Content-Type: application/json' \\\n    -d '{body}' > hello.mp3\n",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
@with_settings(*SPEECH)
def say(
    settings: Settings,
    text: Annotated[str, typer.Argument(help="What to say; - reads it from standard input.")],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", help="File to write, its ending names the format; - for standard output."
        ),
    ] = "speech.mp3",
    format_: Annotated[
        str | None, typer.Option("--format", "-f", help="Format, if the ending does not say it.")
    ] = None,
    speed: Annotated[float, typer.Option(help="0.25 to 4.")] = 1.0,
    captions: Annotated[
        str, typer.Option(help="File for captions of it, whose ending is .srt, .vtt or .json.")
    ] = "",
) -> None:
    """Say something into a file, without a server. The voice is --voice."""
    _log_errors(settings)
    if captions:
        captions_format(captions)
    words = sys.stdin.read() if text == STANDARD_OUTPUT else text
    name = format_ or Path(output).suffix.lstrip(".") or "mp3"
    with _bar() as show:
        parts = assembly.prepare(settings, show)
        request = SpeechRequest.from_fields(
            parts.catalogue,
            words,
            settings.voice,
            response_format=name,
            speed=speed,
            timestamps="word" if captions else None,
        )
        spoken_s = uvloop.run(
            say_into(
                parts, request, output, lambda heard_s: show(f"{heard_s:.1f} s of speech", None), captions
            )
        )
    if output != STANDARD_OUTPUT:
        _err.print(f"{output} holds {spoken_s:.1f} s of speech", highlight=False, soft_wrap=True)


@app.command()
@with_settings(*FILES)
def voices(
    settings: Settings, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """The voices, with their languages, and the OpenAI names."""
    with _bar() as show:
        catalogue = assembly.read_catalogue(settings, show)
    openai = {
        voice.id: ", ".join(name for name, id_ in OPENAI_VOICES.items() if id_ == voice.id)
        for voice in catalogue.voices
    }
    rows = [
        {"id": v.id, "language": v.language, "gender": v.gender, "openai": openai[v.id]}
        for v in catalogue.voices
    ]
    if as_json:
        _out.print_json(data=rows)
        return
    table = Table("voice", "language", "gender", "OpenAI name", box=None)
    for row in rows:
        table.add_row(*row.values())
    _out.print(table)


@models_app.command("list")
@with_settings("models_dir")
def models_list(settings: Settings) -> None:
    """The model files there are, and which of them are here."""
    table = Table("name", "state", "MB", "licence", "what", box=None)
    for file in Manifest.load().files:
        state = verify(file, settings.models_dir)
        table.add_row(file.name, state.value, f"{file.bytes / 1e6:.0f}", file.licence, file.about)
    _out.print(table)
    _out.print(f"in {settings.models_dir}", highlight=False, soft_wrap=True)


@models_app.command("fetch")
@with_settings(*FILES)
def models_fetch(settings: Settings) -> None:
    """Fetch the model files that are missing or damaged. Another model than the default: --model."""
    with _bar() as show:
        files = assembly.fetch_files(settings, show)
    for path in (files.model, files.voices):
        _out.print(f"{path} is there", highlight=False, soft_wrap=True)


@models_app.command("verify")
@with_settings(*FILES)
def models_verify(settings: Settings) -> None:
    """Check the model files against their SHA-256; the exit code is 1 unless all are good."""
    states = assembly.file_states(settings)
    for path, state in states.items():
        _out.print(f"{path.name}: {state.value}", highlight=False)
    raise typer.Exit(0 if all(state is FileState.GOOD for state in states.values()) else 1)


@app.command("doctor")
@with_settings(*SERVER, *SPEECH)
def doctor_command(
    settings: Settings, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """Look at everything that could be wrong here, and say what to do; the exit code is 1 if something is."""
    _log_errors(settings)
    with _bar() as show:
        report = doctor.examine(settings, show)
    if as_json:
        _out.print_json(data=report.as_dict())
    else:
        _out.print(report.as_table())
    raise typer.Exit(0 if report.is_well else 1)


@app.command("bench")
def bench_command(
    url: Annotated[
        str | None, typer.Option(help="Measure this server (with /v1) instead of one of our own.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=2, help="Replies that each figure is taken from.")] = 8,
    soak_minutes: Annotated[
        float | None,
        typer.Option("--soak", help="So many minutes of load, hostile clients and killed workers."),
    ] = None,
    talk: Annotated[
        bool, typer.Option("--talk", help="Texts written token by token on a socket, and broken off.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Measure what this machine carries: first audio, cost, streams in real time, memory."""
    if soak_minutes:
        account = soak.run(soak_minutes)
        _show(account, as_json=as_json)
        raise typer.Exit(1 if account.as_dict()["faults"] else 0)
    _show(talkers.run(url, rounds) if talk else bench.run(url, rounds), as_json=as_json)


def _show(measured: Measured, *, as_json: bool) -> None:
    if as_json:
        _out.print_json(data=measured.as_dict())
    else:
        _out.print(measured.as_table())


@app.command()
@with_settings(*EVERY)
def config(
    settings: Settings,
    context: typer.Context,
    markdown: Annotated[bool, typer.Option("--markdown", help="As the table of deploy/README.md.")] = False,
) -> None:
    """Every option: its value, where that came from, and what it means."""
    if markdown:
        sys.stdout.write(f"{as_markdown()}\n")
        return
    table = Table(Column("variable", no_wrap=True), "value", "from", "meaning", box=None)
    for name, field in Settings.model_fields.items():
        value = _shown(name, settings)
        table.add_row(PREFIX + name.upper(), value, _source(name, settings, context), field.description)
    _out.print(table)


def _shown(name: str, settings: Settings) -> str:
    """The value of an option, as anybody may see it."""
    value = getattr(settings, name)
    if name == "cache_url" and value:
        return without_secrets(value.get_secret_value())
    return "********" if name in {"api_keys", "cache_secret"} and value else str(value)


def _source(name: str, settings: Settings, context: typer.Context) -> str:
    """Where the value of an option came from."""
    if name not in settings.model_fields_set:
        return "default"
    return "environment" if context.params.get(name) is None else "option"


app.command("top")(with_settings(*SERVER)(top.watch))


@app.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True}, add_help_option=False
)
def phonemes(context: typer.Context) -> None:
    """Print the phonemes of a text, without server or model: a line for each line. --help says how."""
    print_phonemes(context.args)


@app.command()
def version() -> None:
    """The version."""
    _out.print(__version__, highlight=False)


def _log_errors(settings: Settings) -> None:
    """For a command that ends by itself: what goes wrong, on standard error."""
    quiet = settings.model_copy(update={"log_level": "error"})
    configure_logging(quiet, logging.StreamHandler(), is_terminal=True)


@contextlib.contextmanager
def _bar() -> Iterator[Show]:
    """A bar on standard error, which appears when there is something to wait for, and goes with it."""
    columns = (TextColumn("{task.description}"), BarColumn())
    bar = Progress(*columns, console=_err, transient=True, redirect_stdout=False)
    task = bar.add_task("", total=1)
    with contextlib.ExitStack() as ending:

        def show(doing: str, share: float | None) -> None:
            if not bar.live.is_started:
                ending.enter_context(bar)
            bar.update(task, description=doing, completed=share, total=None if share is None else 1)

        yield show


if __name__ == "__main__":
    main()
