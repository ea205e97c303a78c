"""The real server on the tone model, with workers that break on demand.

`python -m tests.support.tone_server DIRECTORY`: everything but the model and the engine's faults is what
`kokoro-gateway serve` runs.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from gateway.assembly import cache_bytes, hardware_profile, in_flight_bytes, pool_config
from gateway.http.app import create_app
from gateway.keys import Keys
from gateway.observe.logs import logged
from gateway.observe.status import ModelFacts, Running
from gateway.server import lifecycle
from gateway.settings import Settings
from gateway.speech.in_flight import InFlight
from inference import Catalogue, Pool

if TYPE_CHECKING:
    from collections.abc import Callable


async def serve(settings: Settings, directory: Path, lines_dropped: Callable[[], int]) -> None:
    keys = Keys(settings)
    listener = lifecycle.listen(settings, keys)
    model, voices = directory / "tone.onnx", directory / "voices.bin"
    hardware = hardware_profile(settings)
    config = pool_config(settings, hardware, model, model, voices)
    workers = tuple(
        dataclasses.replace(spec, engine="tests.support.faults:FaultyEngine", cache_dir=str(directory))
        if spec.role != "text"
        else spec
        for spec in config.workers
    )
    async with Pool(dataclasses.replace(config, workers=workers)) as pool:
        facts = ModelFacts(name="tone", sha256="", voices_sha256="", graph="released", reason="it hums")
        in_flight = InFlight(in_flight_bytes(hardware))
        running = Running(hardware, facts, cache_bytes(settings, hardware), lines_dropped)
        app = create_app(settings, keys, pool, Catalogue.read(voices), running, in_flight)

        def announce() -> None:
            sys.stderr.write(f"Base URL: http://127.0.0.1:{listener.getsockname()[1]}/v1\n")
            sys.stderr.flush()

        await lifecycle.run(app, pool, in_flight, keys, settings, listener, announce)


def main() -> None:
    settings = Settings.from_environment(port=0)
    with logged(settings) as log, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, Path(sys.argv[1]), lambda: log.dropped))


if __name__ == "__main__":
    main()
