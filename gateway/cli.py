"""The command line: serve, say, voices, models, doctor, config. Knows what people type, and hands the rest on."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
import uvloop
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Column, Table

from gateway import __version__
from gateway.assembly import cache_bytes, hardware_profile, in_flight_bytes, pool_config
from gateway.audio.encoders import UnsupportedRate
from gateway.cli_options import with_settings
from gateway.http.app import create_app
from gateway.http.schema import parse_speech
from gateway.keys import Keys, UnusableKeys
from gateway.observe.logs import configure_logging, logged
from gateway.observe.status import ModelFacts, Running
from gateway.observe.tracing import TracingUnavailable
from gateway.server import lifecycle
from gateway.settings import PREFIX, Settings, UnknownSetting, as_markdown
from gateway.speech.cache import Cache
from gateway.speech.errors import RequestError
from gateway.speech.in_flight import InFlight
from gateway.speech.record import RequestRecord
from gateway.speech.synthesis import Synthesis
from gateway.tools import bench, doctor, soak, top
from inference import OPENAI_VOICES, Catalogue, InferenceError, Pool, UnknownVoice, WorkerFailedToStart
from models.derive.choose import Recipe, choose
from models.fetch import FetchError, FileState, fetch, verify
from models.manifest import Manifest, UnknownModel

if TYPE_CHECKING:
    from gateway.speech.request import SpeechRequest
    from inference import HardwareProfile, PoolConfig
    from models.derive.choose import Choice
    from models.manifest import File, Model

STARTUP_FAILURE: Final = 3
"""Exit code of a service that cannot start: trying again at once will not help."""

USERS_CAN_MEND: Final = (
    *(UnknownSetting, UnusableKeys, UnknownModel, UnknownVoice, FetchError),
    *(lifecycle.PortTaken, top.Unreachable, TracingUnavailable),
)

app = typer.Typer(
    help="The OpenAI speech API on this machine, spoken by Kokoro-82M.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="The model files: what there is, fetch it, check it.", no_args_is_help=True)
app.add_typer(models_app, name="models")

logger = logging.getLogger("gateway.cli")
_err = Console(stderr=True)
_out = Console()


def main() -> None:
    """Run the command line; what users can mend is said in a sentence, without a traceback."""
    try:
        app()
    except USERS_CAN_MEND as error:
        _fail(str(error))
    except (RequestError, UnsupportedRate) as error:
        _fail(str(error).replace("'response_format'", "format, which is --format or the ending of --output"))
    except OSError as error:
        _fail(f"{error.filename or 'input or output'}: {error.strerror}")
    except ValidationError as error:
        _fail("; ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()))
    except (WorkerFailedToStart, InferenceError) as error:
        _fail(f"{error}\n`kokoro-gateway doctor` says what is wrong.")


def _fail(message: str) -> None:
    _err.print(f"[bold red]error:[/] {message}", highlight=False)
    raise SystemExit(STARTUP_FAILURE)


@app.command()
@with_settings
def serve(settings: Settings) -> None:
    """Serve the OpenAI speech API; fetches the model first if it is not there."""
    lifecycle.end_on_sigterm()
    with logged(settings) as log:
        keys = Keys(settings)
        listener = lifecycle.listen(settings, keys)
        config, catalogue, running = _prepare(settings)
        told = dataclasses.replace(running, lines_dropped=lambda: log.dropped)
        try:
            uvloop.run(_serve(settings, keys, config, catalogue, told, listener))
        except asyncio.CancelledError:  # by SIGTERM while the workers start; nothing else cancels it
            logger.info("told_to_end_while_starting")


async def _serve(
    settings: Settings, keys: Keys, config: PoolConfig, catalogue: Catalogue, running: Running, listener: Any
) -> None:
    lifecycle.cancel_on_sigterm()
    host, port = listener.getsockname()[:2]
    async with Pool(config) as pool:
        in_flight = InFlight(in_flight_bytes(running.hardware))
        base = f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"
        app_ = create_app(settings, keys, pool, catalogue, running, in_flight)

        def announce() -> None:
            _err.print(_welcome(base), highlight=False, soft_wrap=True)

        await lifecycle.run(app_, pool, in_flight, keys, settings, listener, announce)


def _welcome(base: str) -> str:
    body = '{"model": "tts-1", "voice": "alloy", "input": "Hello from Kokoro."}'
    return (
        f"\n[bold]Kokoro Gateway {__version__}[/] speaks. Base URL: [bold green]{base}[/]\n\n"
        f"  curl {base}/audio/speech -H 'Content-Type: application/json' \\\n    -d '{body}' > hello.mp3\n"
    )


@app.command()
@with_settings
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
) -> None:
    """Say something into a file, without a server. The voice is --voice."""
    _log_errors(settings)
    words = sys.stdin.read() if text == "-" else text
    name = format_ or Path(output).suffix.lstrip(".") or "mp3"
    fields = {"model": "kokoro", "input": words, "response_format": name, "speed": speed}
    limitless = settings.model_copy(update={"max_input_chars": max(len(words), 1)})
    config, catalogue, _ = _prepare(settings)
    request = parse_speech(json.dumps(fields).encode(), catalogue, limitless)
    uvloop.run(_say(settings, config, request, output))


async def _say(settings: Settings, config: PoolConfig, request: SpeechRequest, output: str) -> None:
    record = RequestRecord("say")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[seconds]:.1f} s of speech"),
    )
    bar = Progress(*columns, console=_err)
    async with Pool(config) as pool:
        synthesis = Synthesis(pool, settings, Cache(0, 0, 0), InFlight(sys.maxsize))
        with contextlib.closing(synthesis), bar, _destination(output) as write:
            task = bar.add_task("speaking", total=None, seconds=0.0)
            speech = await synthesis.stream(request, record)
            async for data in speech.body:
                write(data)
                bar.update(task, seconds=record.audio_s or 0)
            bar.update(task, total=1, completed=1)
    if output != "-":
        _err.print(f"{output} holds {record.audio_s or 0:.1f} s of speech", highlight=False, soft_wrap=True)


@contextlib.contextmanager
def _destination(output: str) -> Any:
    """Write to standard output, or to a file that is there only once it is whole."""
    if output == "-":
        yield sys.stdout.buffer.write
        return
    part = Path(f"{output}.part")
    try:
        with part.open("wb") as file:
            yield file.write
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


@app.command()
@with_settings
def voices(
    settings: Settings, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """The voices, with their languages, and the OpenAI names."""
    _, catalogue, _ = _prepare(settings)
    names = {
        voice.id: [name for name, id_ in OPENAI_VOICES.items() if id_ == voice.id]
        for voice in catalogue.voices
    }
    rows = [
        {"id": v.id, "language": v.language, "gender": v.gender, "openai": ", ".join(names[v.id])}
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
@with_settings
def models_list(settings: Settings) -> None:
    """The model files there are, and which of them are here."""
    table = Table("name", "state", "MB", "licence", "what", box=None)
    for file in Manifest.load().files:
        state = verify(file, settings.models_dir)
        size = f"{file.bytes / 1e6:.0f}" if file.bytes else "?"
        table.add_row(file.name, state.value, size, file.licence, file.about)
    _out.print(table, f"in {settings.models_dir}", highlight=False, soft_wrap=True)


@models_app.command("fetch")
@with_settings
def models_fetch(settings: Settings) -> None:
    """Fetch the model files that are missing or damaged. Another model than the default: --model."""
    model = Manifest.load().model(settings.model)
    for path in _fetched(model, settings):
        _out.print(f"{path} is there", highlight=False, soft_wrap=True)


@models_app.command("verify")
@with_settings
def models_verify(settings: Settings) -> None:
    """Check the model files against their SHA-256; the exit code is 1 unless all are good."""
    model = Manifest.load().model(settings.model)
    states = {file.name: verify(file, settings.models_dir) for file in (model, model.voices)}
    for name, state in states.items():
        _out.print(f"{name}: {state.value}", highlight=False)
    raise typer.Exit(0 if all(state is FileState.GOOD for state in states.values()) else 1)


@app.command("doctor")
@with_settings
def doctor_command(
    settings: Settings, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """Look at everything that could be wrong here, and say what to do; the exit code is 1 if something is."""
    _log_errors(settings)
    model = Manifest.load().model(settings.model)
    files = {
        settings.models_dir / file.filename: verify(file, settings.models_dir).value
        for file in (model, model.voices)
    }
    hardware = hardware_profile(settings)
    is_whole = all(state == FileState.GOOD.value for state in files.values())
    choice = _chosen(settings, hardware, *files) if is_whole else None
    graph = (choice.graph, choice.kind, choice.reason) if choice else None
    report = uvloop.run(doctor.examine(settings, hardware, files, graph))
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
        typer.Option("--soak", help="So many minutes of mixed load, hang-ups and killed workers."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Measure what this machine carries: first audio, cost, streams in real time, memory."""
    measured = soak.run(soak_minutes) if soak_minutes else bench.run(url, rounds)
    if as_json:
        _out.print_json(data=measured.as_dict())
    else:
        _out.print(measured.as_table())
    raise typer.Exit(1 if soak_minutes and measured.as_dict()["faults"] else 0)


@app.command()
@with_settings
def config(
    settings: Settings,
    markdown: Annotated[bool, typer.Option("--markdown", help="As the table of deploy/README.md.")] = False,
) -> None:
    """Every option: its value, where that came from, and what it means."""
    if markdown:
        sys.stdout.write(f"{as_markdown()}\n")
        return
    table = Table(Column("variable", no_wrap=True), "value", "from", "meaning", box=None)
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        default = field.get_default(call_default_factory=True)
        source = "environment" if PREFIX + name.upper() in os.environ else "default"
        source = source if source == "environment" or value == default else "option"
        shown = "********" if name == "api_keys" and value else str(value)
        table.add_row(PREFIX + name.upper(), shown, source, field.description)
    _out.print(table)


app.command("top")(with_settings(top.watch))


@app.command()
def version() -> None:
    """The version."""
    _out.print(__version__, highlight=False)


def _log_errors(settings: Settings) -> None:
    """For a command that ends by itself: what goes wrong, on standard error."""
    quiet = settings.model_copy(update={"log_level": "error"})
    configure_logging(quiet, logging.StreamHandler(), is_terminal=True)


def _prepare(settings: Settings) -> tuple[PoolConfig, Catalogue, Running]:
    """Fetch what is missing, derive what is faster, look at the machine, and say who will run what."""
    model = Manifest.load().model(settings.model)
    model_path, voices_path = _fetched(model, settings)
    catalogue = Catalogue.read(voices_path)
    catalogue.resolve(settings.voice)
    hardware = hardware_profile(settings)
    choice = _chosen(settings, hardware, model_path, voices_path)
    facts = ModelFacts(
        name=model.name,
        sha256=model.sha256,
        voices_sha256=model.voices.sha256,
        graph=choice.kind,
        reason=choice.reason,
    )
    running = Running(hardware, facts, cache_bytes(settings, hardware))
    config = pool_config(settings, hardware, model_path, choice.graph, voices_path, choice.cost)
    return config, catalogue, running


def _chosen(settings: Settings, hardware: HardwareProfile, model: Path, voices: Path) -> Choice:
    """The graph that the CPU runs: the released one, or one derived from it for this machine."""
    machine = hardware.machine
    recipe = Recipe.for_machine(machine.architecture, machine.instruction_sets)
    force = None if settings.graph == "auto" else settings.graph
    columns = (TextColumn("preparing the model for this machine, once: {task.description}"), BarColumn())
    with Progress(*columns, console=_err, transient=True) as bar:
        task = bar.add_task("", total=1, visible=False)

        def show(doing: str, share: float) -> None:
            bar.update(task, completed=share, description=doing, visible=True)

        choice = choose(model, settings.models_dir, voices, recipe=recipe, force=force, progress=show)
    logger.info("graph_chosen", extra={"graph": choice.kind, "reason": choice.reason})
    return choice


def _fetched(model: Model, settings: Settings) -> tuple[Path, Path]:
    """Paths of a model and of its voices; a damaged file is fetched again."""
    return _fetch_one(model, settings), _fetch_one(model.voices, settings)


def _fetch_one(file: File, settings: Settings) -> Path:
    if verify(file, settings.models_dir) is FileState.GOOD:
        return settings.models_dir / file.filename
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=_err) as bar:
        task = bar.add_task(file.name, total=file.bytes)

        def show(done_bytes: int, total_bytes: int, source: str) -> None:
            bar.update(task, completed=done_bytes, total=total_bytes, description=f"{file.name}: {source}")

        return fetch(file, settings.models_dir, show)


if __name__ == "__main__":
    main()
