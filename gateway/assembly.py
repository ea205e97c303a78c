"""The composition root: settings and this machine -> files, graph, profile, pool and application, in this order.

One for serve, cluster, say, doctor and the tests. Knows who is made of what; prints nothing and parses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.http.app import create_app
from gateway.observe.status import ModelFacts, Running
from gateway.server import lifecycle
from gateway.speech.cache import Cache
from gateway.speech.lexicon import Lexicon
from gateway.speech.reply_memory import RepliesInFlight
from gateway.speech.speaker import speaker
from gateway.speech.synthesis import Synthesis
from gateway.speech.voices import Catalogue
from gateway.wyoming import server as wyoming
from inference import Pool, PoolConfig, WorkerSpec, profile, read_machine
from models.derive.choose_graph import Choice, Recipe, choose
from models.fetch import FileState, fetch, verify
from models.manifest import Manifest

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path
    from typing import TypeAlias

    from starlette.applications import Starlette

    from gateway.keys import Keys
    from gateway.observe.log_writer import LineWriter
    from gateway.settings import Settings
    from inference import HardwareProfile
    from models.derive.choose_graph import GraphKind
    from models.manifest import File, Model

    Show: TypeAlias = Callable[[str, float | None], None]
    """Told what is being done, and which share of it is done if that is known; often, so it must return quickly."""

logger = logging.getLogger(__name__)

_ALONE_THREADS: Final = 4
"""A window is a second of speech: more threads would wait for each other."""

_MOST_CACHE_BYTES: Final = 256 << 20
"""An hour and a half of PCM, or three hours of replies that are also held as mp3."""

_REPLIES_BYTES: Final = 48 << 20
_REPLIES_BYTES_PER_WORKER: Final = 16 << 20
"""A page of 4,000 characters that is read as it comes takes 5 MB, and a worker keeps three listeners playing."""


@dataclass(frozen=True)
class Files:
    """Where the files of one model are."""

    model: Path
    voices: Path


@dataclass(frozen=True)
class Parts:
    """What a gateway is made of, with nothing started yet. Lives as long as the program."""

    settings: Settings
    files: Files
    choice: Choice
    """What CPU sessions load, and why."""

    catalogue: Catalogue
    lexicon: Lexicon
    running: Running
    pool: PoolConfig


def prepare(settings: Settings, show: Show) -> Parts:
    """Fetch what is missing, derive the graph that is faster here, and say who will run what.

    Raises:
        UnknownModel: the manifest has no such model.
        FetchError: a file is not there and cannot be brought.
        UnknownVoice: the voice for requests that name none does not exist.
        UnusableLexicon: the file of pronunciations cannot be used.
    """
    files = fetch_files(settings, show)
    hardware = hardware_profile(settings)
    choice = _chosen(settings, hardware, files, show)
    accelerated = _accelerated(settings, hardware, files, show)
    return assemble(settings, hardware, files, choice, _facts(_model(settings), choice), accelerated)


def assemble(
    settings: Settings,
    hardware: HardwareProfile,
    files: Files,
    choice: Choice,
    model: ModelFacts,
    accelerated: Path | None = None,
) -> Parts:
    """The parts that these files and graphs make on this hardware: `choice` on its CPU, `accelerated` on all else.

    Raises:
        UnknownVoice: the voice for requests that name none is not among those of the file.
        UnusableLexicon: the file of pronunciations cannot be used.
    """
    catalogue = Catalogue.read(files.voices)
    catalogue.resolve(settings.voice)
    running = Running(
        hardware, model, _cache_bytes(settings, hardware), _speaker(hardware, choice, model, accelerated)
    )
    config = _pool_config(settings, hardware, files, choice, accelerated)
    return Parts(settings, files, choice, catalogue, Lexicon(settings.lexicon), running, config)


async def serve(
    parts: Parts,
    keys: Keys,
    listener: socket.socket,
    wyoming_listener: socket.socket | None,
    log: LineWriter,
    announce: Callable[[], None],
) -> None:
    """Start the workers and serve until a signal ends it; `announce` is called once clients can connect.

    Raises:
        WorkerFailedToStart: with the reason.
    """
    lifecycle.cancel_on_sigterm()
    try:
        async with opened(parts, keys, wyoming_listener, log) as gateway:
            await lifecycle.run(
                gateway.app,
                gateway.pool,
                gateway.in_flight,
                keys,
                parts.lexicon,
                parts.settings,
                listener,
                announce,
            )
    except asyncio.CancelledError:  # by SIGTERM while the workers start; nothing else cancels it
        logger.info("told_to_end_while_starting")


@dataclass(frozen=True)
class Gateway:
    """An application whose workers are ready, for whoever brings it requests. Lives as long as they do."""

    app: Starlette
    pool: Pool
    in_flight: RepliesInFlight


@contextlib.asynccontextmanager
async def opened(
    parts: Parts, keys: Keys, wyoming_listener: socket.socket | None, log: LineWriter
) -> AsyncIterator[Gateway]:
    """The gateway that the parts make, without a server: its workers end with the context.

    Raises:
        WorkerFailedToStart: with the reason.
    """
    running = replace(parts.running, lines_dropped=lambda: log.dropped)
    in_flight = RepliesInFlight(_in_flight_bytes(running.hardware))
    beside = partial(wyoming.listening, wyoming_listener) if wyoming_listener else None
    async with Pool(parts.pool) as pool:
        yield Gateway(
            create_app(
                parts.settings, keys, pool, parts.catalogue, parts.lexicon, running, in_flight, beside
            ),
            pool,
            in_flight,
        )


@contextlib.asynccontextmanager
async def speaking(parts: Parts) -> AsyncIterator[Synthesis]:
    """What speaks requests, without a server and without a cache, on workers that end with the context.

    Raises:
        WorkerFailedToStart: with the reason.
    """
    async with Pool(parts.pool) as pool:
        in_flight = RepliesInFlight(sys.maxsize)
        synthesis = Synthesis(pool, parts.settings, Cache(0, 0, 0), in_flight, parts.lexicon)
        with contextlib.closing(synthesis):
            yield synthesis


def fetch_files(settings: Settings, show: Show) -> Files:
    """The files of the model, fetched if they are missing or damaged.

    Raises:
        UnknownModel: the manifest has no such model.
        FetchError: a file is not there and cannot be brought.
    """
    model = _model(settings)
    return Files(_fetched(model, settings, show), _fetched(model.voices, settings, show))


def read_catalogue(settings: Settings, show: Show) -> Catalogue:
    """The voices of the model, fetched if they are missing or damaged; FetchError and UnknownModel as above."""
    return Catalogue.read(fetch_files(settings, show).voices)


def file_states(settings: Settings) -> dict[Path, FileState]:
    """What lies where the files of the model should.

    Raises:
        UnknownModel: the manifest has no such model.
    """
    model = _model(settings)
    return {
        settings.models_dir / file.filename: verify(file, settings.models_dir)
        for file in (model, model.voices)
    }


def hardware_profile(settings: Settings) -> HardwareProfile:
    """This machine's profile, with what the settings override."""
    return profile(
        read_machine(),
        workers=settings.workers,
        threads=settings.threads,
        arena_mb=settings.arena_mb,
        provider=settings.provider,
    )


def _model(settings: Settings) -> Model:
    manifest = Manifest.load()
    return manifest.model(settings.model or manifest.default)


def _fetched(file: File, settings: Settings, show: Show) -> Path:
    def progress(done_bytes: int, total_bytes: int, source: str) -> None:
        if done_bytes < total_bytes:
            what = f"{file.name} from {source}: {done_bytes / 1e6:.0f} of {total_bytes / 1e6:.0f} MB"
            show(what, done_bytes / total_bytes)

    return fetch(file, settings.models_dir, progress)


def _chosen(settings: Settings, hardware: HardwareProfile, files: Files, show: Show) -> Choice:
    """The graph that the CPU runs: the released one, or one derived from it for this machine."""
    force = None if settings.graph == "auto" else settings.graph
    choice = _derived(settings, files, _recipe(hardware), force, show)
    logger.info("graph_chosen", extra={"graph": choice.kind, "reason": choice.reason})
    return choice


def _accelerated(settings: Settings, hardware: HardwareProfile, files: Files, show: Show) -> Path | None:
    """The graph for what is no CPU: never one with a vocoder in 8 bits, which is 15 times slower there; None: none."""
    if hardware.providers == ("cpu",):
        return None
    recipe = replace(_recipe(hardware), is_accelerated=True)
    choice = _derived(settings, files, recipe, "derived", show)
    if choice.kind == "derived":
        return choice.graph
    logger.warning("accelerator_has_no_graph", extra={"reason": choice.reason})
    return None


def _recipe(hardware: HardwareProfile) -> Recipe:
    return Recipe.for_machine(hardware.machine.architecture, hardware.machine.instruction_sets)


def _derived(settings: Settings, files: Files, recipe: Recipe, force: GraphKind | None, show: Show) -> Choice:
    return choose(
        files.model,
        settings.models_dir,
        files.voices,
        recipe=recipe,
        force=force,
        progress=lambda doing, share: show(f"preparing the model for this machine, once: {doing}", share),
    )


def _facts(model: Model, choice: Choice) -> ModelFacts:
    return ModelFacts(
        name=model.name,
        sha256=model.sha256,
        voices_sha256=model.voices.sha256,
        graph=choice.kind,
        reason=choice.reason,
    )


def _speaker(hardware: HardwareProfile, choice: Choice, model: ModelFacts, accelerated: Path | None) -> str:
    """Who speaks here. What is derived lies in a folder whose name tells all that it was derived from and with."""
    derived = choice.graph.parent.name if choice.kind == "derived" else ""
    graphs = (choice.kind, derived, accelerated.parent.name if accelerated else "")
    return speaker(model.sha256, model.voices_sha256, *graphs, *hardware.providers)


def _cache_bytes(settings: Settings, hardware: HardwareProfile) -> int:
    """What the cache may take: as set, or what fits this machine."""
    if settings.cache_mb is not None:
        return settings.cache_mb << 20
    return min(_MOST_CACHE_BYTES, _memory(hardware) // 16)


def _in_flight_bytes(hardware: HardwareProfile) -> int:
    """What the replies in flight may take: a share of the memory, and no more than the workers can be busy with."""
    return min(_memory(hardware) // 16, _REPLIES_BYTES + hardware.workers * _REPLIES_BYTES_PER_WORKER)


def _memory(hardware: HardwareProfile) -> int:
    machine = hardware.machine
    return min(machine.memory_bytes, machine.memory_limit_bytes or machine.memory_bytes)


def _pool_config(
    settings: Settings, hardware: HardwareProfile, files: Files, choice: Choice, accelerated: Path | None
) -> PoolConfig:
    return PoolConfig(
        workers=_workers(settings, hardware, files, choice, accelerated),
        start_timeout_s=settings.start_timeout_s,
        job_timeout_s=settings.job_timeout_s,
        text_timeout_s=settings.text_timeout_s,
        queue_s=settings.queue_s,
        cost=choice.cost,
        idle_s=settings.idle_s,
        worker_bytes=(settings.worker_memory_mb or 0) << 20,
    )


def _workers(
    settings: Settings, hardware: HardwareProfile, files: Files, choice: Choice, accelerated: Path | None
) -> tuple[WorkerSpec, ...]:
    """One text worker, which is idle nearly always, and the profile's speech workers.

    The first of these takes the cores of the others while they are idle; it is the last to be started.
    """
    text = WorkerSpec(role="text", engine="inference.text.engine:TextEngine")
    speech = WorkerSpec(
        role="speech",
        model_path=str(accelerated or ""),
        cpu_model_path=str(choice.graph),
        voices_path=str(files.voices),
        threads=hardware.threads,
        arena_bytes=hardware.arena_bytes,
        providers=hardware.providers,
        provider_is_forced=settings.provider != "auto",
        is_proven=choice.cost is not None and hardware.providers == ("cpu",),
        cache_dir=str(files.model.parent / "compiled"),
    )
    first, *others = (replace(speech, cpus=cpus) for cpus in hardware.affinity)
    threads = min(hardware.workers * hardware.threads, _ALONE_THREADS)
    if settings.express and threads > hardware.threads:
        first = replace(first, alone_threads=threads)
    return (text, first, *others)
