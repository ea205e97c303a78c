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
from typing import TYPE_CHECKING

from gateway.http.app import create_app
from gateway.model_files import accelerated_graph, cpu_graph, fetch_files, model_of
from gateway.observe.status import ModelFacts, Running
from gateway.server import lifecycle
from gateway.sizing import cache_bytes, hardware_profile, in_flight_bytes, pool_config
from gateway.speech.cache import Cache
from gateway.speech.lexicon import Lexicon
from gateway.speech.reply_memory import RepliesInFlight
from gateway.speech.speaker import speaker
from gateway.speech.synthesis import Synthesis
from gateway.speech.voices import Catalogue
from gateway.wyoming import server as wyoming
from inference import Pool

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from starlette.applications import Starlette

    from gateway.keys import Keys
    from gateway.model_files import Files, Show
    from gateway.observe.log_writer import LineWriter
    from gateway.settings import Settings
    from inference import HardwareProfile, PoolConfig
    from models.derive.choose_graph import Choice
    from models.manifest import Model

logger = logging.getLogger(__name__)


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
    choice = cpu_graph(settings, hardware, files, show)
    accelerated = accelerated_graph(settings, hardware, files, show)
    return assemble(settings, hardware, files, choice, _facts(model_of(settings), choice), accelerated)


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
        hardware, model, cache_bytes(settings, hardware), _speaker(hardware, choice, model, accelerated)
    )
    config = pool_config(settings, hardware, files, choice, accelerated)
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
    in_flight = RepliesInFlight(in_flight_bytes(running.hardware))
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
