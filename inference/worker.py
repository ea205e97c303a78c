"""The main of a worker process: pin, load, warm up, Ready, then one job at a time. Knows no other worker.

Started by exec, `python -m inference.worker --fd N --spec JSON`, with thread counts in its environment already
set: they must be in place before numpy and onnxruntime load, which is why the engine is imported last.
"""

from __future__ import annotations

import argparse
import importlib
import os
import select
import signal
import socket
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Final, Protocol

from inference.errors import (
    EngineFailed,
    InferenceError,
    InvalidPronunciation,
    ProtocolError,
    UnsupportedLanguage,
)
from inference.framing import Decoder, encode
from inference.protocol import Failure, StartFailed, WorkerSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inference.protocol import Job, JobReply, Message, Ready

OK: Final = 0
PROTOCOL: Final = 4
CANNOT_START: Final = 5
"""Exit codes; 3 is that of a gateway that cannot start."""


class Engine(Protocol):
    """What a role must offer to be served by this main."""

    def __init__(self, spec: WorkerSpec) -> None: ...

    def ready(self, load_ms: float) -> Ready:
        """The first message of the worker."""

    def do(self, job: Job) -> JobReply:
        """One job; raises EngineFailed for a job that cannot be done."""


def main() -> int:
    """Run one worker until its gateway closes the socket."""
    started = time.perf_counter()
    parser = argparse.ArgumentParser(prog="inference.worker", description="One worker of a Kokoro Gateway.")
    parser.add_argument("--fd", type=int, required=True, help="socket to the gateway")
    parser.add_argument("--spec", required=True, help="WorkerSpec as JSON")
    arguments = parser.parse_args()
    channel = socket.socket(fileno=arguments.fd)
    spec = WorkerSpec.from_json(arguments.spec)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _leave_when_closed(channel)
    _stdout_to_stderr()
    _hear_no_warnings()
    _take_place(spec)
    try:
        engine = _engine(spec)
    except Exception as error:
        channel.sendall(encode(StartFailed(f"{type(error).__name__}: {error}")))
        return CANNOT_START
    channel.sendall(encode(engine.ready(round((time.perf_counter() - started) * 1000, 1))))
    try:
        _serve(channel, engine)
    except ProtocolError as error:
        sys.stderr.write(f"{error}\n")
        return PROTOCOL
    return OK


def _leave_when_closed(channel: socket.socket) -> None:
    """End this process as soon as the gateway's end is closed, even in mid-inference: no orphans."""
    poll = select.poll()
    poll.register(channel, 0)

    def watch() -> None:
        while not any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll()):
            pass
        os._exit(OK)

    threading.Thread(target=watch, name="orphan-guard", daemon=True).start()


def _stdout_to_stderr() -> None:
    """espeak and onnxruntime print; nothing of that may reach the gateway's stdout, which is its log."""
    sys.stdout.flush()
    os.dup2(2, 1)


def _hear_no_warnings() -> None:
    """Libraries quote the text in warnings, and Python keeps each that it has shown: 440 MB after 100,000 texts."""
    warnings.simplefilter("ignore")


def _take_place(spec: WorkerSpec) -> None:
    if spec.cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, spec.cpus)


def _engine(spec: WorkerSpec) -> Engine:
    module, _, name = spec.engine.partition(":")
    kind: type[Engine] = getattr(importlib.import_module(module), name)
    return kind(spec)


def _serve(channel: socket.socket, engine: Engine) -> None:
    for message in _messages(channel):
        channel.sendall(encode(_answer(engine, message)))


def _messages(channel: socket.socket) -> Iterator[Message]:
    decoder = Decoder()
    while data := channel.recv(1 << 16):
        yield from decoder.feed(data)
    if not decoder.is_empty:
        raise ProtocolError("the gateway left in the middle of a frame")


def _answer(engine: Engine, message: Message) -> JobReply:
    try:
        return engine.do(message)  # type: ignore[arg-type]  # an engine refuses what is no job of its role
    except UnsupportedLanguage as failure:
        return Failure("language", str(failure))
    except InvalidPronunciation as failure:
        return Failure("pronunciations", str(failure))
    except EngineFailed as failure:
        return Failure("engine", str(failure))
    except InferenceError:
        raise
    except Exception as error:
        return Failure("engine", f"the engine failed with {type(error).__name__}")


if __name__ == "__main__":
    sys.exit(main())
