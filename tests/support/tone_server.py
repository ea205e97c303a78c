"""The real server on the tone model, with workers that break on demand.

`python -m tests.support.tone_server DIRECTORY`: everything but the model and the engine's faults is what
`kokoro-gateway serve` runs.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from pathlib import Path

import uvloop

from gateway.assembly import Parts, assemble, serve
from gateway.keys import Keys
from gateway.model_files import Files
from gateway.observe.logs import logged
from gateway.observe.status import ModelFacts
from gateway.server import ports
from gateway.settings import Settings
from gateway.sizing import hardware_profile
from models.derive.choose_graph import Choice


def parts(settings: Settings, directory: Path) -> Parts:
    """What makes a gateway that hums."""
    files = Files(directory / "tone.onnx", directory / "voices.bin")
    choice = Choice("released", files.model, "it hums")
    facts = ModelFacts(name="tone", sha256="", voices_sha256="", graph=choice.kind, reason=choice.reason)
    whole = assemble(settings, hardware_profile(settings), files, choice, facts)
    workers = tuple(
        dataclasses.replace(spec, engine="tests.support.faults:FaultyEngine", cache_dir=str(directory))
        if spec.role != "text"
        else spec
        for spec in whole.pool.workers
    )
    return dataclasses.replace(whole, pool=dataclasses.replace(whole.pool, workers=workers))


def main() -> None:
    settings = Settings.from_environment(port=0)
    with logged(settings) as log, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        keys = Keys(settings)
        listener, for_wyoming = ports.listen(settings, keys), ports.listen_for_wyoming(settings)

        def announce() -> None:
            sys.stderr.write(f"Base URL: http://127.0.0.1:{listener.getsockname()[1]}/v1\n")
            sys.stderr.flush()

        runner.run(serve(parts(settings, Path(sys.argv[1])), keys, listener, for_wyoming, log, announce))


if __name__ == "__main__":
    main()
