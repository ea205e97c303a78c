"""The naive server: what people write today. kokoro-onnx with a default session behind a plain ASGI app.

Whole responses, one process, the released int8 model: `python -m tests.benchmarks.naive PORT MODEL VOICES`.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort
from hypercorn.asyncio import serve
from hypercorn.config import Config
from kokoro_onnx import Kokoro
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request


def naive_app(model: str, voices: str) -> Starlette:
    """A speech endpoint in ten lines. NAIVE_THREADS=1 gives its session one thread, to compare cost alone."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("NAIVE_THREADS", "0"))
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    kokoro = Kokoro.from_session(session, voices)

    async def speech(request: Request) -> Response:
        body = await request.json()
        samples, _ = await run_in_threadpool(kokoro.create, body["input"], body["voice"])
        return Response((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes(), media_type="audio/pcm")

    return Starlette(routes=[Route("/v1/audio/speech", speech, methods=["POST"])])


async def main() -> None:
    """Serve until ended."""
    port, model, voices = sys.argv[1:4]
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    app = naive_app(model, voices)
    sys.stderr.write(f"Base URL: http://127.0.0.1:{port}/v1\n")
    sys.stderr.flush()
    await serve(app, config)  # type: ignore[arg-type]


if __name__ == "__main__":
    import asyncio

    asyncio.run(main())
